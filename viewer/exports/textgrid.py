"""Praat's TextGrid: for each person tiers of utterances, labels and words; overlaps stand in tiers of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from emoagent.viewer.exports.cleaning import clean
from emoagent.viewer.exports.lines import Line, apart, milliseconds
from emoagent.viewer.exports.registry import exporter
from emoagent.viewer.exports.result import Result


@dataclass(frozen=True)
class Interval:
    """A stretch of time and what stands there; milliseconds."""

    start: int
    end: int
    text: str


@exporter("textgrid", suffix=".TextGrid", package="praatio")
def textgrid(result: Result, path: Path) -> None:
    """Praat TextGrid: tiers of utterances, labels and words for each person."""
    library = import_module("praatio.textgrid")
    grid, end = library.Textgrid(0, result.transcript.seconds), result.transcript.seconds
    for name, intervals in _tiers(result):
        entries = [(each.start / 1000, each.end / 1000, each.text) for each in intervals]
        grid.addTier(library.IntervalTier(_unused(name, grid.tierNames), entries, 0, end))
    grid.save(str(path), format="long_textgrid", includeBlankSpaces=True)


def _tiers(result: Result) -> Iterator[tuple[str, list[Interval]]]:
    spoken = list(result.transcript.spoken_by())
    for _, name, lines in spoken:
        for own in apart(lines):
            yield name, [Interval(line.start, line.end, line.text) for line in own]
            yield f"{name} label", [Interval(line.start, line.end, line.label or "") for line in own]
        yield from ((f"{name} words", own) for own in apart(_words(lines)))
    if not spoken:
        yield "utterances", []


def _words(lines: Iterable[Line]) -> Iterator[Interval]:
    for line in lines:
        yield from (Interval(*milliseconds(word.span), clean(word.text)) for word in line.utterance.words)


def _unused(name: str, taken: Iterable[str]) -> str:
    used, wanted, number = set(taken), name, 1
    while wanted in used:
        number += 1
        wanted = f"{name} #{number}"
    return wanted
