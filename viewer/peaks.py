"""The frame in which a face shows most, for the report: where the face is in it, and its outline."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import Base64Bytes, TypeAdapter, ValidationError

from emoagent.schema import Record, Trace


class Peak(Record):
    """As `tools/sight/peak_frames.py` writes it: `time` in seconds, `box` and `points` as shares of the picture."""

    utterance: str
    person: str | None
    time: float
    picture: str | None
    box: tuple[float, float, float, float] | None
    points: Base64Bytes | None


_PEAKS = TypeAdapter(list[Peak])


def peaks(folder: Path, trace: Trace) -> list[dict[str, Any]]:
    """The peaks of the run in `folder`, of utterances that are in the trace; none where there are none to read."""
    try:
        text = (folder / "work" / "peaks.json").read_text(encoding="utf-8")
        _PEAKS.validate_json(text)
    except (OSError, ValidationError, UnicodeDecodeError):
        return []
    known = {utterance.id for utterance in trace.utterances}
    return [peak for peak in json.loads(text) if peak["utterance"] in known]
