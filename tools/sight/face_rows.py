"""Collecting the rows of a `FaceSeries` while a clip goes by, in typed arrays that hold nothing but the numbers."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.sight.face_geometry import FEATURES
from emoagent.tools.sight.face_quality import Quality
from emoagent.tools.sight.face_series import BLENDSHAPES, FaceSeries, Floats, without_blendshapes

WIDTHS = {"box": 4, "quality": 1, "factors": 4, "pose": 3, "gaze": 2, "features": len(FEATURES)}
ROW = sum(WIDTHS.values())


@dataclass(frozen=True)
class Row:
    """One face in one frame; `numbers` are those of `WIDTHS`, one after the other, float32; `shapes` (52,) or none."""

    time: float
    numbers: Floats
    shapes: Floats | None

    @classmethod
    def of(
        cls, time: float, box: list[float], quality: Quality, pose: Floats, gaze: Floats, features: Floats,
        shapes: Floats | None,
    ) -> Row:  # fmt: skip
        """Puts the numbers of a row together."""
        numbers = [*box, quality.value, *quality.factors, *pose, *gaze, *features]
        return cls(time, np.array(numbers, np.float32), shapes)


@dataclass
class Rows:
    """What has been collected so far."""

    time: array[float] = field(default_factory=lambda: array("d"))
    track: array[int] = field(default_factory=lambda: array("i"))
    numbers: array[float] = field(default_factory=lambda: array("f"))
    shapes: array[float] = field(default_factory=lambda: array("f"))
    frames: array[float] = field(default_factory=lambda: array("d"))
    cuts: array[float] = field(default_factory=lambda: array("d"))

    def add(self, track: int, row: Row) -> None:
        """Appends a row."""
        self.time.append(row.time)
        self.track.append(track)
        self.numbers.frombytes(row.numbers.tobytes())
        if row.shapes is not None:
            self.shapes.frombytes(row.shapes.astype(np.float32).tobytes())

    def forget(self, before: float) -> None:
        """Drops what was seen before that second."""
        gone = next((i for i, time in enumerate(self.time) if time >= before), len(self.time))
        if gone:
            shapes = BLENDSHAPES if self.shapes else 0
            for kept, width in ((self.time, 1), (self.track, 1), (self.numbers, ROW), (self.shapes, shapes)):
                del kept[: gone * width]
        for times in (self.frames, self.cuts):
            del times[: bisect_left(times, before)]

    def series(self, asset: str) -> FaceSeries:
        """All rows, ordered by time, then by track."""
        time, track = np.array(self.time, np.float64), np.array(self.track, np.int32)
        order = np.lexsort((track, time))
        table = np.frombuffer(self.numbers, np.float32).reshape(-1, ROW)
        ends = np.cumsum(list(WIDTHS.values())).tolist()
        columns: dict[str, Any] = {
            name: table[order, end - width : end] for (name, width), end in zip(WIDTHS.items(), ends, strict=True)
        }
        quality: NDArray[np.float32] = columns.pop("quality")[:, 0]
        shapes = np.frombuffer(self.shapes, np.float32).reshape(-1, BLENDSHAPES)
        columns["blendshapes"] = shapes[order] if len(shapes) else without_blendshapes(len(order))
        return FaceSeries(
            time=time[order], track=track[order], quality=quality, frames=np.array(self.frames, np.float64),
            cuts=np.array(self.cuts, np.float64), asset=asset, **columns,
        )  # fmt: skip
