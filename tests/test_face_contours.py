"""The outline of a face: drawn along the lines of the landmark model, found again in a run's own pictures."""

from __future__ import annotations

import base64
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tracked import mesh

from emoagent.tools.sight.face_contours import CONTOURS, POINTS, contour, packed
from emoagent.tools.sight.landmarker import Face

BOX = (0.4, 0.3, 0.2, 0.4)


class Found:
    """A finder that sees one face where it is told, in pixels of the part it is shown."""

    def __init__(self, landmarks: NDArray[np.float32] | None) -> None:
        self.landmarks = landmarks

    def detect(self, rgb: NDArray[np.uint8]) -> list[Face]:
        return [] if self.landmarks is None else [Face(self.landmarks, None)]


def test_the_contours_follow_the_lines_of_the_model() -> None:
    from mediapipe.tasks.python.vision import FaceLandmarksConnections as Lines

    drawn = [*Lines.FACE_LANDMARKS_CONTOURS, *Lines.FACE_LANDMARKS_NOSE]
    edges = {frozenset((line.start, line.end)) for line in drawn}
    closing = {frozenset(pair) for pair in ((285, 336), (300, 276), (55, 107), (70, 46))}  # ends of the brows
    for each in CONTOURS:
        steps = [frozenset((POINTS[a], POINTS[b])) for a, b in pairwise(each)]
        assert not [set(step) for step in steps if step not in edges | closing]
    assert 120 <= len(POINTS) <= 150


def test_points_are_shares_of_the_picture() -> None:
    picture = np.zeros((200, 400, 3), np.uint8)
    face = mesh().astype(np.float32)
    low, high = face[:, :2].min(axis=0), face[:, :2].max(axis=0)
    face[:, :2] = (face[:, :2] - low) / (high - low) * (80, 80) + (40, 40)  # in the middle of the part
    points = contour(Found(face), picture, BOX)
    assert points is not None
    expected = (face[list(POINTS), :2] + (120, 20)) / (400, 200)
    assert points == pytest.approx(expected, abs=1e-6)
    x, y, width, height = BOX
    assert ((points >= (x, y)) & (points <= (x + width, y + height))).all()


def test_a_face_that_is_not_found_again_has_no_outline() -> None:
    assert contour(Found(None), np.zeros((200, 400, 3), np.uint8), BOX) is None


def test_points_outside_the_picture_are_cut_off() -> None:
    raw = np.frombuffer(base64.b64decode(packed(np.array([[-0.1, 0.5], [1.0, 1.2]], np.float32))), "<u2")
    assert raw.tolist() == [0, 32768, 65535, 65535]


@pytest.mark.real
def test_a_run_keeps_the_outlines_of_its_peak_frames(briefed: tuple[str, Path]) -> None:
    peaks = json.loads((briefed[1] / "work" / "peaks.json").read_text())
    assert peaks
    for peak in peaks:
        assert (briefed[1] / peak["picture"]).is_file()
        x, y, width, height = peak["box"]
        points = np.frombuffer(base64.b64decode(peak["points"]), "<u2").reshape(-1, 2) / 65535
        assert len(points) == len(POINTS)
        corners = [points.min(axis=0), points.max(axis=0)]
        assert np.ravel(corners) == pytest.approx([x, y, x + width, y + height], abs=0.05)
        brow, chin = (points[POINTS.index(point)] for point in (10, 152))
        assert brow[1] < chin[1]
