"""Nods, shakes and tilts of the head: oscillations and leans of its pose that stand out from how it moves in speech.

Nods and shakes are cyclic movements of one to a few hertz (Hadar, Steiner & Rose 1985: 1.8-3.7 Hz for ordinary, faster
for rapid ones). A head that talks also moves in this band, but seldom twice to and fro by as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Kind = Literal["nod", "shake", "tilt"]

YAW, PITCH, ROLL = 0, 1, 2
RATE = 12.5  # samples per second on which gestures are looked for
GAP = 0.35  # seconds without a sight of the face that end a stretch
DRIFT = 1.0  # seconds; what is slower is posture
SWING = {PITCH: 4.0, YAW: 3.5}  # degrees between turning points, at least; see docs/design/behavior.md
NOISE = 4.0  # and at least so many deviations of the same head's movement before
BRIEFEST, LONGEST = 0.1, 0.55  # seconds from one turning point to the next: about 1 to 4 Hz
SWINGS = 3  # in a row
OTHER_AXIS = 1.2  # times the movement about the other axis
TILT, TILT_SECONDS = 7.5, 0.5  # degrees of roll from the usual, and for how long
KNOWN = 1.0  # seconds of the head before, to know its usual


@dataclass(frozen=True)
class HeadGesture:
    """`count`: whole movements to and fro (1 for a tilt). `amplitude`: degrees from one turning point to the next
    (median), or from the usual roll, its sign as that of the roll. `rate`: movements per second, 0 for a tilt."""

    kind: Kind
    start: float
    end: float
    count: int
    amplitude: float
    rate: float


def head_gestures(time: Floats, pose: Floats, start: float) -> list[HeadGesture]:
    """The gestures that begin at `start` or later, in time order.

    `time` (n,) seconds, ascending, may begin before `start`: what is usual for the head comes from there. `pose`
    (n, 3) yaw, pitch, roll in degrees; rows that are not finite are passed over.
    """
    seen = np.isfinite(pose).all(axis=1)
    time, pose = time[seen], pose[seen]
    found = [g for axis in (PITCH, YAW) for part in _stretches(time) for g in _swinging(time, pose, part, axis, start)]
    return sorted(found + _tilts(time, pose[:, ROLL], start), key=lambda gesture: gesture.start)


def _stretches(time: Floats) -> list[slice]:
    breaks = [0, *(np.flatnonzero(np.diff(time) > GAP) + 1).tolist(), len(time)]
    return [slice(a, b) for a, b in pairwise(breaks) if b - a > SWINGS]


def _swinging(time: Floats, pose: Floats, part: slice, axis: int, start: float) -> list[HeadGesture]:
    even = np.arange(time[part][0], time[part][-1], 1 / RATE)
    if len(even) < 2 * SWINGS:
        return []
    fast = np.stack([_without_drift(np.interp(even, time[part], pose[part, k])) for k in range(3)], axis=1)
    usual = fast[even < start - DRIFT / 2, axis]
    noise = 1.4826 * float(np.median(np.abs(usual))) if len(usual) >= KNOWN * RATE else 0.0
    turns = turning_points(fast[:, axis], max(SWING[axis], min(NOISE * noise, 2 * SWING[axis])))
    series = _in_a_row(even, [turn for turn in turns if even[turn] >= start])
    return [gesture for points in series if (gesture := _gesture(even, fast, axis, points)) is not None]


def _without_drift(angle: Floats) -> Floats:
    """The angle without what changes more slowly than `DRIFT`."""
    odd = 2 * int(DRIFT * RATE / 2) + 1
    padded = np.pad(angle, odd // 2, mode="edge")
    return angle - np.convolve(padded, np.ones(odd) / odd, mode="valid")


def turning_points(angle: Floats, swing: float) -> list[int]:
    """Indices of the extremes between which `angle` changes by `swing` or more, alternately up and down."""
    points: list[int] = []
    lowest = highest = 0
    rising: bool | None = None
    for i, value in enumerate(angle.tolist()):
        highest = i if value > angle[highest] else highest
        lowest = i if value < angle[lowest] else lowest
        if rising is not False and angle[highest] - value >= swing:
            points.append(highest)
            rising, lowest = False, i
        elif rising is not True and value - angle[lowest] >= swing:
            points.append(lowest)
            rising, highest = True, i
    if rising is not None:
        points.append(highest if rising else lowest)
    return points


def _in_a_row(time: Floats, turns: list[int]) -> list[list[int]]:
    """Series of turning points that follow each other neither too fast nor too slowly, with `SWINGS` or more swings."""
    series: list[list[int]] = [[]]
    for point in turns:
        if series[-1] and not BRIEFEST <= time[point] - time[series[-1][-1]] <= LONGEST:
            series.append([])
        series[-1].append(point)
    return [points for points in series if len(points) > SWINGS]


def _gesture(time: Floats, fast: Floats, axis: int, turns: list[int]) -> HeadGesture | None:
    span = slice(turns[0], turns[-1] + 1)
    other = YAW if axis == PITCH else PITCH
    if fast[span, axis].std() < OTHER_AXIS * fast[span, other].std():
        return None
    start, end = float(time[turns[0]]), float(time[turns[-1]])
    swings = len(turns) - 1
    amplitude = float(np.median(np.abs(np.diff(fast[turns, axis]))))
    return HeadGesture("nod" if axis == PITCH else "shake", start, end, swings // 2, amplitude,
                       swings / 2 / max(end - start, 1 / RATE))  # fmt: skip


def _tilts(time: Floats, roll: Floats, start: float) -> list[HeadGesture]:
    """Stretches in which the head leans to the side from how it was held before."""
    before = roll[time < start]
    if np.count_nonzero(time < start) < KNOWN * RATE / 2 or np.ptp(time[time < start]) < KNOWN:
        return []
    away = roll - np.median(before)
    limit = max(TILT, NOISE * 1.4826 * float(np.median(np.abs(before - np.median(before)))))
    leaning = (np.abs(away) >= limit) & (time >= start)
    edges = np.flatnonzero(np.diff(leaning.astype(np.int8), prepend=0, append=0))
    found = []
    for first, past in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        begin, end = float(time[first]), float(time[past - 1])
        if end - begin >= TILT_SECONDS:
            found.append(HeadGesture("tilt", begin, end, 1, float(np.median(away[first:past])), 0.0))
    return found
