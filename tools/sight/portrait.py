"""Thumbnails that show which face a finding is about."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import EmoagentError

WIDTH, QUALITY = 480, 85  # pixels; JPEG
_COLOUR = (80, 220, 255)  # blue, green, red


def portrait(rgb: NDArray[np.uint8], box: Sequence[float]) -> bytes:
    """The picture as a JPEG of `WIDTH` pixels, the face marked by a thin frame with strong corners.

    `rgb`: (height, width, 3) uint8. `box`: x, y, width, height as fractions of the picture.
    """
    import cv2

    height, width = rgb.shape[:2]
    size = (WIDTH, max(1, round(height * WIDTH / width)))
    picture = cv2.cvtColor(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2BGR)
    left, top = round(box[0] * size[0]), round(box[1] * size[1])
    right, bottom = round((box[0] + box[2]) * size[0]), round((box[1] + box[3]) * size[1])
    cv2.rectangle(picture, (left, top), (right, bottom), _COLOUR, 1, cv2.LINE_AA)
    arm = max(4, (right - left) // 5)
    for x, toward_x in ((left, 1), (right, -1)):
        for y, toward_y in ((top, 1), (bottom, -1)):
            cv2.line(picture, (x, y), (x + toward_x * arm, y), _COLOUR, 3, cv2.LINE_AA)
            cv2.line(picture, (x, y), (x, y + toward_y * arm), _COLOUR, 3, cv2.LINE_AA)
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise EmoagentError(f"a picture of {width} x {height} pixels cannot be written as JPEG")
    return bytes(data)
