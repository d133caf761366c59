"""Stretches and running medians of numbers that are sampled over time."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def runs(mask: ArrayLike, group: ArrayLike | None = None) -> list[tuple[int, int]]:
    """Stretches of True as (first, past the last) indices, broken where `group` (n,) changes."""
    on = np.asarray(mask, bool)
    label = np.zeros(len(on), np.int64) if group is None else np.asarray(group, np.int64)
    broken = np.flatnonzero((np.diff(on.astype(np.int8)) != 0) | (np.diff(label) != 0)) + 1
    edges = [0, *broken.tolist(), len(on)]
    return [(a, b) for a, b in pairwise(edges) if a < b and on[a]]


def median_filter(values: Floats, width: float) -> Floats:
    """Running median of (n, k) along the rows, over the odd number of rows at or below `width` + 1.

    The ends are repeated; where a window holds a NaN the value stays as it is.
    """
    odd = 2 * int(width / 2) + 1
    if odd < 3 or len(values) < 3:
        return values
    padded = np.pad(values, ((odd // 2, odd // 2), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, odd, axis=0)
    broken = ~np.isfinite(windows).all(axis=-1)
    middle = np.median(np.where(np.isfinite(windows), windows, 0.0), axis=-1)
    return np.where(broken, values, middle)
