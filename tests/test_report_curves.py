"""The curves and peak frames of the report: what they show, where there are gaps, and runs that have none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from example_trace import example_trace
from report_page import page_of, samples
from test_exports import _run, _smiling
from tracked import series_of

from emoagent.schema import Trace
from emoagent.tools.sight.action_unit_table import UNITS
from emoagent.tools.sight.face_contours import CONTOURS, POINTS
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.peak_frames import Peak, save
from emoagent.tools.voice.voice_series import Voiced, VoiceSeries
from emoagent.viewer.exports.result import Result
from emoagent.viewer.payload import payload_of
from emoagent.viewer.series import grid, packed, resampled, series


def _found(trace: Trace, folder: Path) -> dict[str, dict[str, Any]]:
    return {each["id"]: each for each in page_of(trace, folder).payload["series"]}


def _voices(folder: Path, *parts: tuple[str, Voiced]) -> None:
    (folder / "work").mkdir(exist_ok=True)
    VoiceSeries.joined(parts).save(folder / "work" / "voice.npz")


def _voiced(first: int, *hertz: float) -> Voiced:
    number = np.arange(first, first + len(hertz), dtype=np.int32)
    return Voiced(number, np.array(hertz, np.float32), np.full(len(hertz), -20.0, np.float32))


def test_a_smile_is_a_curve_of_its_person(tmp_path: Path) -> None:
    trace = _run(tmp_path / "run", series_of(_smiling()), {"p1": ("t0",)})
    found = _found(trace, tmp_path / "run")
    assert list(found) == ["p1.quality", *(f"p1.{unit.name}" for unit in UNITS)]
    smile = found["p1.AU12"]
    assert (smile["kind"], smile["name"], smile["title"]) == ("action_unit", "AU12", "lip corner puller")
    assert (smile["unit"], smile["low"], smile["high"]) == ("intensity 0-5", 0, 5)
    assert (smile["person"], smile["start"], smile["step"]) == ("p1", 0, 0.1)
    values = samples(smile)
    assert len(values) == 60
    assert values[45:54].min() > 2 > 0.3 > values[:35].max()
    assert np.isfinite(values).all()


def test_what_was_not_seen_is_a_gap(tmp_path: Path) -> None:
    whole = series_of(_smiling())
    kept = np.r_[0:20, 40:75]
    rows = {name: getattr(whole, name)[kept] for name in ("time", "track", "box", "quality", "pose", "features",
                                                           "blendshapes", "gaze", "factors")}  # fmt: skip
    trace = _run(tmp_path / "run", FaceSeries(**vars(whole) | rows), {"p1": ("t0",)})
    values = samples(_found(trace, tmp_path / "run")["p1.quality"])
    assert np.isnan(values[17:31]).all()
    assert np.isfinite(values[:15]).all()
    assert np.isfinite(values[33:]).all()


def test_frames_that_are_far_between_are_joined_and_missing_values_are_not() -> None:
    time = np.array([0.0, 0.4, 0.8, 1.2])
    values = np.array([[0.0, 0.0], [4.0, np.nan], [8.0, 8.0], [12.0, 12.0]])
    curve = resampled(time, values, time, 0.0, 13)
    assert curve[:, 0] == pytest.approx(np.arange(13))
    assert np.isnan(curve[1:8, 1]).all()
    assert curve[8:, 1] == pytest.approx(np.arange(8, 13))
    assert np.isnan(resampled(np.array([0.0, 3.0]), np.zeros((2, 1)), np.array([0.0, 3.0]), 0.0, 31)[1:30]).all()
    assert np.isnan(resampled(time, np.full((4, 1), np.nan), time, 0.0, 5)).all()


def test_a_sample_is_the_mean_of_its_tenth_of_a_second() -> None:
    time = np.array([0.96, 1.0, 1.04, 1.1])
    curve = resampled(time, np.array([[1.0], [2.0], [6.0], [5.0]]), time, *grid(0.96, 1.1))
    assert curve[:, 0] == pytest.approx([3.0, 5.0])
    assert list(grid(0.96, 1.1)) == pytest.approx([1.0, 2])
    assert list(grid(0.3, 0.7)) == pytest.approx([0.3, 5])


def test_values_are_kept_to_a_five_hundredth_of_their_range() -> None:
    values = np.concatenate([np.linspace(-60, 0, 777), [np.nan, -1e9, 1e9]])
    curve = samples(series("loudness", "loudness", "loudness", "dBFS", (-60.0, 0.0), values, person=None, start=0.0))
    assert np.abs(curve[:777] - values[:777]).max() <= 60 / 500
    assert np.isnan(curve[777])
    assert curve[778:] == pytest.approx([-60, 0], abs=1e-9)
    assert packed(np.array([np.nan]), 0, 1) == "AAA="


def test_voices_are_curves_of_who_speaks_and_gaps_elsewhere(tmp_path: Path) -> None:
    _voices(tmp_path, ("u1", _voiced(8, 210, 220, np.nan)), ("u2", _voiced(41, 110)), ("u3", _voiced(69, 230)),
            ("of another transcript", _voiced(3, 400)))  # fmt: skip
    found = _found(example_trace(), tmp_path)
    assert list(found) == ["p1.pitch", "p1.loudness", "p2.pitch", "p2.loudness"]
    anna = samples(found["p1.pitch"])
    assert found["p1.pitch"]["start"] == 0.8
    assert len(anna) == 62
    assert anna[[0, 1, 61]] == pytest.approx([210, 220, 230], abs=1.5)
    assert np.isnan(anna[2:61]).all()
    assert samples(found["p1.loudness"])[2] == pytest.approx(-20, abs=0.2), "loud where it is not voiced"
    ranges = {(found[name]["low"], found[name]["high"]) for name in ("p1.pitch", "p2.pitch")}
    assert ranges == {(100, 400)}, "one scale for all"


def test_a_voice_of_nobody_known_has_its_curve(tmp_path: Path) -> None:
    _voices(tmp_path, ("u1", _voiced(8, 210, 220)))
    trace = example_trace()
    nobody = tuple(u.model_copy(update={"person": None}) for u in trace.utterances)
    found = _found(trace.model_copy(update={"utterances": nobody, "people": ()}), tmp_path)
    assert {each["person"] for each in found.values()} == {None}


@pytest.mark.parametrize("name", ["faces.npz", "voice.npz", "peaks.json"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"[1, 2", b'[{"utterance": "u1"}]', b"\x93NUMPY"])
def test_series_that_cannot_be_read_are_none(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / name).write_bytes(content)
    payload = page_of(example_trace(), tmp_path).payload
    assert payload["series"] == payload["peaks"] == []


def test_peaks_are_drawn_as_they_were_kept(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    points = np.linspace(0, 1, 2 * len(POINTS), dtype=np.float32).reshape(-1, 2)
    kept = [Peak("u1", "p1", 2.25, (0.1, 0.2, 0.3, 0.4), points, "media/u1.jpg"),
            Peak("u2", "p2", 5.0, (0.1, 0.2, 0.3, 0.4), None, None),
            Peak("of another transcript", None, 5.0, (0.1, 0.2, 0.3, 0.4), None, None)]  # fmt: skip
    save(kept, tmp_path / "work" / "peaks.json")
    payload = page_of(example_trace(), tmp_path).payload
    assert payload["peaks"] == [peak.told() for peak in kept[:2]]
    assert payload["peaks"][0]["box"] == [0.1, 0.2, 0.3, 0.4]
    assert payload["contours"] == [list(contour) for contour in CONTOURS]


def test_timings_are_told_and_odd_ones_are_not(tmp_path: Path) -> None:
    (tmp_path / "timings.json").write_text(json.dumps({"probe": 0.5, "watch": 12, "odd": "x"}))
    assert page_of(example_trace(), tmp_path).payload["timings"] == {"probe": 0.5, "watch": 12}
    (tmp_path / "timings.json").write_text('{"watch": Infinity, "face": NaN, "voice": 1}')
    timings = page_of(example_trace(), tmp_path).payload["timings"]
    assert timings == {"voice": 1}, "a browser could not read the page"
    (tmp_path / "timings.json").write_text("[1")
    assert payload_of(Result(tmp_path, example_trace())).timings == {}
