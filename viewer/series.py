"""Curves of each person at 10 Hz for the report, small enough to be part of the page."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import UsageError
from emoagent.viewer.exports.result import Face, Result

STEP = 0.1  # seconds
FARTHEST = 1.0  # seconds between two frames from which nothing is drawn between them
TRUSTED = 0.05  # reliability of a unit below which it is not shown
LEVELS = 65536 // 256  # what a sample can be; multiples of 256 leave one byte of two the same, which packs well
Floats = NDArray[np.float64]
Series = dict[str, Any]


def curves(result: Result) -> Iterator[Series]:
    """The series of a run in the order of the trace's people; none where the run kept none that can be read."""
    try:
        faces = [face for face in result.faces() if face.person is not None]
    except UsageError:
        return
    for face in faces:
        yield from _of_face(result, face)


def series(name: str, kind: str, title: str, unit: str, span: tuple[float, float], values: Floats, *,
           person: str | None, start: float) -> Series:  # fmt: skip
    """One curve as the page takes it. `values`: a sample each `STEP` seconds from `start`; NaN is a gap."""
    return {
        "id": f"{person or '-'}.{name}", "person": person, "kind": kind, "name": name, "title": title, "unit": unit,
        "low": span[0], "high": span[1], "start": round(start, 3), "step": STEP, "values": packed(values, *span),
    }  # fmt: skip


def packed(values: Floats, low: float, high: float) -> str:
    """Base64 of little-endian uint16: 0 is a gap, v stands for `low + (v - 1) / 65534 * (high - low)`."""
    level = np.clip(np.round((values - low) / (high - low) * 65534 / 256), 0, LEVELS - 1)
    return base64.b64encode(np.where(np.isfinite(values), 1 + 256 * level, 0).astype("<u2").tobytes()).decode("ascii")


def resampled(time: Floats, values: Floats, frames: Floats, start: float, count: int) -> Floats:
    """(count, K) from (n, K) at ascending `time`: means of each tenth of a second, lines where no frame fell into it.
    NaN from a value that is missing in one of the analysed `frames` (m,) to the next that is there."""
    grid = start + STEP * np.arange(count)
    return np.stack([_column(time, values[:, i], frames, grid) for i in range(values.shape[1])], axis=1)


def _column(time: Floats, values: Floats, frames: Floats, grid: Floats) -> Floats:
    time, values = time[np.isfinite(values)], values[np.isfinite(values)]
    if not len(time):
        return np.full(len(grid), np.nan)
    place = np.rint((time - grid[0]) / STEP).astype(int)
    inside = (place >= 0) & (place < len(grid))
    number = np.bincount(place[inside], minlength=len(grid))
    mean = np.bincount(place[inside], values[inside], len(grid)) / np.maximum(number, 1)
    return np.where(number > 0, mean, _between(time, values, frames, grid))


def _between(time: Floats, values: Floats, frames: Floats, grid: Floats) -> Floats:
    before = np.searchsorted(time, grid, side="right") - 1
    inside = (before >= 0) & (before < len(time) - 1)
    left = np.clip(before, 0, len(time) - 1)
    right = np.minimum(left + 1, len(time) - 1)
    frame = np.searchsorted(frames, time)
    joined = inside & (frame[right] - frame[left] <= 1) & (time[right] - time[left] <= FARTHEST)
    return np.where(joined, np.interp(grid, time, values), np.nan)


def _of_face(result: Result, face: Face) -> Iterator[Series]:
    from emoagent.tools.action_unit_table import UNITS

    time, frames = face.units.time, result.series.frames
    if not len(time):
        return
    start, count = _grid(float(time[0]), float(time[-1]))
    quality = result.series.quality[face.units.rows].astype(np.float64)[:, None]
    shown = np.where(face.units.reliability >= TRUSTED, face.units.value, np.nan)
    curve = resampled(time, np.concatenate([quality, shown], axis=1), frames, start, count)
    yield series("face", "face_quality", "face quality", "0-1", (0.0, 1.0), curve[:, 0],
                 person=face.person, start=start)  # fmt: skip
    for place, unit in enumerate(UNITS, start=1):
        yield series(unit.name, "action_unit", unit.words, "intensity 0-5", (0.0, 5.0), curve[:, place],
                     person=face.person, start=start)  # fmt: skip


def _grid(first: float, last: float) -> tuple[float, int]:
    """Start (seconds) and number of the samples that cover `first` to `last`."""
    low, high = int(np.floor(first / STEP + 1e-6)), int(np.ceil(last / STEP - 1e-6))
    return low * STEP, high - low + 1
