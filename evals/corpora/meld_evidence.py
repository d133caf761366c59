"""Recorded evidence of clips of MELD's *test* split (`meld_evidence_dev.json`): action units by OpenFace at the peak
frame, a description of the voice by an audio language model, one of the scene, and the transcript. MIT; MELD's terms.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emoagent.errors import UsageError
from emoagent.evals.corpora.line import Line, existing, mended
from emoagent.evals.corpora.meld import meld

FILE = "meld_evidence_dev.json"
TABLE = "test_sent_emo.csv"
_NAME = re.compile(r"dia(\d+)_utt(\d+)\.mp4$")
_UNIT = re.compile(r"AU(\d+)$")


@dataclass(frozen=True)
class Recorded:
    """One clip. `units` maps action units to OpenFace's intensity, 0 to 5, at `peak` seconds from the clip's start;
    `before` are the lines of its dialogue so far, empty where MELD's table is not at hand."""

    line: Line
    before: tuple[Line, ...]
    units: Mapping[int, float]
    peak: float
    voice: str
    scene: str


def meld_evidence(folder: Path) -> list[Recorded]:
    """The clips in their order. Speakers, times and earlier lines are read from MELD's own table where `../meld` (or
    `folder`) holds it. Raises `UsageError` for a file that is missing or not of this release."""
    try:
        items = json.loads(existing(folder / FILE).read_text("utf-8"))
        tables = [place for place in (folder, folder.parent / "meld") if (place / TABLE).is_file()]
        lines = meld(tables[0], "test") if tables else []
        return [_recorded(item, lines) for item in items]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{folder / FILE} is not the release: {error}", hint="see docs/evals.md") from error


def _recorded(item: Mapping[str, Any], lines: list[Line]) -> Recorded:
    name = _NAME.match(item["video_id"])
    if name is None:
        raise ValueError(f"{item['video_id']!r} does not name a dialogue and an utterance")
    dialogue = f"test/{name[1]}"
    key, label = f"{dialogue}/{name[2]}", item["true_label"]
    own = [line for line in lines if line.dialogue == dialogue]
    place = next((n for n, line in enumerate(own) if line.key == key), None)
    alone = Line(mended(item["transcript"]), (label,), None, dialogue, key)
    return Recorded(
        line=alone if place is None else own[place],
        before=tuple(own[: place or 0]),
        units={int(unit[1]): float(v) for au, v in item["raw_AU_values_at_peak"].items() if (unit := _UNIT.match(au))},
        peak=float(item["peak_time"]),
        voice=item["audio_description"],
        scene=item["visual_objective_description"],
    )
