"""Where people in a picture look: the head's pose and the eyes in it, taken together and put into words' classes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.runs import runs

Floats = NDArray[np.float64]
Direction = Literal["camera", "left", "right", "up", "down"]

DIRECTIONS: tuple[Direction, ...] = ("camera", "left", "right", "up", "down")
UNKNOWN = -1
ASIDE = 14.0  # degrees beside the camera from which a look is averted; the median error of the plain eyes is 2 to 3
ABOVE = 16.0  # degrees above or below it; the eyes' error is larger here, and so is that of the head's pitch
TURNED = 30.0  # degrees of yaw from which the head alone tells the side
LASTS = 0.24  # seconds that a look must last to count as one
EYES_KNOWN = 0.3  # share of frames with eyes below which the head alone is followed


@dataclass(frozen=True)
class Looks:
    """`share` of each direction among the `known` share of rows; `shifts`: changes between looks that last; `angles`
    (2,) median degrees to the right and up."""

    share: dict[Direction, float]
    known: float
    shifts: int
    angles: tuple[float, float]

    @property
    def averted(self) -> float:
        """The share of the time in which the look is not towards the camera."""
        return 1 - self.share["camera"]


def directions(pose: Floats, eyes: Floats) -> tuple[NDArray[np.int8], Floats]:
    """(n,) index into `DIRECTIONS` or `UNKNOWN`, and (n, 2) degrees to the right of the picture and up.

    `pose` (n, 3) yaw, pitch, roll; `eyes` (n, 2) in the head. Where the eyes are not seen only a head that is turned
    far aside tells anything.
    """
    seen = np.isfinite(eyes).all(axis=1)
    angles = pose[:, :2] + np.where(np.isfinite(eyes), eyes, 0)
    known = np.isfinite(angles).all(axis=1) & (seen | (np.abs(pose[:, 0]) >= TURNED))
    right, up = angles.T
    sideways = np.abs(right) / ASIDE >= np.abs(up) / ABOVE
    classes = np.select(
        [~known, (np.abs(right) < ASIDE) & (np.abs(up) < ABOVE), sideways & (right < 0), sideways, up > 0],
        [UNKNOWN, 0, 1, 2, 3],
        4,
    )
    return classes.astype(np.int8), np.where(known[:, None], angles, np.nan)


def looks(time: Floats, pose: Floats, eyes: Floats) -> Looks | None:
    """The looks of one face over a stretch of time; None where they are known too seldom."""
    where, angles = directions(pose, eyes)
    known = where != UNKNOWN
    if known.sum() < 2 or known.mean() < EYES_KNOWN:
        return None
    share: dict[Direction, float] = {d: float((where[known] == k).mean()) for k, d in enumerate(DIRECTIONS)}
    right, up = np.nanmedian(angles, axis=0).tolist()
    return Looks(share, float(known.mean()), _shifts(time[known], where[known]), (right, up))


def _shifts(time: Floats, where: NDArray[np.int8]) -> int:
    """Changes of direction between looks that last."""
    step = float(np.median(np.diff(time))) if len(time) > 1 else 0.0
    lasting = [
        int(where[a]) for a, b in runs(np.ones(len(where), bool), where) if time[b - 1] - time[a] + step >= LASTS
    ]
    return sum(one != other for one, other in pairwise(lasting))


def towards(right: float, up: float, own: Floats, other: Floats) -> bool:
    """Whether a look of so many degrees goes to where the other's face is in the picture.

    `own`, `other`: boxes x, y, width, height in one unit. Depth is not known, so the side has to fit, and up and down
    must not contradict it: people who talk sit at much the same distance.
    """
    dx = float(other[0] + other[2] / 2 - own[0] - own[2] / 2)
    dy = float(own[1] + own[3] / 2 - other[1] - other[3] / 2)
    across = abs(dx) > 0.5 * float(own[2])
    return across and right * dx > 0 and abs(right) >= ASIDE and (abs(up) < ABOVE or up * dy > 0)
