"""MediaPipe's Face Landmarker on single pictures: faces in, landmarks in pixels out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import ModuleType, TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import ModelMissing

MESH_POINTS = 468
MAX_FACES = 6

_creating = Lock()


@dataclass(frozen=True)
class Face:
    """One face: `landmarks` (468 or 478, 3) float32, x, y in pixels of the picture and z in the same scale (smaller is
    nearer); `blendshapes` (52,) float32 in 0..1, or `None` where the model has none."""

    landmarks: NDArray[np.float32]
    blendshapes: NDArray[np.float32] | None


class Landmarker:
    """Finds faces and their landmarks. Close it, or use it in a `with` block.

    `detection` and `presence` (0..1) are the confidences from which MediaPipe reports a face. A landmarker looks for
    up to 6 faces; it is meant for one thread. Raises `ModelMissing` if MediaPipe or the model file cannot be loaded.
    """

    def __init__(self, model: Path, *, detection: float = 0.5, presence: float = 0.5) -> None:
        self._mediapipe = _mediapipe()
        self._landmarker = _create(self._mediapipe, model, detection, presence)

    def detect(self, rgb: NDArray[np.uint8]) -> list[Face]:
        """The faces in a picture, uint8 (height, width, 3); its short-range detector sees faces that fill a tenth of
        the picture's longer side or more."""
        height, width = rgb.shape[:2]
        image = self._mediapipe.Image(image_format=self._mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(rgb))
        result = self._landmarker.detect(image)
        shapes = result.face_blendshapes or [None] * len(result.face_landmarks)
        scale = np.array([width, height, width], np.float32)
        return [
            Face(_array(points) * scale, None if scores is None else _scores(scores))
            for points, scores in zip(result.face_landmarks, shapes, strict=True)
        ]

    def close(self) -> None:
        """Frees the model. The landmarker cannot be used afterwards."""
        self._landmarker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _array(points: list[Any]) -> NDArray[np.float32]:
    flat = [number for point in points for number in (point.x, point.y, point.z)]
    array = np.array(flat, np.float32).reshape(-1, 3)
    irises = array[MESH_POINTS:]
    return array if np.ptp(irises, axis=0).any() else array[:MESH_POINTS]  # ten points in one place: no irises


def _scores(categories: list[Any]) -> NDArray[np.float32]:
    return np.array([category.score for category in categories], np.float32)


def _mediapipe() -> ModuleType:
    try:  # the native library is loaded here, where its failure is explained
        import mediapipe
        import mediapipe.tasks.python.vision
    except (ImportError, OSError) as error:
        raise ModelMissing(f"MediaPipe cannot be loaded: {error}", hint=_libraries_hint(), where="mediapipe") from error
    module: ModuleType = mediapipe
    return module


def _libraries_hint() -> str:
    if sys.platform == "linux":
        return "install the graphics libraries that MediaPipe needs: apt-get install libegl1 libgles2 libgl1"
    return "reinstall it: pip install --force-reinstall mediapipe"


def _create(mediapipe: ModuleType, model: Path, detection: float, presence: float) -> Any:
    vision = mediapipe.tasks.vision
    options = vision.FaceLandmarkerOptions(
        base_options=mediapipe.tasks.BaseOptions(model_asset_path=str(model)),
        num_faces=MAX_FACES,
        min_face_detection_confidence=detection,
        min_face_presence_confidence=presence,
        output_face_blendshapes=_has_blendshapes(model),
    )
    try:
        with _creating, _quiet():
            return vision.FaceLandmarker.create_from_options(options)
    except OSError as error:
        raise ModelMissing(f"MediaPipe cannot start: {error}", hint=_libraries_hint(), where="mediapipe") from error
    except (RuntimeError, ValueError) as error:
        hint = "emoagent models verify; emoagent models pull face_landmarker"
        raise ModelMissing(f"{model.name} is no usable model: {error}", hint=hint, where=str(model)) from error


def _has_blendshapes(model: Path) -> bool:
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(model) as archive:
            return "face_blendshapes.tflite" in archive.namelist()
    except (OSError, BadZipFile) as error:
        hint = "emoagent models pull face_landmarker"
        raise ModelMissing(f"{model.name} cannot be read: {error}", hint=hint, where=str(model)) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps the native libraries' start-up notes off the terminal; they write to descriptor 2 and heed no setting."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)
