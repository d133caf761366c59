"""Where the eyes point, relative to the head."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def gaze(rgb: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """(2,) degrees of the eyes in the head, the mean of both: right side of the picture > 0, up > 0.

    `landmarks` (468 or 478, 3) in pixels of the picture `rgb`. NaN where the eyes cannot be seen well enough.
    """
    return np.full(2, np.nan, np.float32)
