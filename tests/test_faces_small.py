"""Distant faces, covered faces, sampling and looks, on made pictures and where `shared` is there on real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from emoagent.errors import EmoagentError
from emoagent.schema import Span
from emoagent.tools.media.frame_plan import FramePlan, SoundGate
from emoagent.tools.media.shot_cuts import thumbnail
from emoagent.tools.sight.face_cover import Cover, unhidden
from emoagent.tools.sight.face_match import describe
from emoagent.tools.sight.face_search import Box, fine_regions, reduced
from emoagent.tools.sight.search_plan import SearchPlan

Picture = NDArray[np.uint8]


def textured(seed: int, side: int = 200) -> Picture:
    """A smooth coloured pattern."""
    import cv2

    coarse = np.random.default_rng(seed).integers(40, 200, (12, 12, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)


def upright_landmarks(side: float = 100.0, at: float = 50.0) -> NDArray[np.float32]:
    """468 points whose eyes and mouth lie where those of an upright face do."""
    points = np.zeros((468, 3), np.float32)
    for index, x, y in (
        (33, 0.22, 0.36),
        (133, 0.42, 0.36),
        (263, 0.78, 0.36),
        (362, 0.58, 0.36),
        (13, 0.5, 0.75),
        (14, 0.5, 0.77),
    ):
        points[index, :2] = at + side * x, at + side * y
    return points


@pytest.mark.parametrize(("width", "height"), [(960, 540), (1280, 720), (540, 960), (640, 640)])
def test_fine_regions_cover_the_picture(width: int, height: int) -> None:
    seen = np.zeros((height, width), bool)
    for box in fine_regions(width, height):
        seen[round(box.y) : round(box.y + box.height), round(box.x) : round(box.x + box.width)] = True
    assert seen.all()


def test_small_pictures_have_no_fine_regions() -> None:
    assert fine_regions(360, 288) == []


def test_pictures_are_reduced_by_whole_numbers() -> None:
    small, factor = reduced(np.zeros((1080, 1920, 3), np.uint8))
    assert (small.shape, factor) == ((540, 960, 3), 2)
    same = np.zeros((720, 1280, 3), np.uint8)
    assert reduced(same)[0] is same


def test_all_parts_are_searched_first_and_then_where_something_moves() -> None:
    plan = SearchPlan(960, 540, fine=True)
    look = thumbnail(np.zeros((540, 960, 3), np.uint8))
    assert plan.due(0.0, look, followed=False) == plan.parts
    assert plan.due(0.08, look, followed=True) == []
    moved = look.copy()
    moved[14:, 28:] = 200
    searched = [plan.due(1.0 + i, moved, followed=True)[0].box for i in range(6)]
    assert any(box.x + box.width >= 950 and box.y + box.height >= 530 and box.width < 400 for box in searched)


def test_every_part_is_searched_now_and_then_though_nothing_moves() -> None:
    plan = SearchPlan(960, 540, fine=True)
    look = thumbnail(np.zeros((540, 960, 3), np.uint8))
    plan.due(0.0, look, followed=True)
    for i in range(40):
        plan.due(0.5 * (i + 1), look, followed=True)
    assert all(part.time > 0 for part in plan.parts)


def test_a_covered_face_shows_and_an_uncovered_one_does_not() -> None:
    cover, points = Cover(), upright_landmarks()
    rng = np.random.default_rng(0)
    face = textured(1)
    for _ in range(10):
        noisy = np.clip(face + rng.normal(0, 3, face.shape), 0, 255).astype(np.uint8)
        assert cover.uncovered(noisy, points) > 0.95
    assert cover.uncovered(np.asarray(face * 0.9, np.uint8), points) > 0.8, "light is no cover"
    covered = face.copy()
    covered[100:] = (90, 60, 200)
    assert cover.uncovered(covered, points) < 0.6


def test_what_is_outside_or_behind_a_nearer_face_is_hidden() -> None:
    box = Box(0, 0, 10, 10)
    assert unhidden(box, 100, 100, []) == 1
    assert unhidden(box.moved(-5, 0), 100, 100, []) == pytest.approx(0.5)
    assert unhidden(box, 100, 100, [Box(5, -5, 20, 20)]) == pytest.approx(0.5)
    assert unhidden(box, 100, 100, [Box(5, 0, 10, 10)]) == 1, "one of the same size is not known to be nearer"


def test_light_does_not_change_who_it_is() -> None:
    face, points = textured(1), upright_landmarks()
    own = describe(face, points)
    darker = (255 * (face / 255.0) ** 1.6).astype(np.uint8)
    assert own @ describe(darker, points) > 0.95
    assert own @ describe(textured(2), points) < 0.82
    assert float(own @ own) == pytest.approx(1, abs=1e-5)


class Tone:
    """A second of silence, a second of sound, three of silence."""

    rate = 16_000

    def read(self, span: Span) -> NDArray[np.float32]:
        time = np.arange(round(span.start * self.rate), min(round(span.end * self.rate), 5 * self.rate)) / self.rate
        return np.asarray(np.where((time >= 1) & (time < 2), 0.1 * np.sin(2000 * time), 0.0001), np.float32)


def test_every_frame_is_wanted_while_there_is_sound_and_a_third_elsewhere() -> None:
    gate = SoundGate(Tone())  # type: ignore[arg-type]
    heard = [t for t in np.arange(0, 5, 0.08) if gate.may_speak(float(t))]
    assert heard[0] == pytest.approx(1.0, abs=0.1)
    assert heard[-1] == pytest.approx(2.45, abs=0.1)
    plan = FramePlan(Tone())  # type: ignore[arg-type]
    look = thumbnail(np.full((90, 160, 3), 90, np.uint8))
    times = [0.08 * i for i in range(62)]
    wanted = [t for t in times if plan.wants(t, look, [(0.4, 0.4, 0.2, 0.2)])]
    assert [t for t in times if 1.1 < t < 2.4] == [t for t in wanted if 1.1 < t < 2.4]
    assert len([t for t in wanted if t > 3]) == pytest.approx(len([t for t in times if t > 3]) / 3, abs=1)


def test_without_sound_what_moves_on_a_face_is_looked_at() -> None:
    plan = FramePlan()
    still, moved = np.full((90, 160, 3), 90, np.uint8), np.full((90, 160, 3), 90, np.uint8)
    moved[36:54, 64:96] = 140
    face, elsewhere = [(0.4, 0.4, 0.2, 0.2)], [(0.0, 0.0, 0.2, 0.2)]
    for i in range(20):
        plan.wants(0.08 * i, thumbnail(still), face)
    assert sum(plan.wants(1.6 + 0.08 * i, thumbnail(moved), elsewhere) for i in range(3)) == 1
    assert all(plan.wants(2.0 + 0.08 * i, thumbnail(moved if i % 2 else still), face) for i in range(6))


@pytest.mark.real
def test_faces_of_a_twentieth_of_the_height_are_found(shared: Path) -> None:
    import cv2

    from emoagent.tools.sight.face_detector import FaceDetector
    from emoagent.tools.sight.face_tracker import track_faces
    from emoagent.tools.sight.landmarker import Landmarker
    from emoagent.tools.weights.assets import face_detector, face_landmarker

    still = cv2.imread(str(shared / "media/pyfeat/patlevin_group.jpg"))[:, :, ::-1]
    rgb = np.ascontiguousarray(still, dtype=np.uint8)
    try:
        models = face_landmarker().path, face_detector().path
    except EmoagentError as error:
        pytest.skip(f"a model cannot be fetched: {error.message}")
    with Landmarker(models[0]) as landmarker, FaceDetector(models[1]) as detector:
        series = track_faces([(0.08 * i, rgb) for i in range(4)], landmarker, detector, asset="model")
    assert len(series.tracks()) == 8, "counted by eye"
    assert (series.quality == 0).all(), "so small that nothing can be measured on them"
