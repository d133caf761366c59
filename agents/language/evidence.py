"""What a language model is shown of a case: every source has the same room, the most reliable evidence comes first into
it, and what has no place is counted. The order is drawn anew for each utterance, since models favour what stands first
or last; by hashes, so that a source that is taken away leaves the others where they were."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from math import ceil

from emoagent.agents.case import Case, Turn
from emoagent.prompts.data import as_data
from emoagent.schema import Evidence, Modality, Opinion, Utterance

SEEN = 8  # turns before, and in hindsight after, that are shown at most
BYTES = 3  # of UTF-8 that count as a token: English has about four, Chinese three, so the estimate errs upwards
LOW, MIDDLING = 0.25, 0.6  # reliability from which evidence is no longer called low, and from which it is called high
SOURCES: tuple[Modality, ...] = ("text", "face", "voice", "behavior")
Names = Mapping[str, str]
_Key = Callable[[str], bytes]


@dataclass(frozen=True)
class Item:
    """A line of the question. `cite` is the id of the evidence; `short` the one by which the model may cite it."""

    cite: str
    source: Modality
    line: str
    short: str = ""


@dataclass(frozen=True)
class Part:
    """What is shown of one source, in the order in which it is shown; `left_out` items had no place."""

    source: Modality
    items: tuple[Item, ...]
    left_out: int = 0


@dataclass(frozen=True)
class Shown:
    """All that is shown of a case. `after`: what is said later; only in hindsight."""

    case: Case
    before: Part
    after: tuple[str, ...]
    parts: tuple[Part, ...]
    opinions: tuple[Opinion, ...]
    speaker: str

    @property
    def ids(self) -> dict[str, Item]:
        """What may be cited, by its short id."""
        return {item.short: item for part in (self.before, *self.parts) for item in part.items}

    @property
    def sources(self) -> tuple[Modality, ...]:
        """The sources that are there, in the order in which they are shown; `dialogue`: the turns before."""
        told = tuple(part.source for part in self.parts)
        return (*told, "dialogue") if self.before.items else told

    def without(self, source: Modality) -> Shown:
        """The same without one source; nothing else changes, neither ids nor order nor room."""
        before = replace(self.before, items=()) if source == "dialogue" else self.before
        parts = tuple(part for part in self.parts if part.source != source)
        return replace(self, before=before, parts=parts, opinions=_others(self.opinions, source))


def show(case: Case, names: Names, room: int, seed: int, later: Sequence[Utterance] = ()) -> Shown:
    """Chooses what is shown, in at most `room` tokens for all sources together. `names` maps people to their names;
    `later` are the turns after, which only hindsight is given."""
    found = [(source, _evidence(case, source)) for source in SOURCES]
    there = [(source, items) for source, items in found if items]
    share = room // max(1, len(there) + bool(_quotable(case)) + bool(later))
    parts = [_part(source, _lines(items, case, names, share), share, _key(case, seed)) for source, items in there]
    parts.sort(key=lambda part: _key(case, seed)(part.source))
    before = _before(case, names, share)
    numbered = _numbered((before, *parts))
    shown = tuple(part.source for part in numbered[1:])
    after = _fitting([_turn(turn, names, share) for turn in later[:SEEN]], share)
    told = [o for source in shown for o in case.opinions if o.modality == source]
    return Shown(case, numbered[0], tuple(after), tuple(numbered[1:]), tuple(told), _name(case.utterance, names))


def tokens(text: str) -> int:
    """How many tokens a text has at most, for texts of everyday language."""
    return ceil(len(text.encode()) / BYTES)


def _evidence(case: Case, source: Modality) -> list[Evidence]:
    """What the source's own opinion rests on first, so that a note on visibility takes no place from a smile; then the
    most reliable."""
    mine = [item for item in case.evidence if item.modality == source]
    told = {cite for opinion in case.opinions if opinion.modality == source for cite in opinion.cites}
    return sorted(mine, key=lambda item: (item.id not in told, -item.reliability, item.span.start, item.id))


def _lines(items: Sequence[Evidence], case: Case, names: Names, share: int) -> list[tuple[str, str]]:
    return [(item.id, _line(item, case, names, share)) for item in items]


def _part(source: Modality, lines: Sequence[tuple[str, str]], share: int, key: _Key) -> Part:
    fit = len(_fitting([line for _, line in lines], share))
    kept = sorted(lines[:fit], key=lambda pair: key(pair[0]))
    return Part(source, tuple(Item(cite, source, line) for cite, line in kept), len(lines) - fit)


def _before(case: Case, names: Names, share: int) -> Part:
    """The turns before whose words are evidence; where there is no room for all, the nearest."""
    turns = _quotable(case)
    lines = [_turn(turn.utterance, names, share) for turn in reversed(turns)]
    fit = len(_fitting(lines, share))
    pairs = list(zip(turns[len(turns) - fit :], reversed(lines[:fit]), strict=True))
    return Part("dialogue", tuple(Item(t.quoted[0], "text", line) for t, line in pairs), len(turns) - fit)


def _quotable(case: Case) -> list[Turn]:
    return [turn for turn in case.history[-SEEN:] if turn.quoted]


def _fitting(lines: Sequence[str], share: int) -> list[str]:
    """The first lines for which there is room; one at least."""
    kept, used = list[str](), 0
    for line in lines:
        used += tokens(line)
        if kept and used > share:
            break
        kept.append(line)
    return kept


def _line(item: Evidence, case: Case, names: Names, share: int) -> str:
    def made(finding: str) -> str:
        told = {"at": _time(item), "of": _whom(item, case, names), "reliability": _word(item), "finding": finding}
        return as_data(told)

    return _cut(made, item.finding, share)


def _turn(utterance: Utterance, names: Names, share: int) -> str:
    def made(words: str) -> str:
        return as_data({"at": f"{utterance.span.start:.1f} s", "speaker": _name(utterance, names), "words": words})

    return _cut(made, utterance.text, share)


def _cut(made: Callable[[str], str], text: str, share: int) -> str:
    """The line with as much of the text as there is room for; what is cut off leaves a sign."""
    kept = text[: share * BYTES]
    line = made(kept if kept == text else f"{kept}…")
    while kept and tokens(line) > share:
        kept = kept[: int(len(kept) * 0.8)]
        line = made(f"{kept.rstrip()}…")
    return line


def _numbered(parts: Sequence[Part]) -> list[Part]:
    """With ids that are short: T1, T2 … the turns before, E1, E2 … the evidence."""
    number, done = 0, list[Part]()
    for part in parts:
        letter, first = ("T", 1) if part.source == "dialogue" else ("E", number + 1)
        items = [replace(item, short=f"{letter}{first + place}") for place, item in enumerate(part.items)]
        number += len(items) if letter == "E" else 0
        done.append(replace(part, items=tuple(items)))
    return done


def _key(case: Case, seed: int) -> _Key:
    return lambda name: sha256(f"{seed} {case.utterance.id} {name}".encode()).digest()


def _others(opinions: Sequence[Opinion], source: Modality) -> tuple[Opinion, ...]:
    return tuple(opinion for opinion in opinions if opinion.modality != source)


def _name(utterance: Utterance, names: Names) -> str:
    return names.get(utterance.person, utterance.person) if utterance.person else "somebody"


def _whom(item: Evidence, case: Case, names: Names) -> str:
    if item.person is None:
        return "not known"
    if item.person == case.utterance.person:
        return "the speaker"
    return f"another person, {names.get(item.person, item.person)}"


def _time(item: Evidence) -> str:
    return f"{item.span.start:.1f} to {item.span.end:.1f} s"


def _word(item: Evidence) -> str:
    return "low" if item.reliability < LOW else "middling" if item.reliability < MIDDLING else "high"
