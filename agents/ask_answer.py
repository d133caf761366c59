"""An answer from the trace alone: sentences by template, each with the evidence on which it stands. What cannot be
answered is said in notes, which rest on nothing but the question."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from emoagent.agents.ask_find import Desk, Found, find
from emoagent.agents.ask_question import Asked, understand
from emoagent.agents.ask_sentences import (
    Sentence,
    against,
    alternatives,
    causes,
    changes,
    counts,
    evidence,
    reasons,
    said,
    sureness,
    verdict_of,
    voices,
    when_said,
)
from emoagent.agents.ask_words import Want
from emoagent.schema import Trace, Utterance

MOST = 3  # utterances that are explained one by one
LISTED = 12  # utterances of a list
HELP = (
    "I answer in English who, when, which emotion, why, how sure, what speaks against it, what changed and what caused "
    "it; of a time (2:13), a person, an emotion, or words in quotation marks."
)
NEEDS: frozenset[Want] = frozenset(
    {"why", "cause", "sure", "said", "evidence", "other"}
)  # without a list of everything

Teller = Callable[[Desk, Utterance, Asked], Iterator[Sentence]]
ONE_BY_ONE: Mapping[Want, Teller] = {
    "why": reasons, "cause": causes, "sure": sureness, "said": said, "evidence": evidence, "other": alternatives,
    "label": verdict_of, "overview": verdict_of, "who": voices, "when": when_said, "against": against,
    "change": changes,
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """`sentences`: each cites evidence of the trace. `notes`: what was not understood or does not fit. `understood`:
    whether the question was. `about`: ids of the utterances. `by`: who answered, `embedded` or `language:MODEL`."""

    question: str
    sentences: tuple[Sentence, ...]
    notes: tuple[str, ...]
    about: tuple[str, ...]
    understood: bool
    by: str = "embedded"


def answer(question: str, trace: Trace) -> Answer:
    """The answer by retrieval and templates."""
    asked, desk = understand(question, trace), Desk(trace)
    if not asked.understood:
        return Answer(question, (), (*_lost(asked), HELP), (), False)
    if not asked.pointed and NEEDS.intersection(asked.wants) and len(trace.utterances) > 1:
        return Answer(question, (), ("It is not said of which utterance.", HELP), (), False)
    found = find(asked, desk)
    told = _standing(_told(asked, found, desk), desk)
    notes = (*found.notes, *_unknown(asked), *_empty(found, told))
    return Answer(question, told, notes, tuple(u.id for u in found.utterances), True)


def _told(asked: Asked, found: Found, desk: Desk) -> Iterator[Sentence]:
    if "count" in asked.wants:
        yield from counts(desk, found.utterances, asked)
    wants = [want for want in asked.wants if want != "count"]
    chosen = _chosen(asked, found.utterances, desk, wants)
    for utterance in chosen:
        if asked.check or (asked.labels and asked.anchored):
            yield from verdict_of(desk, utterance, asked)
        for want in wants:
            yield from ONE_BY_ONE[want](desk, utterance, asked)


def _standing(told: Iterator[Sentence], desk: Desk) -> tuple[Sentence, ...]:
    """Each sentence once, with cites that exist; one that is left without any is not said."""
    known = (Sentence(each.text, tuple(cite for cite in each.cites if cite in desk.evidence)) for each in told)
    return tuple(dict.fromkeys(each for each in known if each.cites))


def _chosen(asked: Asked, found: Sequence[Utterance], desk: Desk, wants: Sequence[Want]) -> list[Utterance]:
    """All for a list; where each is explained, the surest few."""
    if not NEEDS.intersection(wants):
        return list(found)[:LISTED]

    def sure(utterance: Utterance) -> float:
        verdict = desk.verdicts.get(utterance.id)
        return (verdict.confidence or 0.0) if verdict else 0.0

    best = sorted(found, key=sure, reverse=True)[:MOST]
    return [utterance for utterance in found if utterance in best]


def _lost(asked: Asked) -> Iterator[str]:
    if asked.unknown:
        yield f"I did not understand the question: {_listed(asked.unknown)}."
    else:
        yield "I did not understand the question."


def _unknown(asked: Asked) -> Iterator[str]:
    if asked.unknown:
        yield f"I did not understand {_listed(asked.unknown)}, and took no account of it."


def _empty(found: Found, told: Sequence[Sentence]) -> Iterator[str]:
    if not told and not found.notes:
        yield "The trace holds nothing about this."
    elif len(found.utterances) > LISTED:
        yield f"There are {len(found.utterances)} such utterances; these are the first or the surest."


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"‘{word}’" for word in words[:8])
