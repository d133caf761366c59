"""MediaPipe's full-range face detector on parts of a picture: it sees faces from about a twentieth of the part on."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import ModelMissing
from emoagent.tools.landmarker import _creating, _libraries_hint, _mediapipe, _quiet

CONFIDENCE = 0.5  # below it, twice as many things are taken for faces, and no more faces are found

Corners = tuple[float, float, float, float]


class Detector(Protocol):
    """What finds boxes of faces: `FaceDetector`, or a double in tests."""

    def boxes(self, rgb: NDArray[np.uint8]) -> list[Corners]: ...


class FaceDetector:
    """Finds faces, small ones too. Close it, or use it in a `with` block; it is meant for one thread.

    `model` is `face_detection_full_range_sparse.tflite`, bare or inside a zip (Bazarevsky et al. 2019, BlazeFace, and
    its model card). Raises `ModelMissing` if MediaPipe or the model cannot be loaded.
    """

    def __init__(self, model: Path, *, confidence: float = CONFIDENCE) -> None:
        self._mediapipe = _mediapipe()
        self._detector = _create(self._mediapipe, _content(model), confidence, model)

    def boxes(self, rgb: NDArray[np.uint8]) -> list[Corners]:
        """x, y, width, height in pixels of each face in a picture, uint8 (height, width, 3): brows to chin."""
        image = self._mediapipe.Image(image_format=self._mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(rgb))
        found = (detection.bounding_box for detection in self._detector.detect(image).detections)
        return [(float(box.origin_x), float(box.origin_y), float(box.width), float(box.height)) for box in found]

    def close(self) -> None:
        """Frees the model. The detector cannot be used afterwards."""
        self._detector.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _content(model: Path) -> bytes:
    from zipfile import ZipFile, is_zipfile

    try:
        if not is_zipfile(model):
            return model.read_bytes()
        with ZipFile(model) as archive:
            return archive.read(archive.namelist()[0])
    except (OSError, IndexError) as error:
        raise _missing(model, error) from error


def _create(mediapipe: Any, content: bytes, confidence: float, model: Path) -> Any:
    vision = mediapipe.tasks.vision
    options = vision.FaceDetectorOptions(
        base_options=mediapipe.tasks.BaseOptions(model_asset_buffer=content), min_detection_confidence=confidence
    )
    try:
        with _creating, _quiet():
            return vision.FaceDetector.create_from_options(options)
    except OSError as error:
        raise ModelMissing(f"MediaPipe cannot start: {error}", hint=_libraries_hint(), where="mediapipe") from error
    except (RuntimeError, ValueError) as error:
        raise _missing(model, error) from error


def _missing(model: Path, error: Exception) -> ModelMissing:
    hint = "emoagent models verify; emoagent models pull face_detector_full_range"
    return ModelMissing(f"{model.name} is no usable model: {error}", hint=hint, where=str(model))
