"""MediaPipe's Hand Landmarker on the pictures of one clip: hands in, points out. It follows hands between pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.sight.mediapipe_task import Task

MAX_HANDS = 2
POINTS = 21


@dataclass(frozen=True)
class Hand:
    """One hand: `points` (21, 2) float32, x and y as fractions of the picture (also outside it); `score` 0..1 is how
    sure MediaPipe is of its left or right, which falls with the quality of the sight."""

    points: NDArray[np.float32]
    score: float


class HandLandmarker(Task):
    """Finds up to two hands. Meant for one clip; close it at the end.

    It runs in MediaPipe's video mode: the palm detector misses hands that touch a face or the picture's edge, while a
    hand that has been found once is followed through them. Raises `ModelMissing` if it cannot be loaded.
    """

    def __init__(self, model: Path) -> None:
        def create(mediapipe: Any) -> Any:
            vision = mediapipe.tasks.vision
            options = vision.HandLandmarkerOptions(
                base_options=mediapipe.tasks.BaseOptions(model_asset_path=str(model)),
                running_mode=vision.RunningMode.VIDEO,
                num_hands=MAX_HANDS,
            )
            return vision.HandLandmarker.create_from_options(options)

        super().__init__(create, "hand_landmarker_assembled", model)

    def warm_up(self) -> None:
        """Shows it a black picture."""
        self._find(0, np.zeros((64, 64, 3), np.uint8))

    def detect(self, time: float, rgb: NDArray[np.uint8]) -> list[Hand]:
        """The hands in a picture, uint8 (height, width, 3), at `time` seconds, later than the last one."""
        found = self._find(1 + round(time * 1000), rgb)
        pairs = zip(found.hand_landmarks, found.handedness, strict=True)
        return [Hand(_array(points), float(sides[0].score)) for points, sides in pairs]

    def _find(self, milliseconds: int, rgb: NDArray[np.uint8]) -> Any:
        return self.native.detect_for_video(self.image(rgb), milliseconds)


def _array(points: list[Any]) -> NDArray[np.float32]:
    return np.array([(point.x, point.y) for point in points], np.float32)
