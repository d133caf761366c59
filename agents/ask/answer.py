"""An answer from the trace alone: sentences by template, each with the evidence on which it stands. What cannot be
answered is said in notes, which rest on nothing but the question."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from emoagent.agents.ask.desk import Desk
from emoagent.agents.ask.find import Found, find
from emoagent.agents.ask.question import Asked, understand
from emoagent.agents.ask.sentences import (
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
    valence,
    verdict_of,
    voices,
    when_said,
)
from emoagent.agents.ask.words import Want
from emoagent.schema import Trace, Utterance

MOST = 3  # utterances that are explained one by one
LISTED = 12  # utterances of a list, those that have something to tell
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
    "change": changes, "valence": valence,
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
    groups = list(islice(filter(None, _groups(asked, found.utterances, desk)), LISTED + 1))
    told = tuple(dict.fromkeys(sentence for group in groups[:LISTED] for sentence in group))
    notes = (*found.notes, *_unknown(asked), *_more(asked, found, groups))
    return Answer(question, told, notes, tuple(u.id for u in found.utterances), True)


def _groups(asked: Asked, found: Sequence[Utterance], desk: Desk) -> Iterator[list[Sentence]]:
    """The sentences about all, then those about each utterance; made only as far as they are taken."""
    wants: list[Want] = [want for want in asked.wants if want != "count"]
    if {"count", "overview"}.intersection(asked.wants):
        yield _standing(counts(desk, found, asked), desk)
    for utterance in _chosen(found, desk, wants):
        about = (asked.check or (asked.labels and asked.anchored)) and not asked.step
        checked = verdict_of(desk, utterance, asked) if about else ()
        told = (sentence for want in wants for sentence in ONE_BY_ONE[want](desk, utterance, asked))
        yield _standing((*checked, *told), desk)


def _standing(told: Iterable[Sentence], desk: Desk) -> list[Sentence]:
    """Those with cites that exist; a sentence that is left without any is not said."""
    known = (Sentence(each.text, tuple(cite for cite in each.cites if cite in desk.evidence)) for each in told)
    return [each for each in known if each.cites]


def _chosen(found: Sequence[Utterance], desk: Desk, wants: Sequence[Want]) -> Sequence[Utterance]:
    """All; where each is explained, the surest few."""
    if not NEEDS.intersection(wants):
        return found

    def sure(utterance: Utterance) -> float:
        verdict = desk.verdicts.get(utterance.id)
        return (verdict.confidence or 0.0) if verdict else 0.0

    best = {utterance.id for utterance in sorted(found, key=sure, reverse=True)[:MOST]}
    return [utterance for utterance in found if utterance.id in best]


def _lost(asked: Asked) -> Iterator[str]:
    if asked.unknown:
        yield f"I did not understand the question: {_listed(asked.unknown)}."
    else:
        yield "I did not understand the question."


def _unknown(asked: Asked) -> Iterator[str]:
    if asked.unknown:
        yield f"I did not understand {_listed(asked.unknown)}, and took no account of it."


def _more(asked: Asked, found: Found, groups: Sequence[object]) -> Iterator[str]:
    if not groups and not found.notes:
        yield "The trace holds nothing about this."
    elif len(groups) > LISTED:
        yield f"There are more; these are the first {LISTED}."
    elif NEEDS.intersection(asked.wants) and len(found.utterances) > MOST:
        yield f"There are {len(found.utterances)} such utterances; these are the {MOST} surest."


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"‘{word}’" for word in words[:8])
