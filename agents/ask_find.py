"""Which utterances a question is about, and what of it does not fit the recording."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from emoagent.agents.ask_question import Asked
from emoagent.agents.ask_times import When, clock
from emoagent.agents.case import QUOTATION
from emoagent.schema import Audit, Conflict, Evidence, Opinion, Trace, Utterance, Verdict

QUOTED = 60  # characters of an utterance that an answer repeats


@dataclass(frozen=True)
class Desk:
    """The trace, looked up by utterance."""

    trace: Trace

    @cached_property
    def verdicts(self) -> dict[str, Verdict]:
        """By utterance."""
        return {verdict.utterance: verdict for verdict in self.trace.verdicts}

    @cached_property
    def audits(self) -> dict[str, Audit]:
        """By utterance."""
        return {audit.utterance: audit for audit in self.trace.audits}

    @cached_property
    def utterances(self) -> dict[str, Utterance]:
        """By id."""
        return {utterance.id: utterance for utterance in self.trace.utterances}

    @cached_property
    def evidence(self) -> dict[str, Evidence]:
        """By id."""
        return {item.id: item for item in self.trace.evidence}

    def of(self, utterance: Utterance) -> list[Evidence]:
        """The evidence of an utterance."""
        return [item for item in self.trace.evidence if item.utterance == utterance.id]

    def opinions(self, utterance: Utterance) -> list[Opinion]:
        """What each source alone suggests; none that abstains."""
        return [o for o in self.trace.opinions if o.utterance == utterance.id and not o.abstained]

    def conflicts(self, utterance: Utterance) -> list[Conflict]:
        """The strongest first."""
        found = [conflict for conflict in self.trace.conflicts if conflict.utterance == utterance.id]
        return sorted(found, key=lambda conflict: -conflict.divergence)

    def label(self, utterance: Utterance) -> str | None:
        """The label of its verdict."""
        verdict = self.verdicts.get(utterance.id)
        return verdict.label if verdict else None

    def name(self, person: str | None) -> str:
        """What an answer calls a person."""
        if person is None:
            return "an unknown speaker"
        return next((p.name or p.id for p in self.trace.people if p.id == person), person)

    def title(self, utterance: Utterance, *, until: bool = False) -> str:
        """`Ben at 0:04.1, “Oh wow.”`; with its end, `Ben from 0:04.1 to 0:06.0, “Oh wow.”`."""
        text = " ".join(utterance.text.split())
        short = text if len(text) <= QUOTED else f"{text[: QUOTED - 1].rstrip()}…"
        said = f", “{short}”" if short else ""
        name = self.name(utterance.person)
        start, end = clock(utterance.span.start), clock(utterance.span.end)
        when = f"from {start} to {end}" if until else f"at {start}"
        return f"{name[:1].upper()}{name[1:]} {when}{said}"

    def stands_on(self, utterance: Utterance) -> tuple[str, ...]:
        """What the verdict cites; else the quotation, else whatever there is, the most reliable first."""
        verdict, found = self.verdicts.get(utterance.id), self.of(utterance)
        cited = [c for claim in verdict.claims for c in claim.cites if claim.stance == "supports"] if verdict else []
        cited = [cite for cite in cited if cite in self.evidence]
        return tuple(dict.fromkeys(cited)) or self.quoted(utterance) or _best(found)

    def quoted(self, utterance: Utterance) -> tuple[str, ...]:
        """The evidence that quotes it; else the most reliable about it."""
        found = self.of(utterance)
        return tuple(item.id for item in found if item.kind == QUOTATION) or _best(found)


@dataclass(frozen=True)
class Found:
    """The utterances in question, in time order, and remarks on what does not fit."""

    utterances: tuple[Utterance, ...]
    notes: tuple[str, ...] = ()


def find(asked: Asked, desk: Desk) -> Found:
    """The utterances that the question is about."""
    notes = list[str]()
    pool = _anchored(asked, desk, notes)
    pool = _of_people(asked, desk, pool, notes)
    pool = _with_words(asked, desk, pool)
    pool = _with_feelings(asked, desk, pool, notes)
    pool = _with_label(asked, desk, pool, notes)
    if asked.place is not None and pool:
        pool = _placed(asked.place, pool, notes)
    return Found(tuple(pool), tuple(notes))


def _anchored(asked: Asked, desk: Desk, notes: list[str]) -> list[Utterance]:
    every = list(desk.trace.utterances)
    if asked.ids:
        named = {desk.evidence[name].utterance if name in desk.evidence else name for name in asked.ids}
        return [utterance for utterance in every if utterance.id in named]
    if asked.quotes:
        found = [u for u in every if any(_plain(quote) in _plain(u.text) for quote in asked.quotes)]
        if not found:
            notes.append(f"Nobody says “{asked.quotes[0]}” in this recording.")
        return found
    if asked.whens:
        seen = [utterance for when in asked.whens for utterance in _at(when, desk, notes)]
        return [utterance for utterance in every if utterance in seen]
    return every


def _at(when: When, desk: Desk, notes: list[str]) -> Sequence[Utterance]:
    every, duration = desk.trace.utterances, desk.trace.clip.duration
    if when.start > duration:
        notes.append(f"The recording ends at {clock(duration)}; there is nothing at {clock(when.start)}.")
        return []
    if not when.moment:
        found = [u for u in every if u.span.start <= when.end and u.span.end >= when.start]
        if not found:
            notes.append(f"Nobody speaks between {clock(when.start)} and {clock(min(when.end, duration))}.")
        return found
    inside = [u for u in every if u.span.start <= when.start <= u.span.end]
    if inside or not every:
        return inside
    nearest = min(every, key=lambda u: min(abs(u.span.start - when.start), abs(u.span.end - when.start)))
    notes.append(f"Nobody speaks at {clock(when.start)}; the nearest utterance begins at {clock(nearest.span.start)}.")
    return [nearest]


def _of_people(asked: Asked, desk: Desk, pool: list[Utterance], notes: list[str]) -> list[Utterance]:
    if asked.strangers:
        known = ", ".join(desk.name(person.id) for person in desk.trace.people) or "nobody by name"
        notes.append(f"I know nobody called {asked.strangers[0]} here; the people are: {known}.")
        return []
    if not asked.people:
        if asked.pronoun and len({u.person for u in pool}) > 1 and not asked.anchored:
            notes.append(f"I cannot tell whom ‘{asked.pronoun}’ means, so everybody is considered.")
        return pool
    mine = [utterance for utterance in pool if utterance.person in asked.people]
    if pool and not mine:
        names = " or ".join(desk.name(person) for person in asked.people)
        who = desk.name(pool[0].person)
        notes.append(f"It is {who} who speaks there, not {names}." if asked.anchored else f"{names} says nothing here.")
        return pool if asked.anchored else []
    return mine


def _with_words(asked: Asked, desk: Desk, pool: list[Utterance]) -> list[Utterance]:
    """Those in which most of the question's own words are said."""
    if not asked.words or asked.anchored:
        return pool
    counts = {u.id: sum(word in _plain(u.text).split() for word in asked.words) for u in pool}
    most = max(counts.values(), default=0)
    return [utterance for utterance in pool if counts[utterance.id] == most] if most else pool


