"""Hears by reading: subtitles beside the file, else inside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from emoagent.agents.registry import Heard, hearer
from emoagent.schema import Clip, Person, Span, Utterance, Word
from emoagent.tools.words.subtitles import Cue, cues_of, find_subtitles, read_subtitles
from emoagent.tools.workspace import workspace


@hearer("subtitles", cost="next to nothing")
def subtitles(clip: Clip) -> Heard | None:
    """Reads subtitles beside the file (.srt, .vtt, .ass), else inside it; names in them become people."""
    path = find_subtitles(workspace().source)
    return beside(clip, path) if path else inside(clip)


def beside(clip: Clip, path: Path) -> Heard:
    """What the subtitle file `path` says. Raises `TranscriptError` where it is of no use."""
    return heard(read_subtitles(path, clip.duration))


def inside(clip: Clip) -> Heard | None:
    """What the first text subtitle stream inside the clip says; `None` without one, or where nobody speaks."""
    if not clip.subtitles:
        return None
    from emoagent.tools.media.files import embedded_subtitles

    events = ((start, end, "", text) for start, end, text in embedded_subtitles(clip))
    cues = cues_of(events, clip.duration)
    return heard(cues) if cues else None


def heard(cues: Sequence[Cue]) -> Heard:
    """Utterances u1, u2, … and people p1, p2, … in order of appearance; a name is one person whatever its case."""
    people = _people(cue.speaker for cue in cues if cue.speaker)
    utterances = tuple(
        Utterance(
            id=f"u{number}",
            person=people[cue.speaker.casefold()].id if cue.speaker else None,
            span=cue.span,
            text=cue.text,
            words=interpolated(cue.text, cue.span),
            source="subtitles",
        )
        for number, cue in enumerate(cues, 1)
    )
    return Heard(utterances, tuple(people.values()))


def interpolated(text: str, span: Span) -> tuple[Word, ...]:
    """The words of `text` spread over `span` in proportion to their length; no probabilities."""
    words = text.split()
    total = sum(len(word) + 1 for word in words)
    found, done = [], 0
    for word in words:
        start, done = done, done + len(word) + 1
        low, high = (min(span.end, round(span.start + at / total * span.duration, 3)) for at in (start, done))
        found.append(Word(text=word, span=Span(start=min(low, high), end=high), time_source="interpolated"))
    return tuple(found)


def _people(names: Iterable[str]) -> dict[str, Person]:
    people: dict[str, Person] = {}
    for name in names:
        people.setdefault(name.casefold(), Person(id=f"p{len(people) + 1}", name=name))
    return people
