"""Verdicts by a language model; the embedded verdict stands beside every one of them (docs/design/language.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from emoagent.agents.case import Case, Judgement, Turn, turn_of
from emoagent.agents.dialogue import recall
from emoagent.agents.language.evidence import SEEN, show
from emoagent.agents.language.verdict import Reading, judged, unusable
from emoagent.graphs.language_rounds import Asked, Failed, Found, Rounds
from emoagent.schema import Audit, ClaimAudit, Contribution, Evidence, Fault, Person, Utterance, Verdict
from emoagent.settings import Settings
from emoagent.tools.language.backends import Backends, backends
from emoagent.tools.language.generation import Generator


@dataclass(frozen=True)
class Judged:
    """The verdicts in the order of the utterances. `recalled` is what the dialogue recalls of them, `note` one line
    that says who judged how many."""

    verdicts: tuple[Verdict, ...]
    contributions: tuple[Contribution, ...]
    recalled: tuple[Evidence, ...]
    faults: tuple[Fault, ...]
    note: str


def language_models(settings: Settings) -> Backends | None:
    """The models of the run, if a language model judges."""
    found = backends()
    return found if found.reasoner is not None and settings.reasoner != "embedded" else None


def name_of(reasoner: Generator) -> str:
    """What a verdict calls its reasoner, e.g. `language:qwen3-8b`."""
    return f"language:{reasoner.name}"


def asked(
    case: Case, embedded: Judgement, people: Sequence[Person], later: Sequence[Utterance], settings: Settings
) -> Asked:
    """What the model is shown of a case. The turns `later` are shown in hindsight alone."""
    names = {person.id: person.name for person in people if person.name}
    hindsight = later if case.mode == "offline" else ()
    near = replace(case, history=case.history[-SEEN:])
    return Asked(show(near, names, settings.prompt_tokens, settings.seed, hindsight), embedded)


def judge_by_language(questions: Sequence[Asked], models: Backends, settings: Settings) -> Judged:
    """All verdicts. Raises `BackendUnreachable` where a model is gone; what it has answered is kept in the journal."""
    assert models.reasoner is not None
    name, rounds = name_of(models.reasoner), Rounds(questions, models.reasoner, models.verifier, settings)
    answers = rounds.answers()
    readings = rounds.readings(answers)
    contributions = rounds.contributions(readings) if settings.ablate else ()
    turns, recalled = list[Turn](), list[Evidence]()
    for place, each in enumerate(questions):
        case = replace(each.shown.case, history=tuple(turns))
        memory = recall(case.utterance, turns)
        recalled += [memory[0]] if memory else []
        verdict = _verdict(case, each, answers.get(place), readings.get(place), name)
        _count(rounds, verdict, answers.get(place), readings.get(place))
        turns.append(turn_of(case.utterance, verdict, case.evidence))
    verdicts, tally = tuple(turn.verdict for turn in turns), rounds.tally
    return Judged(verdicts, contributions, tuple(recalled), tuple(tally.faults(name)), tally.told(models.reasoner.name))


def untested(verdict: Verdict) -> Audit:
    """The audit of a language model's verdict: its cites exist, for others are dropped when the answer is read; whether
    they carry it would take a question for each removal, and is not tested."""
    marks = [ClaimAudit(claim=place, divergence=0, flipped=False) for place in range(len(verdict.claims))]
    return Audit(
        utterance=verdict.utterance, cited_divergence=0, cited_flipped=False, claims=tuple(marks), finding="not-tested"
    )


def _verdict(case: Case, each: Asked, answer: Found | None, reading: Reading | None, name: str) -> Verdict:
    if reading is not None:
        return judged(case, each.embedded, reading, name)
    if isinstance(answer, Failed):
        return unusable(case, each.embedded.verdict, name, answer.reason)
    return each.embedded.verdict


def _count(rounds: Rounds, verdict: Verdict, answer: Found | None, reading: Reading | None) -> None:
    tally = rounds.tally
    tally.not_asked += answer is None
    tally.invalid += isinstance(answer, Failed)
    tally.unanswered += isinstance(answer, Failed) and answer.told is None
    if reading is not None:
        tally.judged += verdict.label is not None
        tally.abstained += verdict.label is None
        tally.invented += reading.answer.invented
        tally.bare += reading.answer.bare
