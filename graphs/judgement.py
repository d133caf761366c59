"""The second half of an episode's graph: opinions, then verdicts in the order of the dialogue, then their audit."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from emoagent.agents.auditor import audit
from emoagent.agents.case import Case, Judgement, Turn, turn_of
from emoagent.agents.dialogue import FARTHEST, Memory, foresee, recall
from emoagent.agents.opinion import opine
from emoagent.agents.reasoner import embedded
from emoagent.graphs.language import asked, judge_by_language, language_models, untested
from emoagent.graphs.language_rounds import Asked
from emoagent.graphs.stage import Update, faults_into, unexpected
from emoagent.graphs.state import Episode
from emoagent.labels import DEFAULT
from emoagent.schema import Audit, Evidence, Fault, Model, Opinion, Utterance, Verdict
from emoagent.settings import Settings
from emoagent.tools.language.backends import Backends
from emoagent.tools.progress import tell
from emoagent.tools.words.text_model import text_model

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
            models.append(text_model().provenance())
    return {"opinions": opinions, "faults": faults, "models": models}


def judge_all(state: Episode, settings: Settings) -> Update:
    """A verdict for each utterance, in time order. Causal: each sees only what lies before it. Offline: the verdict on
    a later turn counts as well. Where the run has a language model, the verdicts are its own, and those of the embedded
    reasoner are the baseline."""
    faults, models = list[Fault](), language_models(settings)
    bench = _Bench(settings, _by_utterance(state.evidence), _by_utterance(state.opinions), faults)
    foreseen = _foreseen(bench, state.utterances) if settings.mode == "offline" else {}
    judgements, turns, recalled, questions = list[Judgement](), list[Turn](), list[Evidence](), list[Asked]()
    for place, utterance in enumerate(state.utterances, start=1):
        earlier, later = recall(utterance, turns), foreseen.get(utterance.id)
        shown = [memory[0] for memory in (earlier, later) if memory is not None]
        case = bench.case(utterance, shown, later, turns)
        judgements.append(bench.judge(case))
        turns.append(turn_of(utterance, judgements[-1].verdict, bench.evidence.get(utterance.id, ())))
        recalled += shown
        if models is None:
            tell(utterance.span.end)
        else:
            after = state.utterances[place : place + SEEN]
            questions.append(asked(case, judgements[-1], state.people, after, settings))
    update: Update = {
        "evidence": recalled,
        "opinions": [opinion for _, opinion in foreseen.values()],
        "verdicts": tuple(judgement.verdict for judgement in judgements),
        "conflicts": tuple(conflict for judgement in judgements for conflict in judgement.conflicts),
        "faults": faults,
    }
    return update if models is None else update | _by_language(update, questions, models, settings)


def _by_language(found: Update, questions: Sequence[Asked], models: Backends, settings: Settings) -> Update:
    """What changes where a language model judges. What the dialogue recalls is then of its verdicts; but in hindsight
    the embedded verdicts rest on what was recalled of their own."""
    judged = judge_by_language(questions, models, settings)
    return {
        "evidence": found["evidence"] if settings.mode == "offline" else list(judged.recalled),
        "verdicts": judged.verdicts,
        "baseline": found["verdicts"],
        "contributions": judged.contributions,
        "faults": [*found["faults"], *judged.faults],
        "notes": {"judged": judged.note},
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
        yield case_of(settings, utterance, about, opinions.get(utterance.id, []), turns), verdict
        turns.append(turn_of(utterance, verdict, about))


def _audited(case: Case, verdict: Verdict, faults: list[Fault]) -> Audit:
    if verdict.reasoner != embedded.name:
        return untested(verdict)
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

    def case(
        self, utterance: Utterance, recalled: Sequence[Evidence], later: Memory | None, history: Sequence[Turn]
    ) -> Case:
        """The case with what other turns say. Of what is recalled, only what comes `later` has an opinion."""
        evidence = [*self.evidence.get(utterance.id, ()), *recalled]
        opinions = [*self.opinions.get(utterance.id, ()), *([later[1]] if later else [])]
        return case_of(self.settings, utterance, evidence, opinions, history)

    def judge(self, case: Case) -> Judgement:
        """The embedded reasoner's."""
        return judge(case, self.faults)


def judge(case: Case, faults: list[Fault]) -> Judgement:
    """The embedded reasoner's; where it raises, a verdict that is invalid, which is neither a label nor neutral."""
    with faults_into(faults, embedded.name):
        return embedded(case)
    spoken = case.utterance
    return Judgement(
        Verdict(
            utterance=spoken.id, person=spoken.person, label=None, invalid=True, reason="the reasoner failed",
            reasoner=embedded.name, mode=case.mode,
        )
    )  # fmt: skip


def _foreseen(bench: _Bench, utterances: Sequence[Utterance]) -> dict[str, Memory]:
    """For each utterance that has one, what a later turn says of it; in time order. Judged from the end backwards, so
    that each turn knows those after it. What fails here fails again when it is judged in order, and is told then."""
    quiet, later, found = replace(bench, faults=[]), deque[Turn](maxlen=FARTHEST), dict[str, Memory]()
    for utterance in reversed(utterances):
        memory = foresee(utterance, tuple(later))
        if memory is not None:
            found[utterance.id] = memory
        shown = [memory[0]] if memory is not None else []
        later.appendleft(Turn(utterance, quiet.judge(quiet.case(utterance, shown, memory, ())).verdict))
    return dict(reversed(found.items()))


def case_of(
    settings: Settings,
    utterance: Utterance,
    evidence: Sequence[Evidence],
    opinions: Sequence[Opinion],
    turns: Sequence[Turn],
) -> Case:
    """What is known of `utterance`, as a reasoner is given it; `turns`: those before, oldest first."""
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
