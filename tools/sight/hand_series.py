"""The hands of a clip as plain arrays: one row per hand per frame that was looked at, ordered by time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class HandSeries:
    """n rows (hands), m frames that were searched for hands. Missing numbers are NaN, never 0."""

    time: NDArray[np.float64]  # (n,) seconds
    points: NDArray[np.float32]  # (n, 21, 2) MediaPipe's hand landmarks, x and y as fractions of the frame
    score: NDArray[np.float32]  # (n,) 0..1
    frames: NDArray[np.float64]  # (m,) seconds of every frame that was searched, with or without a hand
    reason: str = ""  # why nothing was searched; empty where hands were looked for

    @classmethod
    def empty(cls, reason: str = "") -> HandSeries:
        """Nothing was searched."""
        none = np.zeros(0)
        return cls(none, np.zeros((0, 21, 2), np.float32), none.astype(np.float32), none, reason)

    def between(self, start: float, end: float) -> NDArray[np.intp]:
        """Indices of the rows with `start` ≤ time < `end` (seconds)."""
        first, last = np.searchsorted(self.time, [start, end])
        return np.arange(first, last)

    def searched(self, start: float, end: float) -> NDArray[np.float64]:
        """The times of the searched frames with `start` ≤ time < `end` (seconds)."""
        first, last = np.searchsorted(self.frames, [start, end])
        return self.frames[first:last]

    def save(self, path: Path) -> None:
        """Writes an uncompressed `.npz`."""
        with path.open("wb") as file:
            arrays: dict[str, Any] = {name: np.asarray(value) for name, value in vars(self).items()}
            np.savez(file, **arrays)

    @classmethod
    def load(cls, path: Path) -> HandSeries:
        """Reads what `save` wrote."""
        with np.load(path, allow_pickle=False) as data:
            fields = {name: data[name] for name in data.files}
        return cls(**{**fields, "reason": str(fields.get("reason", ""))})
