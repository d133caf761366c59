"""MediaPipe's full-range face detector on parts of a picture: it sees faces from about a twentieth of the part on."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.sight.mediapipe_task import Task

CONFIDENCE = 0.5  # below it, twice as many things are taken for faces, and no more faces are found

Corners = tuple[float, float, float, float]


class Detector(Protocol):
    """What finds boxes of faces: `FaceDetector`, or a double in tests."""

    def boxes(self, rgb: NDArray[np.uint8]) -> list[Corners]: ...


class FaceDetector(Task):
    """Finds faces, small ones too.

    `model` is `face_detection_full_range_sparse.tflite`, bare or inside a zip (Bazarevsky et al. 2019, BlazeFace, and
    its model card). Raises `ModelMissing` if MediaPipe or the model cannot be loaded.
    """

    def __init__(self, model: Path, *, confidence: float = CONFIDENCE) -> None:
        def create(mediapipe: Any) -> Any:
            vision = mediapipe.tasks.vision
            options = vision.FaceDetectorOptions(
                base_options=mediapipe.tasks.BaseOptions(model_asset_buffer=_content(model)),
                min_detection_confidence=confidence,
            )
            return vision.FaceDetector.create_from_options(options)

        super().__init__(create, "face_detector_full_range", model)

    def warm_up(self) -> None:
        """Shows it a grey picture that is not square."""
        self.boxes(np.full((64, 96, 3), 127, np.uint8))

    def boxes(self, rgb: NDArray[np.uint8]) -> list[Corners]:
        """x, y, width, height in pixels of each face in a picture, uint8 (height, width, 3): brows to chin."""
        found = (detection.bounding_box for detection in self.native.detect(self.image(rgb)).detections)
        return [(float(box.origin_x), float(box.origin_y), float(box.width), float(box.height)) for box in found]


def _content(model: Path) -> bytes:
    from zipfile import ZipFile, is_zipfile

    try:
        if not is_zipfile(model):
            return model.read_bytes()
        with ZipFile(model) as archive:
            return archive.read(archive.namelist()[0])
    except (OSError, IndexError) as error:
        raise ValueError(f"it cannot be read: {error}") from error
