"""Which utterances a question is about, and what of it does not fit the recording."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from emoagent.agents.ask.desk import Desk
from emoagent.agents.ask.question import Asked
from emoagent.agents.ask.times import When
from emoagent.labels import labels
from emoagent.schema import Utterance
from emoagent.tools.plain_text import clock


@dataclass(frozen=True)
class Found:
    """The utterances in question, in time order, and remarks on what does not fit."""

    utterances: tuple[Utterance, ...]
    notes: tuple[str, ...] = ()


def find(asked: Asked, desk: Desk) -> Found:
    """The utterances that the question is about."""
    if asked.step:
        return _next_to(asked, desk)
    notes = list[str]()
    pool = _anchored(asked, desk, notes)
    pool = _of_people(asked, desk, pool, notes)
    pool = _with_words(asked, desk, pool)
    pool = _with_feelings(asked, desk, pool, notes)
    pool = _with_label(asked, desk, pool, notes)
    if asked.extreme and pool:
        pool = [_extreme(asked, desk, pool)]
    if asked.place is not None and pool:
        pool = _placed(asked.place, pool, notes)
    return Found(tuple(pool), tuple(notes))


def _next_to(asked: Asked, desk: Desk) -> Found:
    """The turn before or after each of those that the rest of the question is about; where a person is named, that
    person's."""
    near = find(replace(asked, step=0, people=()), desk)
    every, names = list(desk.trace.utterances), set[str]()
    places = {utterance.id: place for place, utterance in enumerate(every)}
    for utterance in near.utterances:
        rest = every[places[utterance.id] + 1 :] if asked.step > 0 else every[: places[utterance.id]][::-1]
        names |= {each.id for each in [u for u in rest if not asked.people or u.person in asked.people][:1]}
    note = () if names or near.notes else (f"Nothing is said {'after' if asked.step > 0 else 'before'} it.",)
    return Found(tuple(utterance for utterance in every if utterance.id in names), (*near.notes, *note))


def _extreme(asked: Asked, desk: Desk, pool: list[Utterance]) -> Utterance:
    def degree(utterance: Utterance) -> float:
        verdict = desk.verdicts.get(utterance.id)
        if verdict is None or verdict.label is None:
            return -1.0 if asked.extreme != "least" else -2.0
        if asked.extreme == "label":
            return sum(verdict.distribution.get(label, 0.0) for label in asked.labels)
        sure = verdict.confidence or 0.0
        return sure if asked.extreme == "most" else -sure

    return max(pool, key=degree)


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
    inside = [u for u in every if u.span.start <= when.start <= u.span.end] or _begun_within(every, when.start)
    if inside or not every:
        return inside
    nearest = min(every, key=lambda u: min(abs(u.span.start - when.start), abs(u.span.end - when.start)))
    notes.append(f"Nobody speaks at {clock(when.start)}; the nearest utterance begins at {clock(nearest.span.start)}.")
    return [nearest]


def _begun_within(every: Sequence[Utterance], second: float) -> list[Utterance]:
    """Those that begin in the second that a clock without tenths would show; none for a finer time."""
    return [u for u in every if second.is_integer() and second <= u.span.start < second + 1]


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
    return labels(desk.trace.label_set)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+(?:'[^\W_]+)*", text.lower().replace("’", "'")))
