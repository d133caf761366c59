"""The outline of a face: which of the landmark model's points are drawn, and how they are joined."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.sight.face_search import Box, Finder, Picture, look

CROP = 2.0  # times the face's box, in which it is looked for again, as the tracker does
SAME = 0.3  # overlap from which it is the same face

# Points of MediaPipe's face mesh, each contour in drawing order; the first is repeated where it is closed.
_OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149,
         150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109, 10)  # fmt: skip
_LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185, 61)
_MOUTH = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191, 78)
_LEFT_EYE = (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466, 263)
_RIGHT_EYE = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246, 33)
_LEFT_BROW = (276, 283, 282, 295, 285, 336, 296, 334, 293, 300, 276)
_RIGHT_BROW = (46, 53, 52, 65, 55, 107, 66, 105, 63, 70, 46)
_BRIDGE = (168, 6, 197, 195, 5, 4)
_NOSTRILS = (64, 98, 97, 2, 326, 327, 294)
_MESH = (_OVAL, _LIPS, _MOUTH, _LEFT_EYE, _RIGHT_EYE, _LEFT_BROW, _RIGHT_BROW, _BRIDGE, _NOSTRILS)

POINTS = tuple(sorted({point for contour in _MESH for point in contour}))
CONTOURS = tuple(tuple(POINTS.index(point) for point in contour) for contour in _MESH)
"""The contours as indices into `POINTS`."""


def contour(finder: Finder, rgb: Picture, box: Sequence[float]) -> NDArray[np.float32] | None:
    """(len(POINTS), 2) x, y as fractions of the picture, of the face in `box` (x, y, width, height as fractions);
    `None` where it is not found again."""
    height, width = rgb.shape[:2]
    known = Box(box[0] * width, box[1] * height, box[2] * width, box[3] * height)
    found = look(finder, rgb, known.square(CROP))
    best = max(found, key=lambda seen: seen.box.overlap(known), default=None)
    if best is None or best.box.overlap(known) < SAME:
        return None
    return np.asarray(best.landmarks[list(POINTS), :2] / np.array([width, height], np.float32), np.float32)


def packed(points: NDArray[np.float32]) -> str:
    """Base64 of little-endian uint16 pairs; 65535 is the whole width or height. What sticks out is cut off."""
    level = np.clip(np.round(points * 65535), 0, 65535)
    return base64.b64encode(level.astype("<u2").tobytes()).decode("ascii")
