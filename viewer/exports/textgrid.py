"""Praat's TextGrid: for each person tiers `utterance@NAME`, `label@NAME` and `words@NAME`; what overlaps stands in
tiers of its own, `…@NAME #2`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from emoagent.viewer.exports.cleaning import clean
from emoagent.viewer.exports.lines import Line, Transcript, milliseconds
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
    for name, intervals in _tiers(result.transcript):
        entries = [(each.start / 1000, each.end / 1000, each.text) for each in intervals]
        grid.addTier(library.IntervalTier(name, entries, 0, end))
    grid.save(str(path), format="long_textgrid", includeBlankSpaces=True)


def _tiers(transcript: Transcript) -> Iterator[tuple[str, list[Interval]]]:
    for _, name, lines in transcript.spoken_by():
        for tier, own in transcript.tiers(name, lines):
            yield f"utterance@{tier}", [Interval(line.start, line.end, line.text) for line in own]
            yield f"label@{tier}", [Interval(line.start, line.end, line.label or "") for line in own]
        yield from ((f"words@{tier}", words) for tier, words in transcript.tiers(name, _words(lines)))
    if not transcript.lines:
        yield "utterance@", []


def _words(lines: Iterable[Line]) -> Iterator[Interval]:
    for line in lines:
        yield from (Interval(*milliseconds(word.span), clean(word.text)) for word in line.utterance.words)
