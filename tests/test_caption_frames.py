"""What a vision-language model is shown: which frames, with the box where the face is, and the same bytes each time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tracked import rest_features, series_of

from emoagent.profiles import budget_of
from emoagent.schema import Span
from emoagent.settings import Settings
from emoagent.tools.language.backends import Budget
from emoagent.tools.language.caption_frames import FEWEST, box_at, marked, pictures, plan
from emoagent.tools.media.files import probe
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.workspace import Workspace, working_in

FPS = 12.5


def moving(seconds: float = 4.0, seen: Sequence[tuple[float, float]] = ((0.0, 99.0),)) -> FaceSeries:
    """A face that goes to the right by a fifth of the picture a second, tracked only in the times `seen`."""
    whole = series_of(np.tile(rest_features(), (int(seconds * FPS), 1)))
    box = whole.box.copy()
    box[:, 0] = 0.05 + 0.2 * whole.time
    kept = np.array([any(a <= t < b for a, b in seen) for t in whole.time])
    return kept_rows(replace(whole, box=box), kept)


def kept_rows(series: FaceSeries, kept: NDArray[np.bool_]) -> FaceSeries:
    names = ("time", "track", "box", "quality", "pose", "features", "blendshapes", "gaze", "factors")
    columns: dict[str, Any] = {name: getattr(series, name)[kept] for name in names}
    return replace(series, **columns)


def span(start: float, end: float) -> Span:
    return Span(start=start, end=end)


def test_frames_are_spread_over_the_utterance() -> None:
    found = plan("u1", span(0.5, 3.5), moving(), [0], Budget())
    assert found is not None
    assert len(found.times) == 8
    assert np.diff(found.times) == pytest.approx(3 / 8, abs=1 / FPS)
    assert found.times[0] == pytest.approx(0.5 + 3 / 16, abs=1 / FPS)
    assert found.boxes[:, 0] == pytest.approx(0.05 + 0.2 * np.array(found.times), abs=1e-3)


def test_a_short_utterance_is_shown_in_fewer_frames() -> None:
    found = plan("u1", span(1.0, 1.5), moving(), [0], Budget())
    assert found is not None
    assert len(found.times) == 4


def test_the_box_is_interpolated_over_a_short_gap() -> None:
    series = moving(seen=((0.0, 1.0), (1.4, 4.0)))
    rows = series.rows(0)
    box = box_at(series, rows, 1.2)
    assert box is not None
    assert box[0] == pytest.approx(0.05 + 0.2 * 1.2, abs=1e-3)


def test_nothing_is_guessed_over_a_long_gap_or_a_cut() -> None:
    series = moving(seen=((0.0, 1.0), (2.6, 4.0)))
    assert box_at(series, series.rows(0), 1.8) is None
    cut = replace(moving(seen=((0.0, 1.0), (1.2, 4.0))), cuts=np.array([1.04]))
    assert box_at(cut, cut.rows(0), 1.06) is not None  # the row at 1.2 s is near, and behind the cut
    lone = replace(moving(seen=((0.0, 1.0),)), cuts=np.array([1.0]))
    assert box_at(lone, lone.rows(0), 1.0) is None


def test_parts_without_the_face_are_left_out() -> None:
    found = plan("u1", span(0.0, 4.0), moving(seen=((0.0, 1.0),)), [0], Budget())
    assert found is not None
    assert max(found.times) < 1.3


@pytest.mark.parametrize("tracks", [[], [7]])
def test_nobody_tracked_is_nobody_described(tracks: list[int]) -> None:
    assert plan("u1", span(0.0, 4.0), moving(), tracks, Budget()) is None


def test_one_glimpse_is_not_enough() -> None:
    assert plan("u1", span(0.0, 4.0), moving(seen=((1.0, 1.05),)), [0], Budget()) is None
    assert plan("u1", span(1.0, 1.0), moving(), [0], Budget()) is None


def test_of_two_tracks_at_once_the_better_seen_counts() -> None:
    one = moving()
    names = ("time", "box", "quality", "pose", "features", "blendshapes", "gaze", "factors")
    columns: dict[str, Any] = {name: np.repeat(getattr(one, name), 2, axis=0) for name in names}
    twice = replace(one, **columns, track=np.tile([0, 1], len(one.time)).astype(np.int32))
    quality, box = twice.quality.copy(), twice.box.copy()
    quality[::2], box[::2, 1] = 0.2, 0.7
    found = plan("u1", span(0.0, 4.0), replace(twice, quality=quality, box=box), [0, 1], Budget())
    assert found is not None
    assert found.boxes[:, 1] == pytest.approx(0.2)
    assert found.quality == pytest.approx(1.0)


def test_the_box_is_red_and_the_rest_stays() -> None:
    data = marked(np.full((252, 448, 3), 90, np.uint8), (0.4, 0.3, 0.2, 0.4))
    shown = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).astype(int)
    blue, green, red = shown[..., 0], shown[..., 1], shown[..., 2]
    drawn = (red > 180) & (green < 80) & (blue < 80)
    rows, columns = np.nonzero(drawn)
    assert columns.min() / 448 == pytest.approx(0.376, abs=0.01)
    assert columns.max() / 448 == pytest.approx(0.624, abs=0.01)
    assert rows.min() / 252 == pytest.approx(0.252, abs=0.02)
    assert rows.max() / 252 == pytest.approx(0.748, abs=0.02)
    assert np.abs(shown[:40] - 90).max() <= 3
    assert np.abs(shown[100:150, 200:250] - 90).max() <= 3


def test_a_face_at_the_border_is_marked_without_trouble() -> None:
    assert marked(np.zeros((100, 100, 3), np.uint8), (-0.3, 0.6, 0.7, 0.9)).startswith(b"\xff\xd8")


def test_real_frames_are_kept_with_the_same_bytes_each_time(brief: Path, tmp_path: Path) -> None:
    clip, budget = probe(brief).clip, Budget(frames=4, side=200)
    spans = {"u1": span(0.4, 2.8), "u2": span(1.9, 4.0)}  # two that overlap
    plans = [p for name, each in spans.items() if (p := plan(name, each, moving(8.0), [0], budget)) is not None]
    made = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        with working_in(Workspace(brief, folder)):
            made.append({each.name: shown for each, shown in pictures(clip, plans, budget)})
    assert {name: len(shown) for name, shown in made[0].items()} == {"u1": 4, "u2": 4}
    assert made[0] == made[1]
    for shown in made[0].values():
        for place, picture in enumerate(shown):
            assert (tmp_path / "a" / picture.name).read_bytes() == picture.jpeg
            assert picture.name.endswith(f".{place + 1}.jpg")
            height, width = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR).shape[:2]
            assert max(height, width) == 200
        assert [picture.at for picture in shown] == sorted(picture.at or 0 for picture in shown)


def test_of_a_clip_that_breaks_off_only_what_is_there_is_shown(brief: Path, tmp_path: Path) -> None:
    clip, budget = probe(brief).clip, Budget(frames=4, side=200)
    series = moving(12.0)
    spans = {"u1": span(7.0, 9.0), "u2": span(10.0, 11.0)}
    plans = [p for name, each in spans.items() if (p := plan(name, each, series, [0], budget)) is not None]
    assert len(plans) == 2
    with working_in(Workspace(brief, tmp_path)):
        shown = {each.name: len(found) for each, found in pictures(clip, plans, budget)}
    assert set(shown) == {"u1"}
    assert FEWEST <= shown["u1"] < 4


@pytest.mark.parametrize(
    ("told", "large", "expected"),
    [
        ({}, False, Budget(8, 448)),
        ({}, True, Budget(16, 672)),
        ({"frames": 4}, True, Budget(4, 672)),
        ({"frame_side": 320}, False, Budget(8, 320)),
    ],
)
def test_the_budget_is_what_was_told_or_what_fits(told: dict[str, int], large: bool, expected: Budget) -> None:
    assert budget_of(Settings(**told), large_card=large) == expected  # type: ignore[arg-type]
