"""Stretches in which a signal rises, peaks and falls back: onset, apex and offset, by two thresholds (hysteresis)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.runs import runs

Floats = NDArray[np.float64]

GAP = 0.5  # seconds without a sample that end a segment
NEAR = 0.25  # seconds to the last sample under the threshold, beyond which nobody knows when it was passed


@dataclass(frozen=True)
class Segment:
    """`first` to `last` (included) are the rows over the lower threshold. Times in seconds; `height` at the apex."""

    first: int
    last: int
    apex: int
    onset: float  # when the lower threshold is passed upwards, between two samples
    top: float
    offset: float  # and downwards
    height: float
    rise: float | None  # per second from onset to apex; None where the onset was not seen
    decay: float | None  # per second from apex to offset; None where the offset was not seen


def segments(time: Floats, value: Floats, high: float, low: float) -> list[Segment]:
    """All segments of (n,) values that reach `high`, each as long as it stays over `low`, in time order.

    What is missing (NaN) ends a segment, as does a gap in time. The apex is the first highest sample.
    """
    over = np.nan_to_num(value, nan=-np.inf) >= low
    island = np.concatenate([[0], np.cumsum(np.diff(time) > GAP)]) if len(time) else np.zeros(0)
    found = runs(over, island)
    return [_segment(time, value, a, b, low) for a, b in found if value[a:b].max() >= high]


def _segment(time: Floats, value: Floats, first: int, end: int, low: float) -> Segment:
    apex = first + int(np.argmax(value[first:end]))
    last, height, top = end - 1, float(value[apex]), float(time[apex])
    onset = _crossing(time, value, first - 1, first, low)
    offset = _crossing(time, value, end, end - 1, low)
    start, stop = (float(time[first]) if onset is None else onset), (float(time[last]) if offset is None else offset)
    rise = None if onset is None else (height - low) / max(top - start, 0.02)
    decay = None if offset is None else (height - low) / max(stop - top, 0.02)
    return Segment(first, last, apex, start, top, stop, height, rise, decay)


def _crossing(time: Floats, value: Floats, outside: int, inside: int, low: float) -> float | None:
    """When `low` is crossed between a sample outside and its neighbour inside; None where there is none nearby."""
    if not 0 <= outside < len(time) or not np.isfinite(value[outside]) or abs(time[outside] - time[inside]) > NEAR:
        return None
    share = (value[inside] - low) / max(value[inside] - value[outside], 1e-9)
    return float(time[inside] + share * (time[outside] - time[inside]))
