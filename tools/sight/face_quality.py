"""How well a face can be measured: large enough, sharp enough, turned to the camera, not covered."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.sight.face_search import Picture, Sighting

PATCH = 64  # pixels
TINY, LARGE = 32.0, 192.0  # pixels of the box's longer side: useless below, no better above
BLURRED, SHARP = 0.01, 0.15  # `sharpness` of the face at 64 pixels, blurred by 4 % of its size and as filmed
FRONTAL = (0.5, 0.97)  # cosine of the angle between the nose and the camera


@dataclass(frozen=True)
class Quality:
    """`factors`: size, sharpness, how frontal, how little is covered, each 0..1. `value`: 0..1, the cube root of their
    product: the geometric mean of the first three, lowered by what covers the face."""

    value: float
    factors: tuple[float, float, float, float]


def face_quality(rgb: Picture, seen: Sighting, uncovered: float = 1.0) -> Quality:
    """How well the face can be measured, and why. `uncovered`: 0..1, what `emoagent.tools.sight.face_cover` says."""
    size = _log_ramp(seen.box.side, TINY, LARGE)
    sharp = _log_ramp(sharpness(_patch(rgb, seen)), BLURRED, SHARP)
    frontal = _ramp(float(np.cos(np.radians(seen.pose[:2].astype(float))).prod()), *FRONTAL)
    return Quality(float((size * sharp * frontal * uncovered) ** (1 / 3)), (size, sharp, frontal, uncovered))


def sharpness(luma: NDArray[np.float32]) -> float:
    """Variance of the Laplacian over the variance, so that contrast does not count (Pech-Pacheco et al. 2000)."""
    import cv2

    spread = float(luma.var())
    return float(cv2.Laplacian(luma, cv2.CV_32F).var()) / spread if spread > 1 else 0.0


def _patch(rgb: Picture, seen: Sighting) -> NDArray[np.float32]:
    import cv2

    box = seen.box
    left, top = max(0, int(box.x)), max(0, int(box.y))
    part = rgb[top : int(box.y + box.height) + 1, left : int(box.x + box.width) + 1]
    luma = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(luma, (PATCH, PATCH), interpolation=cv2.INTER_AREA), dtype=np.float32)


def _ramp(value: float, low: float, high: float) -> float:
    return min(1.0, max(0.0, (value - low) / (high - low)))


def _log_ramp(value: float, low: float, high: float) -> float:
    return _ramp(math.log(max(value, low)), math.log(low), math.log(high))
