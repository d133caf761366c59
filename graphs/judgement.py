"""The second half of an episode's graph: opinions, then verdicts in the order of the dialogue, then their audit."""

from __future__ import annotations

from typing import TypeVar

from emoagent.agents.auditor import audit
from emoagent.agents.case import Case, Turn
from emoagent.agents.dialogue import recall
from emoagent.agents.opinion import opine
from emoagent.agents.reasoner import embedded
from emoagent.graphs.stage import Update
from emoagent.graphs.state import Episode
from emoagent.labels import DEFAULT
from emoagent.schema import Audit, Conflict, Evidence, Opinion, Utterance, Verdict
from emoagent.settings import Settings
from emoagent.tools.progress import tell

T = TypeVar("T", Evidence, Opinion)


def opine_all(state: Episode, settings: Settings) -> Update:
    """What each modality alone suggests of each utterance."""
    about = _by_utterance(state.evidence)
    return {"opinions": [opinion for u in state.utterances for opinion in opine(u, about.get(u.id, []))]}


def judge_all(state: Episode, settings: Settings) -> Update:
    """A verdict for each utterance, in time order; each sees only the verdicts before it."""
    verdicts, conflicts, added = list[Verdict](), list[Conflict](), list[tuple[Evidence, Opinion]]()
    evidence, opinions = _by_utterance(state.evidence), _by_utterance(state.opinions)
    turns = list[Turn]()
    for utterance in state.utterances:
        memory = recall(utterance, tuple(turns))
        said, thought = evidence.get(utterance.id, []), opinions.get(utterance.id, [])
        if memory:
            added.append(memory)
            said, thought = [*said, memory[0]], [*thought, memory[1]]
        judgement = embedded(_case(settings, utterance, said, thought, turns))
        verdicts.append(judgement.verdict)
        conflicts.extend(judgement.conflicts)
        turns.append(Turn(utterance, judgement.verdict))
        tell(utterance.span.end)
    remembered = {"evidence": [e for e, _ in added], "opinions": [o for _, o in added]}
    return {**remembered, "verdicts": tuple(verdicts), "conflicts": tuple(conflicts)}


def audit_all(state: Episode, settings: Settings) -> Update:
    """Whether each verdict stands on the evidence that it cites."""
    audits, turns = list[Audit](), list[Turn]()
    evidence, opinions = _by_utterance(state.evidence), _by_utterance(state.opinions)
    for utterance, verdict in zip(state.utterances, state.verdicts, strict=True):
        case = _case(settings, utterance, evidence.get(utterance.id, []), opinions.get(utterance.id, []), turns)
        audits.append(audit(case, verdict))
        turns.append(Turn(utterance, verdict))
        tell(utterance.span.end)
    return {"audits": tuple(audits)}


def _case(
    settings: Settings, utterance: Utterance, evidence: list[Evidence], opinions: list[Opinion], turns: list[Turn]
) -> Case:
    return Case(
        utterance=utterance,
        evidence=tuple(evidence),
        opinions=tuple(opinions),
        history=tuple(turns),
        label_set=DEFAULT,
        policy=settings.policy,
        mode=settings.mode,
    )


def _by_utterance(records: list[T]) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = {}
    for record in records:
        groups.setdefault(record.utterance, []).append(record)
    return groups
