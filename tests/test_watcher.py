"""Following faces for as long as a conversation lasts: thinning, gaps, another picture size, and memory that stays."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from test_face_tracker import Marks, picture

from emoagent.errors import UsageError
from emoagent.schema import Model
from emoagent.tools.sight import watcher
from emoagent.tools.sight.watcher import FaceModels, Watcher

STEP = 0.2


@pytest.fixture
def marks(monkeypatch: pytest.MonkeyPatch) -> Marks:
    """Red squares are faces."""
    made = Marks()
    model = Model(name="marks", sha256="", licence="", source="")
    monkeypatch.setattr(watcher, "face_models", lambda: FaceModels(made, model, None))
    return made


def watch(faces: Watcher, start: float, seconds: float, rgb: NDArray[np.uint8], step: float = STEP) -> float:
    times = np.arange(start, start + seconds, step)
    for time in times:
        faces.add(float(time), rgb)
    return float(times[-1])


@pytest.mark.parametrize(("fps", "looked_at"), [(5, 10), (15, 30), (25, 25), (30, 30), (60, 30)])
def test_as_many_frames_as_of_a_file_are_looked_at(marks: Marks, fps: int, looked_at: int) -> None:
    faces = Watcher()
    watch(faces, 0, 2, picture((300, 180)), 1 / fps)
    series, groups = faces.faces()
    assert len(series.frames) == looked_at
    assert groups == [[0]]
    faces.close()


def test_what_was_seen_is_told_to_the_last_frame_and_goes_on(marks: Marks) -> None:
    faces = Watcher()
    last = watch(faces, 0, 2, picture((300, 180)))
    assert faces.faces()[0].time[-1] == pytest.approx(last)
    last = watch(faces, 2, 2, picture((300, 180)))
    series, _ = faces.faces()
    assert (len(series.time), series.tracks()) == (20, [0])
    assert series.time[-1] == pytest.approx(last)
    faces.close()


def test_after_a_gap_a_face_is_looked_for_anew_and_known_again(marks: Marks) -> None:
    faces = Watcher()
    watch(faces, 0, 2, picture((300, 180)))
    watch(faces, 60, 2, picture((300, 180)))
    series, groups = faces.faces()
    assert series.tracks() == [0, 1]
    assert groups == [[0, 1]]
    faces.close()


def test_a_camera_may_change_its_size(marks: Marks) -> None:
    faces = Watcher()
    watch(faces, 0, 2, picture((300, 180)))
    watch(faces, 2, 2, np.ascontiguousarray(np.rot90(picture((300, 180)))))
    assert faces.faces()[0].tracks() == [0, 1]
    faces.close()


def test_late_frames_are_left_out_but_the_clock_may_not_go_back(marks: Marks) -> None:
    faces = Watcher()
    watch(faces, 5, 2, picture((300, 180)))
    faces.add(6.5, picture((300, 180)))
    assert len(faces.faces()[0].frames) == 10
    with pytest.raises(UsageError, match="after one of"):
        faces.add(1.0, picture((300, 180)))
    with pytest.raises(UsageError, match="no picture"):
        faces.add(9.0, np.zeros((64, 64), np.uint8))
    faces.close()


def test_memory_does_not_grow_with_the_conversation(marks: Marks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "REMEMBERED", 20.0)
    monkeypatch.setattr(watcher, "SLACK", 5.0)
    faces, held = Watcher(), []
    for visit in range(5):  # somebody comes and goes
        watch(faces, 20 * visit, 10, picture((300, 180)))
        series, groups = faces.faces()
        assert series.time[-1] - series.time[0] <= 25 + STEP
        assert [len(group) for group in groups] == [min(visit + 1, 2)]
        rows = faces._tracker._rows
        held.append(sum(len(each) * each.itemsize for each in (rows.time, rows.numbers, rows.frames, rows.cuts)))
    assert held[-1] <= 1.1 * held[1]
    faces.close()
