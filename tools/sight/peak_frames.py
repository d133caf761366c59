"""The frame of each utterance in which the face shows most: where the face is in it, and its outline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.sight.face_contours import packed


@dataclass(frozen=True)
class Peak:
    """`time`: seconds. `box`: x, y, width, height as fractions of the picture. `points`: as `contour` gives them."""

    utterance: str
    person: str | None
    time: float
    box: Sequence[float]
    points: NDArray[np.float32] | None
    picture: str | None

    def told(self) -> dict[str, Any]:
        """The peak as JSON takes it, and as the report does."""
        numbers = {"time": round(self.time, 3), "box": [round(share, 4) for share in self.box]}
        points = None if self.points is None else packed(self.points)
        return {
            "utterance": self.utterance,
            "person": self.person,
            "picture": self.picture,
            **numbers,
            "points": points,
        }


def save(peaks: Sequence[Peak], path: Path) -> None:
    """Writes the peaks as JSON, one a line."""
    lines = ",\n".join(json.dumps(peak.told()) for peak in peaks)
    path.write_text(f"[{lines}]\n", encoding="utf-8")
