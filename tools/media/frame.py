"""A picture of a camera in memory, as a turn of a conversation is given it."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import UsageError

SMALLEST, LARGEST = 16, 4096  # pixels of a side
Picture = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Frame:
    """`time`: seconds from the start of the turn; `rgb`: uint8 (height, width, 3), not changed later.

    Raises `UsageError` where it cannot be a picture.
    """

    time: float
    rgb: Picture

    def __post_init__(self) -> None:
        if not isfinite(self.time) or self.time < 0:
            raise UsageError(f"a frame cannot be shown at {self.time} s", hint="count from the start of the turn")
        checked(self.rgb)


def checked(rgb: Picture) -> Picture:
    """`rgb` itself. Raises `UsageError` where it is no uint8 array (height, width, 3) of 16 to 4096 pixels a side."""
    if not isinstance(rgb, np.ndarray) or rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
        shape = f"{getattr(rgb, 'dtype', type(rgb).__name__)} {getattr(rgb, 'shape', '')}".strip()
        raise UsageError(f"this is no picture: {shape}", hint="give RGB as uint8 (height, width, 3)")
    if not all(SMALLEST <= side <= LARGEST for side in rgb.shape[:2]):
        raise UsageError(f"a picture of {rgb.shape[1]}x{rgb.shape[0]} pixels", hint=f"{SMALLEST} to {LARGEST} a side")
    return rgb
