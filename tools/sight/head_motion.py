"""How a head is held and moved over a stretch of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

SWING = 5.0  # degrees; smaller turns accompany any speech
LONGEST_SWING = 0.8  # seconds from one turning point to the next


@dataclass(frozen=True)
class HeadMotion:
    """Medians in degrees (signs as in `face_geometry.head_pose`); `nods` and `shakes` count swings to and fro."""

    yaw: float
    pitch: float
    roll: float
    nods: int
    shakes: int


def head_motion(time: ArrayLike, pose: ArrayLike) -> HeadMotion | None:
    """`time`: (n,) seconds, ascending; `pose`: (n, 3) yaw, pitch, roll in degrees. None where nothing is finite."""
    when, angles = np.asarray(time, np.float64), np.asarray(pose, np.float64)
    seen = np.isfinite(angles).all(axis=1)
    if not seen.any():
        return None
    when, angles = when[seen], angles[seen]
    yaw, pitch, roll = np.median(angles, axis=0).tolist()
    return HeadMotion(yaw, pitch, roll, swings(when, angles[:, 1]), swings(when, angles[:, 0]))


def swings(time: NDArray[np.float64], angle: NDArray[np.float64]) -> int:
    """The most swings in a row of at least `SWING` degrees, each opposite to the last and no slower than
    `LONGEST_SWING`. Two make one nod (down and up)."""
    longest = count = 0
    direction, extreme, at = 0, float(angle[0]), float(time[0])
    turned = at
    for t, a in zip(time[1:].tolist(), angle[1:].tolist(), strict=True):
        if direction == 0 or (a - extreme) * direction < 0:
            if abs(a - extreme) >= SWING:
                count = count + 1 if direction and at - turned <= LONGEST_SWING else 1
                longest, direction, turned = max(longest, count), (1 if a > extreme else -1), at
                extreme, at = a, t
        else:
            extreme, at = a, t
    return longest
