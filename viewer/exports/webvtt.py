"""WebVTT, twice: captions for people, and a track of metadata for scripts (`<track kind="metadata">`)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import escape
from importlib import import_module
from pathlib import Path

from emoagent.viewer.exports.lines import Line
from emoagent.viewer.exports.records import record
from emoagent.viewer.exports.registry import exporter
from emoagent.viewer.exports.result import Result

ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})  # of JSON, so that no cue ends early


@exporter("webvtt", suffix=".vtt", package="webvtt")
def webvtt(result: Result, path: Path) -> None:
    """WebVTT captions: speakers as voices, labels and conflicts as classes for CSS (`::cue(v.joy)`)."""
    _write(result, path, _caption)


@exporter("webvtt-metadata", suffix=".vtt", package="webvtt")
def webvtt_metadata(result: Result, path: Path) -> None:
    """WebVTT metadata track: one JSON object a cue with the verdict, for `<track kind="metadata">`."""
    _write(result, path, lambda line: json.dumps(record(result, line), ensure_ascii=False).translate(ESCAPES))


def _write(result: Result, path: Path, text: Callable[[Line], str]) -> None:
    library = import_module("webvtt")
    cues = library.WebVTT(header_comments=["labels name the expressed emotion, as a viewer would label it"])
    for line in result.transcript.lines:
        times = (_time(line.start), _time(line.end))
        cues.captions.append(library.Caption(*times, text(line), identifier=escape(line.id, quote=False) or None))
    path.write_text(cues.content, encoding="utf-8", newline="\n")


def _caption(line: Line) -> str:
    classes = "".join(f".{_class(name)}" for name in (line.label, "conflict" if line.conflict else None) if name)
    named = line.speaker if line.person is not None else ""
    tag = f"v{classes} {escape(named, quote=False)}" if named else f"c{classes}"
    return f"<{tag}>{escape(line.text, quote=False)}</{tag[0]}>"


def _class(name: str) -> str:
    return re.sub(r"[^\w-]", "_", name)


def _time(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"
