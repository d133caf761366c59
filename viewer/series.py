"""Curves at 10 Hz, small enough to be part of a page: resampled and quantised."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

STEP = 0.1  # seconds
FARTHEST = 1.0  # seconds between two frames from which nothing is drawn between them
MOST, UNIT = 65534, 256  # a value is rounded to 256 of 65534: one byte of a sample is then always 1, which packs well
Floats = NDArray[np.float64]
Series = dict[str, Any]


def series(name: str, kind: str, title: str, unit: str, bounds: tuple[float, float], values: Floats, *,
           person: str | None, start: float) -> Series:  # fmt: skip
    """One curve as the page takes it: a sample each `STEP` seconds from `start`; NaN is a gap. `bounds`: of the values
    in `unit`; what lies outside is cut off."""
    return {
        "id": f"{person or ''}.{name}", "person": person, "kind": kind, "name": name, "title": title, "unit": unit,
        "low": bounds[0], "high": bounds[1], "start": round(start, 3), "step": STEP, "values": packed(values, *bounds),
    }  # fmt: skip


def packed(values: Floats, low: float, high: float) -> str:
    """Base64 of little-endian uint16: 0 is a gap, v stands for `low + (v - 1) / 65534 * (high - low)`.

    A value is off by at most 1/500 of the range.
    """
    share = np.clip((values - low) / (high - low), 0, 1)
    samples = np.where(np.isfinite(values), 1 + np.minimum(UNIT * np.round(share * MOST / UNIT), MOST), 0)
    return base64.b64encode(samples.astype("<u2").tobytes()).decode("ascii")


def grid(first: float, last: float) -> tuple[float, int]:
    """Start (seconds, a multiple of `STEP`) and number of the samples that stand for `first` to `last`."""
    low, high = tenths(np.array([first, last])).tolist()
    return low * STEP, high - low + 1


def tenths(time: Floats) -> NDArray[np.int64]:
    """The number of the tenth of a second that each time is nearest to."""
    return np.asarray(np.floor(time / STEP + 0.5 + 1e-6), np.int64)


def resampled(time: Floats, values: Floats, frames: Floats, start: float, count: int) -> Floats:
    """(count, K) from (n, K) at ascending `time`: means of each tenth of a second, lines where no frame fell into it.

    `frames`: (m,) seconds of all frames that were looked at; where a value is missing in one of them, so is the line.
    """
    times = np.asarray(start + STEP * np.arange(count), np.float64)
    return np.stack([_column(time, values[:, i], frames, times) for i in range(values.shape[1])], axis=1)


def _column(time: Floats, values: Floats, frames: Floats, times: Floats) -> Floats:
    there = np.isfinite(values)
    time, values = time[there], values[there]
    if not len(time):
        return np.full(len(times), np.nan)
    place = tenths(time) - tenths(times[:1])
    inside = (place >= 0) & (place < len(times))
    number = np.bincount(place[inside], minlength=len(times))
    mean = np.bincount(place[inside], values[inside], len(times)) / np.maximum(number, 1)
    return np.where(number > 0, mean, _between(time, values, frames, times))


def _between(time: Floats, values: Floats, frames: Floats, times: Floats) -> Floats:
    before = np.searchsorted(time, times, side="right") - 1
    left, right = np.clip(before, 0, len(time) - 1), np.clip(before + 1, 0, len(time) - 1)
    frame = np.searchsorted(frames, time)
    joined = (left < right) & (frame[right] - frame[left] <= 1) & (time[right] - time[left] <= FARTHEST)
    return np.where(joined, np.interp(times, time, values), np.nan)
