"""The second half of an episode's graph: opinions, then verdicts in the order of the dialogue, then their audit."""

from __future__ import annotations

from functools import partial
from typing import TypeVar

from emoagent.agents.auditor import audit
from emoagent.agents.case import Case, Judgement, Turn
from emoagent.agents.dialogue import recall
from emoagent.agents.opinion import opine
from emoagent.agents.reasoner import embedded
from emoagent.graphs.stage import Update, faults_into, unexpected
from emoagent.graphs.state import Episode
from emoagent.labels import DEFAULT
from emoagent.schema import Audit, Conflict, Evidence, Fault, Model, Opinion, Utterance, Verdict
from emoagent.settings import Settings
from emoagent.tools.progress import tell
from emoagent.tools.text_emotion import text_emotion

T = TypeVar("T", Evidence, Opinion)
SEEN = 8  # utterances before, that an opiner is shown


def opine_all(state: Episode, settings: Settings) -> Update:
    """What each modality alone suggests of each utterance."""
    about, opinions, faults = _by_utterance(state.evidence), list[Opinion](), list[Fault]()
    for place, utterance in enumerate(state.utterances):
        evidence, before = about.get(utterance.id, []), state.utterances[max(0, place - SEEN) : place]
        opinions.extend(opine(utterance, evidence, before, lambda name, error: faults.append(unexpected(name, error))))
    models = list[Model]()
    if any(utterance.text for utterance in state.utterances):
        with faults_into(faults, "opine"):
            models.append(text_emotion().provenance())
    return {"opinions": opinions, "faults": faults, "models": models}


def judge_all(state: Episode, settings: Settings) -> Update:
    """A verdict for each utterance, in time order; each sees only the verdicts before it."""
    verdicts, conflicts, faults = list[Verdict](), list[Conflict](), list[Fault]()
    added = list[tuple[Evidence, Opinion]]()
    evidence, opinions = _by_utterance(state.evidence), _by_utterance(state.opinions)
    turns = list[Turn]()
    for utterance in state.utterances:
        memory = recall(utterance, tuple(turns))
        said, thought = evidence.get(utterance.id, []), opinions.get(utterance.id, [])
        if memory:
            added.append(memory)
            said, thought = [*said, memory[0]], [*thought, memory[1]]
        judgement = _judged(_case(settings, utterance, said, thought, turns), faults)
        verdicts.append(judgement.verdict)
        conflicts.extend(judgement.conflicts)
        turns.append(Turn(utterance, judgement.verdict))
        tell(utterance.span.end)
    remembered = {"evidence": [e for e, _ in added], "opinions": [o for _, o in added]}
    return {**remembered, "verdicts": tuple(verdicts), "conflicts": tuple(conflicts), "faults": faults}


def audit_all(state: Episode, settings: Settings) -> Update:
    """Whether each verdict stands on the evidence that it cites."""
    audits, turns, faults = list[Audit](), list[Turn](), list[Fault]()
    evidence, opinions = _by_utterance(state.evidence), _by_utterance(state.opinions)
    for utterance, verdict in zip(state.utterances, state.verdicts, strict=True):
        case = _case(settings, utterance, evidence.get(utterance.id, []), opinions.get(utterance.id, []), turns)
        audits.append(_audited(case, verdict, faults))
        turns.append(Turn(utterance, verdict))
        tell(utterance.span.end)
    return {"audits": tuple(audits), "faults": faults}


def _audited(case: Case, verdict: Verdict, faults: list[Fault]) -> Audit:
    with faults_into(faults, "audit"):
        return audit(case, verdict, partial(opine, failed=_known))
    return Audit(utterance=verdict.utterance, cited_divergence=0, cited_flipped=False, finding="not-tested")


def _known(name: str, error: Exception) -> None:
    """An opiner that fails has been reported when it was first asked."""


def _judged(case: Case, faults: list[Fault]) -> Judgement:
    """The reasoner's judgement; where it raises, a verdict that is invalid, which is neither a label nor neutral."""
    with faults_into(faults, embedded.name):
        return embedded(case)
    spoken = case.utterance
    return Judgement(
        Verdict(
            utterance=spoken.id, person=spoken.person, label=None, invalid=True, reason="the reasoner failed",
            reasoner=embedded.name, mode=case.mode,
        )
    )  # fmt: skip


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
