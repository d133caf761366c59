"""MediaPipe's Hand Landmarker on the pictures of one clip: hands in, points out. It follows hands between pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import ModelMissing
from emoagent.tools.landmarker import _creating, _libraries_hint, _mediapipe, _quiet

MAX_HANDS = 2
POINTS = 21


@dataclass(frozen=True)
class Hand:
    """One hand: `points` (21, 2) float32, x and y as fractions of the picture (also outside it); `score` 0..1 is how
    sure MediaPipe is of its left or right, which falls with the quality of the sight."""

    points: NDArray[np.float32]
    score: float


class HandLandmarker:
    """Finds up to two hands. Meant for one clip and one thread; close it at the end.

    It runs in MediaPipe's video mode: the palm detector misses hands that touch a face or the picture's edge, while a
    hand that has been found once is followed through them. Raises `ModelMissing` if it cannot be loaded.
    """

    def __init__(self, model: Path) -> None:
        self._mediapipe = _mediapipe()
        vision = self._mediapipe.tasks.vision
        options = vision.HandLandmarkerOptions(
            base_options=self._mediapipe.tasks.BaseOptions(model_asset_path=str(model)),
            running_mode=vision.RunningMode.VIDEO,
            num_hands=MAX_HANDS,
        )
        try:
            with _creating, _quiet():
                self._landmarker = vision.HandLandmarker.create_from_options(options)
                self._find(0, np.zeros((64, 64, 3), np.uint8))  # the first picture makes it talk, not only the start
        except OSError as error:
            hint = _libraries_hint()
            raise ModelMissing(f"MediaPipe cannot start: {error}", hint=hint, where="mediapipe") from error
        except (RuntimeError, ValueError) as error:
            hint = "emoagent models verify; emoagent models pull hand_landmarker_assembled"
            raise ModelMissing(f"{model.name} is no usable model: {error}", hint=hint, where=str(model)) from error

    def detect(self, time: float, rgb: NDArray[np.uint8]) -> list[Hand]:
        """The hands in a picture, uint8 (height, width, 3), at `time` seconds, later than the last one."""
        found = self._find(1 + round(time * 1000), rgb)
        pairs = zip(found.hand_landmarks, found.handedness, strict=True)
        return [Hand(_array(points), float(sides[0].score)) for points, sides in pairs]

    def close(self) -> None:
        """Frees the model. The landmarker cannot be used afterwards."""
        with _creating, _quiet():
            self._landmarker.close()

    def _find(self, milliseconds: int, rgb: NDArray[np.uint8]) -> Any:
        image = self._mediapipe.Image(image_format=self._mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(rgb))
        return self._landmarker.detect_for_video(image, milliseconds)


def _array(points: list[Any]) -> NDArray[np.float32]:
    return np.array([(point.x, point.y) for point in points], np.float32)
