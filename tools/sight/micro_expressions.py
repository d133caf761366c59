"""Brief, small movements of single action units that rise and are gone again within half a second, over measured noise.

At 12.5 frames a second such a movement is two to six frames. It is found as a bump: the mean over 0.16 to 0.45 s less
the higher of the means just before and just after, so that a step or a drift is none. What counts as noise is how large
the same difference is, up or down, in everything else this person's face did so far, unit by unit. Frames near a blink,
a turn of the head or a gap are left out. (Micro-expressions: Ekman & Friesen 1969; 0.5 s: Yan et al. 2013.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.sampling import windows

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

WIDTHS = (0.16, 0.3, 0.45)  # seconds
FLANK = 0.3  # seconds before and after in which the face must be where it was
MARGIN = 0.05  # seconds between a bump and its flanks, where it rises and falls
LEAST = 0.45  # intensity of 5
ALONE, TOGETHER = 4.0, 3.0  # deviations of noise: for one unit, and for each of several
TOGETHER_WITHIN = 0.16  # seconds between the apexes of units that move together
FLOOR = 0.06  # intensity; no face is measured better
PRIOR, PRIOR_ROWS = 0.25, 10  # intensity; noise of a face that was hardly seen, and the rows that it counts as
APART = 0.5  # seconds from a bump from which the rest of the face's history is noise
SPOILT = 0.12  # seconds around a blink in which brows and lids follow the lids
TURN = 15.0  # degrees per second; a faster head bends the measured face


@dataclass(frozen=True)
class Bump:
    """`start`, `apex`, `end` in seconds; `units`: column numbers, the clearest first; `sizes`: how far each rises, in
    intensity; `clarity`: the deviations of noise that the clearest one reaches."""

    start: float
    apex: float
    end: float
    units: tuple[int, ...]
    sizes: tuple[float, ...]
    clarity: float


def bumps(
    time: Floats, track: NDArray[np.int32], raw: Floats, groups: NDArray[np.intp], since: float = -np.inf
) -> list[Bump]:
    """The bumps from `since` seconds on, among n rows, in time order.

    `raw` (n, K): unsmoothed intensities, NaN where a unit may not be judged; `groups` (K,): units of one group, such as
    AU1 and AU2, are one witness and not two.
    """
    if not len(time):
        return []
    rise, width = _rises(time, track, raw)
    clear = _clarity(time, rise, since)
    found: list[Bump] = []
    taken = np.zeros(len(time), bool)
    while (candidate := _clearest(time, clear, groups, taken)) is not None:
        row, units = candidate
        half = float(width[row, units[0]]) / 2
        found.append(_bump(time, rise, clear, row, units, half))
        taken |= np.abs(time - time[row]) < half + FLANK
    return sorted(found, key=lambda bump: bump.apex)


def steady(time: Floats, pose: Floats) -> Mask:
    """(n,) where the head turns no faster than `TURN`; `pose` (n, 3) degrees."""
    if len(time) < 3:
        return np.zeros(len(time), bool)
    speed = np.abs(np.gradient(pose, time, axis=0)).max(axis=1)
    rows, inside = windows(time, 0.3)
    return np.asarray(np.where(inside, np.nan_to_num(speed, nan=1e9)[rows], 0).max(axis=1) <= TURN, bool)


def near(time: Floats, mask: Mask, within: float = SPOILT) -> Mask:
    """(n,) rows no farther than `within` seconds from one of `mask`."""
    rows, inside = windows(time, 2 * within)
    return np.asarray((inside & mask[rows]).any(axis=1), bool)


def _rises(time: Floats, track: NDArray[np.int32], raw: Floats) -> tuple[Floats, Floats]:
    """(n, K) the best bump around each row and its width in seconds; NaN where a flank is not seen."""
    best, chosen = np.full(raw.shape, np.nan), np.zeros(raw.shape)
    for width in WIDTHS:
        rows, inside = windows(time, width + 2 * (MARGIN + FLANK))
        away = np.where(inside, time[rows] - time[:, None], np.inf)
        same = inside & (track[rows] == track[:, None])
        values = raw[rows]
        centre = _mean(values, same & (np.abs(away) <= width / 2 + 1e-6), 1)
        before = _mean(values, same & (away < -width / 2 - MARGIN + 1e-6), 2)
        after = _mean(values, same & (away > width / 2 + MARGIN - 1e-6) & np.isfinite(away), 2)
        rise = centre - np.maximum(before, after)
        better = np.isfinite(rise) & ~(rise <= best)
        best, chosen = np.where(better, rise, best), np.where(better, width, chosen)
    return best, chosen


def _mean(values: Floats, mask: Mask, least: int) -> Floats:
    """(n, K) mean of (n, w, K) where `mask` (n, w), of what is known; NaN where that is fewer than `least` rows."""
    known = mask[..., None] & np.isfinite(values)
    count = known.sum(axis=1)
    return np.where(count >= least, np.where(known, values, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan)


def _clarity(time: Floats, rise: Floats, since: float) -> Floats:
    """(n, K) bumps in deviations of noise, 0 where they are smaller than `LEAST`. Noise is taken without the second
    around the bump itself."""
    clear = np.zeros(rise.shape)
    for row, k in np.argwhere((np.nan_to_num(rise, nan=-1.0) >= LEAST) & (time >= since)[:, None]).tolist():
        elsewhere = rise[np.abs(time - time[row]) > APART, k]
        clear[row, k] = rise[row, k] / _spread(elsewhere[np.isfinite(elsewhere)])
    return clear


def _spread(values: Floats) -> float:
    """Robust deviation, but heeding tails: a lively face must move more. Drawn to `PRIOR` where few rows were seen."""
    if not len(values):
        return PRIOR
    middle, wide = np.quantile(np.abs(values - np.median(values)), [0.5, 0.9])
    own = max(float(middle) / 0.6745, float(wide) / 1.645, FLOOR)
    return (len(values) * own + PRIOR_ROWS * PRIOR) / (len(values) + PRIOR_ROWS)


def _clearest(time: Floats, clear: Floats, groups: NDArray[np.intp], taken: Mask) -> tuple[int, tuple[int, ...]] | None:
    """The row of the clearest bump that is left, and its units."""
    left = np.where(taken[:, None], 0.0, clear)
    for row in np.argsort(-left.max(axis=1), kind="stable"):
        if left[row].max() < TOGETHER:
            return None
        close = np.abs(time - time[row]) <= TOGETHER_WITHIN
        reached = left[close].max(axis=0)
        units = [int(k) for k in np.argsort(-reached, kind="stable") if reached[k] >= TOGETHER]
        if reached[units[0]] >= ALONE or len(set(groups[units].tolist())) > 1:
            return int(row), tuple(units)
    return None


def _bump(time: Floats, rise: Floats, clear: Floats, row: int, units: tuple[int, ...], half: float) -> Bump:
    apex, close = float(time[row]), np.abs(time - time[row]) <= TOGETHER_WITHIN
    sizes = tuple(float(np.nanmax(rise[close, k])) for k in units)
    return Bump(max(0.0, apex - half), apex, apex + half, units, sizes, float(clear[close][:, units[0]].max()))
