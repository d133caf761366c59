"""What lies in the file after a turn with a voice and a face: records, and nothing that would tell the person again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from conftest import SAMPLE
from pydantic import BaseModel
from session_contract import thread
from sounds import load

from emoagent import TurnAnalyzer
from emoagent.tools.media.frame import Frame
from emoagent.tools.media.sound import Sound

RATE, SECONDS = 16_000, 2
NAMED = 8  # numbers under names: as many as a label set has
IN_A_ROW = 3  # numbers: a print of a voice or face has dozens
LONGEST = 400  # characters of one text: sound or a picture as text would be longer


def test_no_print_of_a_voice_or_face_is_stored(tmp_path: Path) -> None:
    sound = Sound(load(SAMPLE)[: SECONDS * RATE], RATE)
    with TurnAnalyzer(f"sqlite:///{tmp_path / 'sessions.sqlite'}", deadline=30.0) as analyzer:
        session = analyzer.open("call-1")
        session.turn("You did what?", sound, list(_frames()))
        found = analyzer.store.saver.get_tuple(thread("call-1"))
        assert found is not None
        (record,) = analyzer.store.turns("call-1")
    stored = (record, found.checkpoint["channel_values"], found.metadata)
    assert {item.modality for item in record.evidence} >= {"voice", "face"}
    values = [value for whole in stored for value in _values(whole)]
    assert max(len(value) for value in values if isinstance(value, str)) < LONGEST
    assert not [value for value in values if isinstance(value, bytes | bytearray | np.ndarray)]
    assert not [row for row in values if isinstance(row, list) and len(row) > IN_A_ROW]


def _frames() -> Iterator[Frame]:
    with av.open(str(SAMPLE)) as clip:
        for number, frame in enumerate(clip.decode(video=0)):
            if frame.time >= SECONDS:
                return
            if number % 6 == 0:
                yield Frame(frame.time, np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))


def _values(whole: Any) -> Iterator[Any]:
    """Every single value in it, and every row of numbers."""
    if isinstance(whole, BaseModel):
        yield from _values(dict(whole))
    elif is_dataclass(whole):
        yield from _values([getattr(whole, field.name) for field in fields(whole)])
    elif isinstance(whole, dict):
        if len(whole) > NAMED and all(isinstance(value, float) for value in whole.values()):
            yield list(whole.values())
        for pair in whole.items():
            yield from _values(pair)
    elif isinstance(whole, list | tuple | set):
        if whole and all(isinstance(value, int | float) and not isinstance(value, bool) for value in whole):
            yield list(whole)
        for value in whole:
            yield from _values(value)
    else:
        yield whole
