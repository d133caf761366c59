"""The utterances of a run as other programs get them: cleaned text, whole milliseconds, who speaks, which label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, count
from math import floor
from typing import Protocol, TypeVar

from emoagent.labels import LABEL_SETS
from emoagent.schema import Conflict, Span, Trace, Utterance, Verdict
from emoagent.viewer.corrections import NEW, Layer, standing
from emoagent.viewer.exports.cleaning import clean

UNKNOWN, UNNAMED = "unknown", "unnamed"


@dataclass(frozen=True)
class Line:
    """One utterance. `start` < `end`: milliseconds. `label`, `person`: what stands after the corrections of people;
    `machine`: the verdict; `by_person`: whether a person gave or confirmed the label, and `by`: who, if they say so."""

    id: str
    start: int
    end: int
    text: str
    person: str | None
    speaker: str
    label: str | None
    by_person: bool
    by: str | None
    utterance: Utterance
    machine: Verdict | None
    conflicts: tuple[Conflict, ...]

    @property
    def confidence(self) -> float | None:
        """Of the machine, where its label stands."""
        same = self.machine is not None and self.label is not None and self.machine.label == self.label
        return self.machine.confidence if self.machine is not None and same else None

    @property
    def conflict(self) -> Conflict | None:
        """The one that the verdict names, else the strongest."""
        named = self.machine and self.machine.conflict
        ranked = sorted(self.conflicts, key=lambda each: (each.id != named, -each.divergence))
        return ranked[0] if ranked else None


class _Timed(Protocol):
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


Timed = TypeVar("Timed", bound=_Timed)


class Transcript:
    """The lines of a run, in the order of time, after `layers` of corrections."""

    def __init__(self, trace: Trace, layers: Sequence[Layer] = ()) -> None:
        self.trace, self.layers = trace, layers

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """All utterances."""
        made = [self._line(utterance) for utterance in self.trace.utterances]
        return tuple(sorted(made, key=lambda line: (line.start, line.end)))

    @cached_property
    def speakers(self) -> dict[str | None, str]:
        """The id of a person, new:NAME, or None for whoever is not known, to a name that no one else has: those of
        the trace in its order, then those that people added."""
        names: dict[str | None, str] = {}
        for person in self.trace.people:
            name = clean(person.name or "") or clean(person.id) or UNNAMED
            names[person.id] = _unused(name, clean(person.id), names.values())
        for added in dict.fromkeys(who for (_, field), who in self._standing.items() if field == "person"):
            if added is not None and added not in names:
                names[added] = _unused(clean(added.removeprefix(NEW)) or UNNAMED, "new", names.values())
        names[None] = _unused(UNKNOWN, "nobody", names.values())
        return names

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The label set of the run."""
        return LABEL_SETS.get(self.trace.label_set, ())

    @cached_property
    def seconds(self) -> float:
        """The length of the clip, or the end of the last line where that is later."""
        return max([self.trace.clip.duration, *(line.end / 1000 for line in self.lines)])

    def spoken_by(self) -> Iterator[tuple[str | None, str, list[Line]]]:
        """For each person with lines: id, name, lines."""
        for person, name in self.speakers.items():
            if own := [line for line in self.lines if line.person == person]:
                yield person, name, own

    def tiers(self, name: str, lines: Iterable[Timed]) -> Iterator[tuple[str, list[Timed]]]:
        """`apart` of what a person of this name said, each list with a name that is no one's: NAME, NAME #2, …"""
        taken = set(self.speakers.values())
        more = (each for number in count(2) if (each := f"{name} #{number}") not in taken)
        yield from zip(chain([name], more), apart(lines), strict=False)

    @cached_property
    def _standing(self) -> dict[tuple[str, str], str | None]:
        return standing(self.trace, self.layers)

    @cached_property
    def _verdicts(self) -> dict[str, Verdict]:
        return {verdict.utterance: verdict for verdict in self.trace.verdicts}

    @cached_property
    def _conflicts(self) -> dict[str, list[Conflict]]:
        found: dict[str, list[Conflict]] = {}
        for conflict in self.trace.conflicts:
            found.setdefault(conflict.utterance, []).append(conflict)
        return found

    @cached_property
    def _judged(self) -> dict[str, str | None]:
        said = (each for layer in self.layers for each in layer.corrections if each.field == "label")
        return {each.utterance: each.by for each in said}

    def _line(self, utterance: Utterance) -> Line:
        start, end = milliseconds(utterance.span)
        person = self._standing[utterance.id, "person"]
        return Line(
            id=clean(utterance.id), start=start, end=end, text=clean(utterance.text), person=person,
            speaker=self.speakers[person], label=self._standing.get((utterance.id, "label")),
            by_person=utterance.id in self._judged, by=self._judged.get(utterance.id), utterance=utterance,
            machine=self._verdicts.get(utterance.id), conflicts=tuple(self._conflicts.get(utterance.id, ())),
        )  # fmt: skip


def milliseconds(span: Span) -> tuple[int, int]:
    """Start and end to the nearest millisecond; what would have no length is one millisecond long."""
    start, end = round(span.start * 1000), round(span.end * 1000)
    return (start, end) if end > start else (floor(span.start * 1000), floor(span.start * 1000) + 1)


def apart(lines: Iterable[Timed]) -> list[list[Timed]]:
    """The lines in as few lists as it takes for none to overlap another of its list, for formats that cannot hold
    two at a time. Each list is in the order of time."""
    lists: list[list[Timed]] = []
    for line in sorted(lines, key=lambda each: (each.start, each.end)):
        free = next((own for own in lists if own[-1].end <= line.start), None)
        if free is None:
            lists.append([line])
        else:
            free.append(line)
    return lists


def _unused(name: str, mark: str, taken: Iterable[str]) -> str:
    used = set(taken)
    marked = (f"{name} ({mark} {number})" for number in count(2))
    return next(each for each in chain([name, f"{name} ({mark})"], marked) if each not in used)
