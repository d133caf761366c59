"""The second half of an episode's graph: opinions, then verdicts in the order of the dialogue, then their audit."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TypeVar

from emoagent.agents.auditor import audit
from emoagent.agents.case import Case, Judgement, Turn
from emoagent.agents.dialogue import FARTHEST, Hindsight, around, foresee, recall
from emoagent.agents.opinion import opine
from emoagent.agents.reasoner import embedded
from emoagent.graphs.stage import Update, faults_into, unexpected
from emoagent.graphs.state import Episode
from emoagent.labels import DEFAULT
from emoagent.schema import Audit, Evidence, Fault, Model, Opinion, Utterance, Verdict
from emoagent.settings import Settings
from emoagent.tools.progress import tell
from emoagent.tools.text_model import text_model

T = TypeVar("T", Evidence, Opinion)
QUOTATION = "quotation"
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
            models.append(text_model().provenance())
    return {"opinions": opinions, "faults": faults, "models": models}


def judge_all(state: Episode, settings: Settings) -> Update:
    """A verdict for each utterance, in time order. Causal: each sees only the verdicts before it. Offline: what comes
    later counts as well, read from the end backwards."""
    faults = list[Fault]()
    bench = _Bench(settings, _by_utterance(state.evidence), _by_utterance(state.opinions), faults)
    judged = _in_hindsight(bench, state.utterances) if settings.mode == "offline" else _in_turn(bench, state.utterances)
    return {
        "evidence": [item for each in judged for item in each.recalled],
        "opinions": [each.memory for each in judged if each.memory is not None],
        "verdicts": tuple(each.judgement.verdict for each in judged),
        "conflicts": tuple(conflict for each in judged for conflict in each.judgement.conflicts),
        "faults": faults,
    }


def audit_all(state: Episode, settings: Settings) -> Update:
    """Whether each verdict stands on the evidence that it cites."""
    audits, faults = list[Audit](), list[Fault]()
    for case, verdict in cases(state, settings):
        audits.append(_audited(case, verdict, faults))
        tell(case.utterance.span.end)
    return {"audits": tuple(audits), "faults": faults}


def cases(state: Episode, settings: Settings) -> Iterator[tuple[Case, Verdict]]:
    """What was judged, with the verdicts of `state`, which holds what was recalled as well."""
    turns = list[Turn]()
    evidence, opinions = _by_utterance(state.evidence), _by_utterance(state.opinions)
    for utterance, verdict in zip(state.utterances, state.verdicts, strict=True):
        about = evidence.get(utterance.id, [])
        yield _case(settings, utterance, about, opinions.get(utterance.id, []), turns), verdict
        turns.append(_turn(utterance, verdict, about))


def _audited(case: Case, verdict: Verdict, faults: list[Fault]) -> Audit:
    with faults_into(faults, "audit"):
        return audit(case, verdict, partial(opine, failed=_known))
    return Audit(utterance=verdict.utterance, cited_divergence=0, cited_flipped=False, finding="not-tested")


def _known(name: str, error: Exception) -> None:
    """An opiner that fails has been reported when it was first asked."""


@dataclass(frozen=True)
class _Bench:
    """What judging needs to know of each utterance, and where its failures go."""

    settings: Settings
    evidence: Mapping[str, Sequence[Evidence]]
    opinions: Mapping[str, Sequence[Opinion]]
    faults: list[Fault]

    def judge(self, utterance: Utterance, hindsight: Hindsight | None, history: Sequence[Turn]) -> _Judged:
        """The judgement with what is remembered of other turns."""
        recalled, memory = hindsight or ((), None)
        evidence = [*self.evidence.get(utterance.id, ()), *recalled]
        opinions = [*self.opinions.get(utterance.id, ()), *([memory] if memory else [])]
        judgement = self._judgement(_case(self.settings, utterance, evidence, opinions, history))
        return _Judged(_turn(utterance, judgement.verdict, evidence), judgement, recalled, memory)

    def quietly(self) -> _Bench:
        """For a first reading: what fails will fail again, and is told then."""
        return replace(self, faults=[])

    def _judgement(self, case: Case) -> Judgement:
        """The reasoner's; where it raises, a verdict that is invalid, which is neither a label nor neutral."""
        with faults_into(self.faults, embedded.name):
            return embedded(case)
        spoken = case.utterance
        return Judgement(
            Verdict(
                utterance=spoken.id, person=spoken.person, label=None, invalid=True, reason="the reasoner failed",
                reasoner=embedded.name, mode=case.mode,
            )
        )  # fmt: skip


@dataclass(frozen=True)
class _Judged:
    turn: Turn
    judgement: Judgement
    recalled: tuple[Evidence, ...]
    memory: Opinion | None


def _in_turn(bench: _Bench, utterances: Sequence[Utterance]) -> list[_Judged]:
    """Each with the verdicts before it."""
    judged, turns = list[_Judged](), list[Turn]()
    for utterance in utterances:
        memory = recall(utterance, turns)
        judged.append(bench.judge(utterance, ((memory[0],), memory[1]) if memory else None, turns))
        turns.append(judged[-1].turn)
        tell(utterance.span.end)
    return judged


def _in_hindsight(bench: _Bench, utterances: Sequence[Utterance]) -> list[_Judged]:
    """Each with what its neighbours say on both sides: those before it judged forwards, those after it backwards."""
    forwards = [each.turn for each in _in_turn(bench.quietly(), utterances)]
    backwards = _backwards(bench.quietly(), utterances)
    judged, turns = list[_Judged](), list[Turn]()
    for place, utterance in enumerate(utterances):
        both = around(utterance, forwards[:place], backwards[place + 1 : place + 1 + FARTHEST])
        judged.append(bench.judge(utterance, both, turns))
        turns.append(judged[-1].turn)
    return judged


def _backwards(bench: _Bench, utterances: Sequence[Utterance]) -> list[Turn]:
    """Each with the verdicts after it, in time order."""
    later = deque[Turn]()
    for utterance in reversed(utterances):
        memory = foresee(utterance, list(islice(later, FARTHEST)))
        later.appendleft(bench.judge(utterance, ((memory[0],), memory[1]) if memory else None, ()).turn)
    return list(later)


def _turn(utterance: Utterance, verdict: Verdict, evidence: Sequence[Evidence]) -> Turn:
    return Turn(utterance, verdict, tuple(item.id for item in evidence if item.kind == QUOTATION))


def _case(
    settings: Settings,
    utterance: Utterance,
    evidence: Sequence[Evidence],
    opinions: Sequence[Opinion],
    turns: Sequence[Turn],
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
