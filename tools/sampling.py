"""Statistics of numbers sampled at unequal times: what each sample stands for, running medians, weighted quantiles."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

LONGEST = 0.25  # seconds that one sample may stand for; a longer gap was not seen
TINY = 1e-6  # seconds; keeps rounding from deciding what lies inside a window


def seconds_for(time: ArrayLike, frames: ArrayLike) -> Floats:
    """(n,) seconds that the rows at `time` stand for: half-way to the analysed frames (m,) before and after."""
    moments, at = np.asarray(frames, np.float64), np.asarray(time, np.float64)
    if len(moments) < 2:
        return np.full(len(at), 0.1)
    gaps = np.minimum(np.diff(moments), LONGEST)
    share = (np.concatenate([gaps[:1], gaps]) + np.concatenate([gaps, gaps[-1:]])) / 2
    return np.asarray(share[np.clip(np.searchsorted(moments, at - TINY), 0, len(share) - 1)], np.float64)


def windows(time: Floats, width: float) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """(n, w) row numbers no more than `width` / 2 seconds away from each row, and which of them count."""
    first = np.searchsorted(time, time - width / 2 - TINY)
    last = np.searchsorted(time, time + width / 2 + TINY)
    most = int((last - first).max(initial=1))
    rows = first[:, None] + np.arange(most)
    inside = rows < last[:, None]
    return np.where(inside, rows, 0), inside


def running_median(time: Floats, values: Floats, width: float) -> Floats:
    """Median of (n, k) over the rows within `width` / 2 seconds; what is missing stays so and counts nowhere."""
    if not len(time):
        return values
    rows, inside = windows(time, width)
    if rows.shape[1] < 2:
        return values
    seen = np.where(inside[..., None] & np.isfinite(values[rows]), values[rows], np.nan)
    known = np.isfinite(values)
    seen[:, 0] = np.where(known, seen[:, 0], 0.0)  # a column of NaN alone would warn; its result is dropped below
    return np.where(known, np.nanmedian(seen, axis=1), values)


def weighted_quantile(values: Floats, weight: Floats, q: ArrayLike) -> Floats:
    """(k,) quantile `q` (one, or one for each column) of every column of (n, k); each row counts `weight` (n,)."""
    order = np.argsort(values, axis=0, kind="stable")
    ranked, share = np.take_along_axis(values, order, axis=0), weight[order]
    reached = (np.cumsum(share, axis=0) - share / 2) / max(float(weight.sum()), 1e-12)
    wanted = np.broadcast_to(np.asarray(q, np.float64), values.shape[1:])
    columns = zip(wanted.tolist(), reached.T, ranked.T, strict=True)
    return np.array([np.interp(level, at, column) for level, at, column in columns])
