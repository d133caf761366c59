"""Finding hands in the frames of a clip, now and then."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.hand_series import HandSeries


class HandTracker:
    """Takes the analysed frames one by one, chooses those worth searching, and gives all hands at the end."""

    def add(self, time: float, rgb: NDArray[np.uint8]) -> None:
        """Takes the next frame: `time` in seconds, ascending; `rgb` uint8 (height, width, 3), not changed later."""

    def series(self) -> HandSeries:
        """All hands, after the last frame."""
        return HandSeries.empty()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Frees the model."""
