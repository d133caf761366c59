"""MediaPipe's Face Landmarker on single pictures: faces in, landmarks in pixels out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import ModelMissing
from emoagent.tools.sight.mediapipe_task import Task

MESH_POINTS = 468
MAX_FACES = 6


@dataclass(frozen=True)
class Face:
    """One face: `landmarks` (468 or 478, 3) float32, x, y in pixels of the picture and z in the same scale (smaller is
    nearer); `blendshapes` (52,) float32 in 0..1, or `None` where the model has none."""

    landmarks: NDArray[np.float32]
    blendshapes: NDArray[np.float32] | None


class Landmarker(Task):
    """Finds faces and their landmarks.

    `detection` and `presence` (0..1) are the confidences from which MediaPipe reports a face. A landmarker looks for
    up to 6 faces. Raises `ModelMissing` if MediaPipe or the model file cannot be loaded.
    """

    def __init__(self, model: Path, *, detection: float = 0.5, presence: float = 0.5) -> None:
        def create(mediapipe: Any) -> Any:
            vision = mediapipe.tasks.vision
            options = vision.FaceLandmarkerOptions(
                base_options=mediapipe.tasks.BaseOptions(model_asset_path=str(model)),
                num_faces=MAX_FACES,
                min_face_detection_confidence=detection,
                min_face_presence_confidence=presence,
                output_face_blendshapes=_has_blendshapes(model),
            )
            return vision.FaceLandmarker.create_from_options(options)

        super().__init__(create, "face_landmarker", model)

    def detect(self, rgb: NDArray[np.uint8]) -> list[Face]:
        """The faces in a picture, uint8 (height, width, 3); its short-range detector sees faces that fill a tenth of
        the picture's longer side or more."""
        height, width = rgb.shape[:2]
        result = self.native.detect(self.image(rgb))
        shapes = result.face_blendshapes or [None] * len(result.face_landmarks)
        scale = np.array([width, height, width], np.float32)
        return [
            Face(_array(points) * scale, None if scores is None else _scores(scores))
            for points, scores in zip(result.face_landmarks, shapes, strict=True)
        ]


def _array(points: list[Any]) -> NDArray[np.float32]:
    flat = [number for point in points for number in (point.x, point.y, point.z)]
    array = np.array(flat, np.float32).reshape(-1, 3)
    irises = array[MESH_POINTS:]
    return array if np.ptp(irises, axis=0).any() else array[:MESH_POINTS]  # ten points in one place: no irises


def _scores(categories: list[Any]) -> NDArray[np.float32]:
    return np.array([category.score for category in categories], np.float32)


def _has_blendshapes(model: Path) -> bool:
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(model) as archive:
            return "face_blendshapes.tflite" in archive.namelist()
    except (OSError, BadZipFile) as error:
        hint = "emoagent models pull face_landmarker"
        raise ModelMissing(f"{model.name} cannot be read: {error}", hint=hint, where=str(model)) from error
