from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from emoagent.tools.media.files import probe, read_frames
from emoagent.tools.sight.gaze import IRIS, IRISES, LIDS, SPAN, gaze
from emoagent.tools.sight.gaze_direction import directions, looks, towards
from emoagent.tools.sight.landmarker import Landmarker
from emoagent.tools.workspace import Workspace, working_in

Picture = NDArray[np.uint8]
Points = NDArray[np.float32]
EYES = ((120.0, 100.0), (200.0, 100.0))  # middles of the person's right and left eye in the picture


def drawn(right: float = 0.0, up: float = 0.0, *, width: float = 48.0, opening: float = 0.36) -> tuple[Picture, Points]:
    """A face of two drawn eyes whose irises are moved by so many widths of the eye, and its 478 landmarks."""
    import cv2

    rgb = np.full((220, 320, 3), (205, 160, 140), np.uint8)
    points = np.zeros((478, 3), np.float32)
    points[[127, 356, 10, 152], :2] = ((80, 110), (240, 110), (160, 20), (160, 200))
    for side, (x, y) in enumerate(EYES):
        outward = (-1 if side == 0 else 1) * 0.06 * width
        angles = np.linspace(0, 2 * np.pi, 17)[:-1]
        lids = np.stack([np.cos(angles), -np.sin(angles)], axis=1) * (width / 2, opening * width / 2)
        points[LIDS[side], :2] = lids * ((1 if side == 1 else -1), 1) + (x, y)
        iris = (x + outward + right * width, y - 0.07 * width - up * width)
        points[IRISES[side], :2] = iris
        white, disc = (np.zeros(rgb.shape[:2], np.uint8) for _ in range(2))
        cv2.fillPoly(white, [np.rint(points[LIDS[side], :2]).astype(np.int32)], (255,))
        radius = round(IRIS / SPAN * width * 16)
        cv2.circle(disc, (round(iris[0] * 16), round(iris[1] * 16)), radius, (255,), -1, shift=4)
        rgb[white > 0] = (235, 235, 230)
        rgb[(white > 0) & (disc > 0)] = (60, 40, 30)
    return rgb, points


def test_irises_of_the_landmarks_are_used_where_there_are_any() -> None:
    rgb, points = drawn(right=0.1)
    assert gaze(np.zeros_like(rgb), points) == pytest.approx([np.degrees(np.arcsin(0.1 / 0.4)), 0], abs=0.5)


@pytest.mark.parametrize(
    ("right", "up"), [(0.0, 0.0), (0.12, 0.0), (-0.12, 0.0), (0.2, 0.02), (0.0, 0.06), (0.0, -0.06)]
)
def test_drawn_irises_are_found_without_landmarks_for_them(right: float, up: float) -> None:
    rgb, points = drawn(right, up)
    assert gaze(rgb, points[:468]) == pytest.approx(gaze(rgb, points), abs=3.5)


def test_sides_are_those_of_the_picture() -> None:
    angles = []
    for right in (-0.2, -0.1, 0.0, 0.1, 0.2):
        rgb, points = drawn(right)
        angles.append(float(gaze(rgb, points[:468])[0]))
    assert all(b > a for a, b in pairwise(angles)), angles


@pytest.mark.parametrize(
    ("rgb", "points"),
    [
        drawn(opening=0.1),
        drawn(width=9.0),
        (np.full((220, 320, 3), 120, np.uint8), drawn()[1][:468]),
        (drawn()[0], np.full((468, 3), np.nan, np.float32)),
    ],
    ids=["shut", "tiny", "nothing in the picture", "no landmarks"],
)
def test_eyes_that_cannot_be_seen_give_no_numbers(rgb: Picture, points: Points) -> None:
    assert np.isnan(gaze(rgb, points[:468])).all()


def test_plain_landmarks_and_the_picture_agree_with_the_irises_of_the_full_model(shared: Path) -> None:
    clip = shared / "media/mead/W040_level_3_happy_029.mp4"
    full, plain = [], []
    with working_in(Workspace(clip, clip.parent)), Landmarker(shared / "models/face_landmarker.task") as landmarker:
        for _, rgb in list(read_frames(probe(clip).clip))[::3]:
            points = landmarker.detect(rgb)[0].landmarks
            full.append(gaze(rgb, points))
            plain.append(gaze(rgb, points[:468]))
    one, other = np.array(full), np.array(plain)
    both = np.isfinite(one).all(axis=1) & np.isfinite(other).all(axis=1)
    assert both.sum() >= 8
    assert np.median(np.abs(one[both, 0] - other[both, 0])) < 5


def test_eyes_add_to_the_head_and_shut_eyes_tell_nothing() -> None:
    nan = float("nan")
    pose = np.array([[0, 0, 0], [20, 0, 0], [20, 0, 0], [0, -30, 0], [0, 0, 0], [-40, 0, 0], [0, 20, 0]], float)
    eyes = np.array([[0, 0], [0, 0], [-18, 0], [0, 0], [nan, nan], [nan, nan], [0, 5]], float)
    assert directions(pose, eyes)[0].tolist() == [0, 2, 0, 4, -1, 1, 3]


def test_shares_and_shifts_of_looks() -> None:
    time: NDArray[np.float64] = np.arange(50) / 12.5
    eyes = np.zeros((50, 2))
    eyes[20:40, 0] = 25
    eyes[45] = (0, np.nan)
    eyes[10, 0] = -30  # a single frame is no look
    found = looks(time, np.zeros((50, 3)), eyes)
    assert found is not None
    assert found.share["right"] == pytest.approx(20 / 49)
    assert found.shifts == 2
    assert found.known == pytest.approx(49 / 50)
    assert looks(time, np.zeros((50, 3)), np.full((50, 2), np.nan)) is None


def test_a_look_goes_to_the_other_face_only_on_its_side() -> None:
    left, right = np.array([0.1, 0.3, 0.2, 0.3]), np.array([0.7, 0.3, 0.2, 0.3])
    assert towards(25, 0, left, right)
    assert not towards(-25, 0, left, right)
    assert not towards(5, 0, left, right)
    assert not towards(25, 30, left, np.array([0.7, 0.6, 0.2, 0.3]))
