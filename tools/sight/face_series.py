"""The faces of a clip as plain arrays: one row per face per analysed frame, ordered by time, then by track."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
BLENDSHAPES = 52


@dataclass(frozen=True)
class FaceSeries:
    """n rows (faces), m analysed frames, k shot cuts. Missing numbers are NaN, never 0."""

    time: NDArray[np.float64]  # (n,) seconds
    track: NDArray[np.int32]  # (n,) track number, 0, 1, …; a track never crosses a shot cut
    box: Floats  # (n, 4) x, y, width, height as fractions of the frame
    quality: Floats  # (n,) 0..1: size, sharpness, how frontal
    pose: Floats  # (n, 3) yaw, pitch, roll in degrees; 0 is frontal
    features: Floats  # (n, F) columns as in `emoagent.tools.sight.face_geometry.FEATURES`
    blendshapes: Floats  # (n, 52), NaN where the model has none
    gaze: Floats  # (n, 2) degrees of the eyes in the head: right side of the picture > 0, up > 0; NaN: not seen
    factors: Floats  # (n, 4) what `quality` is made of, 0..1: size, sharpness, how frontal, how little is covered
    frames: NDArray[np.float64]  # (m,) seconds of every analysed frame, with or without a face
    cuts: NDArray[np.float64]  # (k,) seconds of the first frame after each shot cut
    asset: str  # name of the landmark model that was used
    alike: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    """(tracks,) group of each track number: tracks of one group look like one person; empty: not compared."""

    def rows(self, track: int) -> NDArray[np.intp]:
        """Indices of one track's rows, in time order."""
        return np.flatnonzero(self.track == track)

    def tracks(self) -> list[int]:
        """The track numbers, ascending."""
        return [int(t) for t in np.unique(self.track)]

    def groups(self) -> list[list[int]] | None:
        """Track numbers that look like one person, as `bind` takes them; `None` where looks were not compared."""
        if not len(self.alike):
            return None
        return [[int(t) for t in np.flatnonzero(self.alike == group)] for group in np.unique(self.alike)]

    def between(self, start: float, end: float) -> NDArray[np.intp]:
        """Indices of the rows with `start` ≤ time < `end` (seconds)."""
        first, last = np.searchsorted(self.time, [start, end])
        return np.arange(first, last)

    def save(self, path: Path) -> None:
        """Writes an uncompressed `.npz`."""
        with path.open("wb") as file:
            arrays: dict[str, Any] = {name: np.asarray(value) for name, value in vars(self).items()}
            if np.isnan(self.blendshapes).all():
                arrays.pop("blendshapes")
            np.savez(file, **arrays)

    @classmethod
    def load(cls, path: Path) -> FaceSeries:
        """Reads what `save` wrote."""
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            fields = {name: data[name] for name in data.files}
        fields.setdefault("blendshapes", without_blendshapes(len(fields["time"])))
        return cls(**{**fields, "asset": str(fields["asset"])})


def without_blendshapes(rows: int) -> Floats:
    """(rows, 52) NaN that take no memory: what a model without blendshapes gives."""
    return np.broadcast_to(np.float32(np.nan), (rows, BLENDSHAPES))
