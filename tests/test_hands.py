from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tracked import rest_features, series_of

from emoagent.errors import ModelMissing
from emoagent.schema import Clip
from emoagent.tools.media.files import probe, read_frames
from emoagent.tools.sight import hand_tracker
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.hand_landmarker import Hand, HandLandmarker
from emoagent.tools.sight.hand_series import HandSeries
from emoagent.tools.sight.hand_tracker import HandTracker
from emoagent.tools.sight.hand_use import Sighted, face_region, hands_by_person, movement
from emoagent.tools.weights import assets
from emoagent.tools.workspace import Workspace, working_in

STEP = 0.08
Picture = NDArray[np.uint8]


class Double:
    """Sees a hand in every picture whose first pixel is bright."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []
        self.closed = False

    def detect(self, time: float, rgb: Picture) -> list[Hand]:
        self.shapes.append(rgb.shape)
        return [Hand(np.full((21, 2), 0.5, np.float32), 0.9)] if rgb[0, 0, 0] > 200 else []

    def close(self) -> None:
        self.closed = True


def scene(*, noise: float = 0.0, patch: tuple[int, int] | None = None, bright: bool = False, seed: int = 0) -> Picture:
    rgb = np.full((180, 320, 3), 90.0, np.float32)
    if noise:
        rgb += np.random.default_rng(seed).normal(0, noise, rgb.shape)
    if patch:
        rgb[patch[1] : patch[1] + 40, patch[0] : patch[0] + 40] = (200, 150, 120)
    if bright:
        rgb[:4, :4] = 255
    return np.clip(rgb, 0, 255).astype(np.uint8)


def searched(pictures: list[Picture], finder: Double | None = None) -> NDArray[np.float64]:
    with HandTracker(finder or Double()) as tracker:
        for i, rgb in enumerate(pictures):
            tracker.add(i * STEP, rgb)
        return tracker.series().frames


def test_a_still_picture_is_hardly_ever_searched() -> None:
    times = searched([scene(noise=2, seed=i) for i in range(150)])
    assert 3 <= len(times) <= 5  # in 12 s


def test_what_moves_anew_is_searched_soon() -> None:
    pictures = [scene() for _ in range(100)] + [scene(patch=(20 + 8 * i, 120)) for i in range(10)]
    times = searched(pictures)
    assert times[(times >= 8.0)][0] <= 8.0 + 2 * STEP


def test_hands_in_view_are_followed_closely_at_first_and_never_lost_sight_of() -> None:
    times = searched([scene(patch=(20 + (i * 7) % 200, 100), bright=True) for i in range(400)])
    assert np.diff(times[times < 5]).max() <= 0.4
    assert np.diff(times).max() <= hand_tracker.SPARING + STEP
    assert len(times) <= 32 * 2.2  # the budget holds in the long run


def test_searching_costs_at_most_a_quarter_of_the_face_pass_by_design() -> None:
    times = searched([scene(patch=((i * 13) % 250, (i * 29) % 120)) for i in range(500)])  # never a hand
    assert len(times) * hand_tracker.SEARCH / 500 <= hand_tracker.SHARE * 1.35


def test_large_pictures_are_searched_smaller_and_the_model_is_freed() -> None:
    finder = Double()
    searched([np.zeros((1080, 1920, 3), np.uint8)], finder)
    assert finder.shapes == [(360, 640, 3)]
    assert finder.closed


def test_a_model_that_cannot_be_had_masks_hands_and_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def nothing(progress: object = None) -> assets.Located:
        raise ModelMissing("no hands today", hint="emoagent models pull hand_landmarker_assembled")

    monkeypatch.setattr(assets, "hand_landmarker", nothing)
    with HandTracker() as tracker:
        tracker.add(0.0, scene())
        series = tracker.series()
    assert (len(series.frames), len(series.time)) == (0, 0)
    assert "no hands today" in series.reason
    series.save(tmp_path / "hands.npz")
    assert HandSeries.load(tmp_path / "hands.npz").reason == series.reason


def test_a_series_survives_the_file(tmp_path: Path) -> None:
    points = np.random.default_rng(0).random((2, 21, 2)).astype(np.float32)
    one = HandSeries(np.array([1.0, 2.0]), points, np.ones(2, np.float32), np.array([0.0, 1.0, 2.0]))
    one.save(tmp_path / "hands.npz")
    other = HandSeries.load(tmp_path / "hands.npz")
    assert all(np.array_equal(a, b) for a, b in zip(vars(one).values(), vars(other).values(), strict=True))
    assert other.searched(0.5, 2.0).tolist() == [1.0]


def hand(x: float, y: float, length: float = 0.3) -> NDArray[np.float32]:
    """A hand upright around (x, y), of that length, in fractions of a square frame."""
    points = np.zeros((21, 2))
    for finger in range(5):
        for joint in range(4):
            points[1 + 4 * finger + joint] = (0.12 * (finger - 2), 0.1 - 0.18 * (joint + 1))
    points[0] = (0, 0.5)
    points *= length
    return np.asarray(points - points.mean(axis=0) + (x, y), np.float32)


def faces(*boxes: tuple[float, float, float, float], seconds: float = 4.0) -> FaceSeries:
    from dataclasses import replace

    n = int(seconds * 12.5)
    one = series_of(np.tile(rest_features(), (n * len(boxes), 1)), np.tile(np.arange(len(boxes)), n).tolist())
    time = np.repeat(np.arange(n) / 12.5, len(boxes))
    return replace(one, time=time, box=np.tile(np.array(boxes, np.float32), (n, 1)), frames=np.unique(time))


def hands(*seen: tuple[float, NDArray[np.float32]]) -> HandSeries:
    times = np.array([time for time, _ in seen])
    points = np.array([points for _, points in seen], np.float32)
    return HandSeries(times, points, np.ones(len(seen), np.float32), np.unique(times))


LEFT, RIGHT = (0.15, 0.2, 0.2, 0.28), (0.65, 0.2, 0.2, 0.28)
CAST = {"p1": (0,), "p2": (1,)}


@pytest.mark.parametrize(
    ("points", "person"),
    [
        (hand(0.2, 0.6), "p1"),
        (hand(0.8, 0.6), "p2"),
        (hand(0.5, 0.7), None),  # between the two
        (hand(0.2, 0.6, length=1.2), None),  # much too large for this face
        (hand(0.2, 0.6, length=0.05), None),  # much too small
    ],
)
def test_a_hand_belongs_to_the_nearest_face_that_it_fits(points: NDArray[np.float32], person: str | None) -> None:
    assert list(hands_by_person(hands((1.0, points)), faces(LEFT, RIGHT), CAST, 0, 4, 1.0)) == [person]


def test_a_face_hidden_by_the_hand_is_remembered_for_a_moment_but_not_across_a_cut() -> None:
    from dataclasses import replace

    one = faces(LEFT, seconds=2.0)
    late = hands((2.8, hand(0.25, 0.5)))
    assert list(hands_by_person(late, one, {"p1": (0,)}, 0, 4, 1.0)) == ["p1"]
    assert list(hands_by_person(late, replace(one, cuts=np.array([2.4])), {"p1": (0,)}, 0, 4, 1.0)) == [None]
    assert list(hands_by_person(hands((3.8, hand(0.25, 0.5))), one, {"p1": (0,)}, 0, 4, 1.0)) == [None]


@pytest.mark.parametrize(
    ("tip", "region"),
    [((0.5, 0.1), "forehead"), ((0.35, 0.35), "eyes"), ((0.1, 0.6), "cheek"), ((0.5, 0.55), "nose"),
     ((0.5, 0.75), "mouth"), ((0.5, 0.95), "chin")],
)  # fmt: skip
def test_regions_of_the_face(tip: tuple[float, float], region: str) -> None:
    points = np.tile(np.array(tip), (21, 1))
    assert face_region(points * 0.2 + 0.4, np.array([0.4, 0.4, 0.2, 0.2])) == region
    assert face_region(points * 0.2 + 0.8, np.array([0.4, 0.4, 0.2, 0.2])) is None


def test_speed_and_strokes() -> None:
    places = [0.0, 0.0, 0.6, 0.6, 0.6, 0.0, 0.0]
    moved = movement([Sighted(0.3 * i, (x, 1.0), None) for i, x in enumerate(places)])
    assert moved is not None
    assert moved.strokes == 2
    assert moved.speed == pytest.approx(1.2 / 1.8)
    assert movement([Sighted(0.0, (0, 0), None), Sighted(5.0, (1, 0), None)]) is None


@pytest.fixture
def model() -> Callable[[], Path]:
    def get() -> Path:
        try:
            return assets.hand_landmarker().path
        except ModelMissing as error:
            pytest.skip(f"no hand model: {error}")

    return get


def test_the_assembled_model_puts_its_points_onto_the_hand(shared: Path, model: Callable[[], Path]) -> None:
    """A real hand in a photograph of five people; where it is was read off the picture by eye."""
    import cv2

    picture = cv2.cvtColor(cv2.imread(str(shared / "media/pyfeat/multi_face.jpg")), cv2.COLOR_BGR2RGB)
    landmarker = HandLandmarker(model())
    (found,) = landmarker.detect(0.0, np.asarray(picture, np.uint8))
    landmarker.close()
    assert ((found.points > (0.13, 0.42)) & (found.points < (0.26, 0.58))).all()
    fingers = [found.points[[0, tip]] for tip in (4, 8, 12, 16, 20)]
    assert all(np.ptp(ends, axis=0).max() > 0.02 for ends in fingers)  # not all in one place


def test_a_hand_over_a_face_is_found_and_followed(shared: Path, model: Callable[[], Path]) -> None:
    """`WolfgangLanger_Pexels.mp4`: by eye, a hand is at the face from 2.4 to 9.6 s and at no other time."""
    model()
    path = shared / "media/pyfeat/WolfgangLanger_Pexels.mp4"
    clip: Clip = probe(path).clip
    with working_in(Workspace(path, path.parent)), HandTracker() as tracker:
        for time, rgb in read_frames(clip):
            if time < 12:
                tracker.add(time, rgb)
        series = tracker.series()
    assert series.time[0] <= 3.4
    assert set(series.searched(3.4, 9.3)) <= set(series.time)
    assert not len(series.between(9.7, 12))