def _with_feelings(asked: Asked, desk: Desk, pool: list[Utterance], notes: list[str]) -> list[Utterance]:
    """Finer words than the labels are looked for among the open labels."""
    for feeling in asked.feelings:
        found = [u for u in pool if (v := desk.verdicts.get(u.id)) and any(_akin(feeling, o) for o in v.open_labels)]
        if not found:
            notes.append(
                f"‘{feeling}’ is none of the labels of this result ({', '.join(_labels(desk))}), nor a finer word "
                "that it uses."
            )
        if not asked.anchored:
            pool = found
    return pool


def _with_label(asked: Asked, desk: Desk, pool: list[Utterance], notes: list[str]) -> list[Utterance]:
    if not asked.labels or asked.anchored or "other" in asked.wants:
        return pool
    found = [utterance for utterance in pool if desk.label(utterance) in asked.labels]
    if pool and not found:
        names = " or ".join(desk.name(person) for person in asked.people)
        whose = f" of {names}" if names else ""
        notes.append(f"No utterance{whose} in question is judged to express {' or '.join(asked.labels)}.")
        return _likeliest(asked, desk, pool) if asked.words or asked.check else []
    return found


def _likeliest(asked: Asked, desk: Desk, pool: list[Utterance]) -> list[Utterance]:
    """The one utterance to which the labels in question are nearest."""

    def mass(utterance: Utterance) -> float:
        verdict = desk.verdicts.get(utterance.id)
        return sum(verdict.distribution.get(label, 0.0) for label in asked.labels) if verdict else 0.0

    return [max(pool, key=mass)]


def _placed(place: int, pool: list[Utterance], notes: list[str]) -> list[Utterance]:
    if place >= len(pool):
        notes.append(f"There are only {len(pool)} of these.")
        return []
    return [pool[place]]


def _akin(word: str, label: str) -> bool:
    """Whether two words have one beginning: annoyed, annoyance."""
    word, label = word.lower(), label.lower()
    stem = max(4, min(len(word), len(label)) - 3)
    return word == label or word[:stem] == label[:stem]


def _labels(desk: Desk) -> tuple[str, ...]:
    from emoagent.labels import labels

    return labels(desk.trace.label_set)


def _best(found: Sequence[Evidence]) -> tuple[str, ...]:
    return tuple(item.id for item in sorted(found, key=lambda item: -item.reliability)[:2])


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.lower().replace("’", "'")))
