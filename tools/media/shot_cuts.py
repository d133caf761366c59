"""Shot cuts, from small colour pictures of the frames around a boundary."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

Thumbnail = NDArray[np.float32]

BEFORE, AFTER = 3, 3  # frames compared on either side: a flash or a glitch of up to two frames is no cut
WIDTH, HEIGHT = 32, 18
CLEAR, LIKELY = 14.0, 6.0  # mean difference of the colours, 0..255; motion in talking-head video stays below 10
UNLIKE = 0.25  # 1 - correlation of the two thumbnails, where the difference alone is not clear (dark pictures)
STANDS_OUT = 3.0  # times the usual difference of the last two seconds or so: a fast pan is no cut


def thumbnail(rgb: NDArray[np.uint8]) -> Thumbnail:
    """A picture, uint8 (height, width, 3), as float32 (18, 32, 3), 0..255."""
    import cv2

    coarse = cv2.resize(rgb, (4 * WIDTH, 4 * HEIGHT), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), dtype=np.float32)


class ShotCuts:
    """Says of one frame after the other whether a shot begins with it. It remembers how much usually changes."""

    def __init__(self) -> None:
        self._usual: deque[float] = deque(maxlen=25)

    def begins(self, before: Sequence[Thumbnail], after: Sequence[Thumbnail]) -> bool:
        """Whether a cut lies between `before` (up to 3 frames) and `after` (this frame and up to 2 that follow).

        Both sides must differ in all pairs, so that a flash, after which the old picture comes back, is no cut.
        """
        if not before:
            return False
        change = min(_difference(a, b) for a in reversed(before) for b in after)
        usual = median(self._usual) if self._usual else 0.0
        self._usual.append(change)
        if change < LIKELY or change < STANDS_OUT * usual:
            return False
        if change < STANDS_OUT * min((_difference(a, b) for a, b in pairwise(after)), default=0.0):
            return False
        return change >= CLEAR or min(_unlikeness(a, b) for a in before for b in after) >= UNLIKE


def _difference(one: Thumbnail, other: Thumbnail) -> float:
    import cv2

    return float(cv2.norm(one, other, cv2.NORM_L1)) / one.size


def _unlikeness(one: Thumbnail, other: Thumbnail) -> float:
    a, b = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return 1 - float((a * b).sum()) / scale if scale > 0 else 1.0
