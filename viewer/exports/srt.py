"""SubRip captions. The format has no way to quote: what a player would take for markup is replaced by its likeness."""

from __future__ import annotations

from pathlib import Path

from emoagent.viewer.exports.lines import Line
from emoagent.viewer.exports.registry import exporter
from emoagent.viewer.exports.result import Result

LIKENESS = str.maketrans({"<": "‹", ">": "›", "{": "❴", "}": "❵", "\\": "⧵"})


@exporter("srt", suffix=".srt")
def srt(result: Result, path: Path) -> None:
    """SubRip captions: who speaks and the label on the first line, the words on the second."""
    from pysubs2 import SSAEvent, SSAFile

    captions = SSAFile()
    captions.events = [SSAEvent(line.start, line.end, _caption(line)) for line in result.transcript.lines]
    captions.save(str(path), format_="srt", keep_ssa_tags=True)


def harmless(text: str) -> str:
    """The text with nothing in it that is markup, or an arrow of times, to a player."""
    return text.translate(LIKENESS)


def _caption(line: Line) -> str:
    lead = f"{line.speaker} ({line.label})" if line.label else line.speaker
    return "\\N".join(harmless(text) for text in (lead, line.text) if text)
