"""Following the faces before a camera for as long as a conversation goes on, with memory that does not grow.

The models are loaded once for all conversations of the process.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from emoagent.errors import ModelMissing, UsageError
from emoagent.schema import Model
from emoagent.tools.media.files import ANALYSIS_SIDE
from emoagent.tools.media.frame import checked
from emoagent.tools.sight.face_detector import Detector
from emoagent.tools.sight.face_search import Finder, Picture
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.face_tracker import FaceTracker

CLOSEST = 0.055  # seconds between frames that are looked at: of 15 a second all, of 25 or 30 every second one
REMEMBERED = 600.0  # seconds of which the rows are kept: rest is taken from them
SLACK = 60.0  # seconds more that may have gathered before they are dropped
AWAY = 2.0  # seconds without a frame after which the faces are looked for anew
BACK = 1.0  # seconds by which a frame may be late; it is left out


class Watcher:
    """Takes the frames of one camera and gives the faces of the last ten minutes. For one thread at a time.

    Raises `ModelMissing` if there is no landmark model.
    """

    def __init__(self) -> None:
        models = face_models()
        self._tracker = FaceTracker(models.finder, models.detector, asset=models.landmarks.name)
        self._last = self._kept_from = -1e9
        self._shape: tuple[int, ...] = ()

    def add(self, time: float, rgb: Picture) -> None:
        """Takes the next frame: `time` in seconds, ascending; `rgb` uint8 (height, width, 3), not changed later.

        Frames that follow too closely, or come late, are left out. Raises `UsageError` where the clock goes back.
        """
        checked(rgb)
        if time < self._last - BACK:
            raise UsageError(f"a frame of {time:.1f} s after one of {self._last:.1f} s", hint="use one ascending clock")
        if time - self._last < CLOSEST:
            return
        if time - self._last > AWAY or rgb.shape != self._shape:
            self._tracker.restart()
        self._tracker.add(time, _reduced(rgb))
        self._last, self._shape = time, rgb.shape
        if time - self._kept_from > REMEMBERED + SLACK:
            self._kept_from = max(self._kept_from, time - REMEMBERED)
            self._tracker.forget(self._kept_from)

    def faces(self) -> tuple[FaceSeries, list[list[int]]]:
        """What was seen until now, and the track numbers in groups that look like one person."""
        return self._tracker.so_far(), self._tracker.alike_so_far()

    def close(self) -> None:
        """Ends what is still being measured, and forgets all."""
        self._tracker.close()


def _reduced(rgb: Picture) -> Picture:
    """The picture, or a smaller one where it is larger than what a file is decoded to."""
    import cv2

    height, width = rgb.shape[:2]
    scale = ANALYSIS_SIDE / max(height, width)
    if scale >= 1:
        return rgb
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)


@dataclass(frozen=True)
class FaceModels:
    """`detector`: None where only near faces can be found."""

    finder: Finder
    landmarks: Model
    detector: Detector | None


@cache
def face_models() -> FaceModels:
    """The models, loaded by the first call and kept as long as the process lives. MediaPipe gives each a thread of its
    own, through which all calls go one by one. Raises `ModelMissing`."""
    from emoagent.tools.sight.face_detector import FaceDetector
    from emoagent.tools.sight.landmarker import Landmarker
    from emoagent.tools.weights.assets import face_detector, face_landmarker

    landmarks = face_landmarker()
    finder = Landmarker(landmarks.path).keep()
    try:
        return FaceModels(finder, landmarks.model(), FaceDetector(face_detector().path).keep())
    except ModelMissing:
        return FaceModels(finder, landmarks.model(), None)
