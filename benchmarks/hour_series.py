"""Curves that nobody drew: for each person face quality, action units, pitch and loudness, ten values a second.

They move as measured ones do, smoothly with noise on top, and have gaps: a face is out of view for a third of the time,
and only who speaks has a pitch.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from emoagent.schema import Trace

RATE = 10.0  # values a second
Kind = Literal["face_quality", "action_unit", "pitch", "loudness"]
Floats = NDArray[np.float32]
CURVES: tuple[tuple[Kind, str, str, str, float, float], ...] = (
    ("face_quality", "quality", "Face quality", "0-1", 0.0, 1.0),
    ("action_unit", "AU1", "Inner brow raiser", "intensity 0-5", 0.0, 5.0),
    ("action_unit", "AU2", "Outer brow raiser", "intensity 0-5", 0.0, 5.0),
    ("action_unit", "AU4", "Brow lowerer", "intensity 0-5", 0.0, 5.0),
    ("action_unit", "AU5", "Upper lid raiser", "intensity 0-5", 0.0, 5.0),
    ("action_unit", "AU6", "Cheek raiser", "intensity 0-5", 0.0, 5.0),
    ("action_unit", "AU12", "Lip corner puller", "intensity 0-5", 0.0, 5.0),
    ("action_unit", "AU15", "Lip corner depressor", "intensity 0-5", 0.0, 5.0),
    ("pitch", "pitch", "Pitch", "Hz", 70.0, 400.0),
    ("loudness", "loudness", "Loudness", "dBFS", -70.0, 0.0),
)


@dataclass(frozen=True)
class Curve:
    """`values[i]` lies at `i / RATE` seconds, within `low..high` in `unit`; NaN is a gap."""

    person: str
    kind: Kind
    name: str
    title: str
    unit: str
    low: float
    high: float
    values: Floats


def curves(trace: Trace) -> Iterator[Curve]:
    """Ten curves for each person of the trace, over the whole clip."""
    count = int(trace.clip.duration * RATE)
    for person in trace.people:
        spoken, seen = _speaking(trace, person.id, count), _in_view(person.id, count)
        for kind, name, title, unit, low, high in CURVES:
            there = spoken if kind in ("pitch", "loudness") else seen
            moving = _moving(f"{person.id} {name}", count) * (high - low) + low
            yield Curve(person.id, kind, name, title, unit, low, high, np.where(there, moving, np.float32(np.nan)))


def _moving(name: str, count: int) -> Floats:
    """Between 0 and 1: a slow wander and the jitter of a measurement."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    steps = np.convolve(rng.normal(0, 1, count), np.ones(12) / 12, "same")
    return np.clip(0.3 + 0.5 * steps + rng.normal(0, 0.02, count), 0, 1).astype(np.float32)


def _speaking(trace: Trace, person: str, count: int) -> NDArray[np.bool_]:
    there = np.zeros(count, bool)
    for utterance in trace.utterances:
        if utterance.person == person:
            there[int(utterance.span.start * RATE) : int(utterance.span.end * RATE) + 1] = True
    return there


def _in_view(person: str, count: int) -> NDArray[np.bool_]:
    rng = np.random.default_rng(zlib.crc32(person.encode()))
    shots = np.repeat(rng.random(count // 40 + 1) < 0.67, 40)  # of four seconds
    return shots[:count]
