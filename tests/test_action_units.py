"""Facial geometry and action units: pose drops out, rest is rest, real expressions move the right units."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from tracked import FPS, column, mesh, rest_features, series_of, turned, watch

from emoagent.errors import EmoagentError
from emoagent.schema import Span
from emoagent.tools.sight.action_unit_table import UNITS
from emoagent.tools.sight.action_units import AuSeries, Expression, intensities
from emoagent.tools.sight.face_geometry import FEATURES, head_pose, measure
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.head_motion import head_motion

NOT_EYES = [i for i, unit in enumerate(UNITS) if unit.name not in ("AU43", "AU45")]


def peak(units: AuSeries, name: str, start: float = 0.0, end: float = 1e9) -> float:
    inside = (units.time >= start) & (units.time < end)
    return float(np.nanmedian(units.value[inside, units.names.index(name)]))


@pytest.mark.parametrize("pose", [(0, 0, 0), (30, 0, 0), (-25, 10, 15), (5, -20, -30)])
def test_pose_is_read_and_drops_out_of_the_distances(pose: tuple[float, float, float]) -> None:
    face = mesh()
    seen = turned(face, *pose)
    assert head_pose(seen) == pytest.approx(pose, abs=0.1)
    assert measure(seen) == pytest.approx(measure(face * 50), abs=1e-4)


def test_478_points_measure_as_468_and_nonsense_is_refused() -> None:
    face = mesh()
    assert (measure(np.vstack([face, np.zeros((10, 3))])) == measure(face)).all()
    assert np.isnan(measure(np.full((468, 3), np.nan))).all()
    assert np.isnan(head_pose(np.zeros((468, 3)))).all()
    with pytest.raises(EmoagentError, match="cannot be measured"):
        measure(np.zeros((10, 3)))


def test_a_face_at_rest_has_no_active_unit_even_when_noisy() -> None:
    noise = np.random.default_rng(1).normal(0, 0.002, (200, len(FEATURES)))
    units = intensities(series_of(rest_features() + noise), [0])
    assert not units.active()[:, NOT_EYES].any()


def test_deviation_is_from_the_persons_own_rest() -> None:
    own = rest_features()
    own[column("inner_brow_left")] += 0.02  # a person whose brows sit high
    own[column("inner_brow_right")] += 0.02
    features = np.tile(own, (150, 1))
    features[100:120, [column("inner_brow_left"), column("inner_brow_right")]] += 0.05
    units = intensities(series_of(features), [0])
    assert peak(units, "AU1", 0, 7) < 0.5
    assert peak(units, "AU1", 100 / FPS, 120 / FPS) > peak(units, "AU1", 0, 7) + 1


def test_somebody_who_smiles_throughout_does_not_rest_smiling() -> None:
    smiling = rest_features()
    for name in ("lip_corner_curl_left", "lip_corner_curl_right"):
        smiling[column(name)] += 0.15
    units = intensities(series_of(np.tile(smiling, (300, 1))), [0])
    assert units.active()[:, units.names.index("AU12")].mean() > 0.9


def test_rest_never_looks_ahead() -> None:
    features = np.tile(rest_features(), (100, 1))
    changed = features.copy()
    changed[50:] += 0.05
    early = [Expression(series_of(f), [0]).intensities(Span(start=0, end=4), until=4.0) for f in (features, changed)]
    assert np.array_equal(early[0].value, early[1].value)
    assert np.array_equal(early[0].threshold, early[1].threshold)


def test_speech_turned_heads_and_missing_blendshapes_cost_reliability() -> None:
    series = series_of(np.tile(rest_features(), (60, 1)))
    silent = intensities(series, [0], np.zeros(60, bool)).reliability[30]
    talking = intensities(series, [0], np.ones(60, bool)).reliability[30]
    for unit, quiet, loud in zip(UNITS, silent, talking, strict=True):
        assert (loud < quiet) == unit.mouth
    aside = dataclasses.replace(series, pose=series.pose + np.array([45, 0, 0], np.float32))
    assert (intensities(aside, [0], np.zeros(60, bool)).reliability[30] < silent / 2).all()
    plain = dataclasses.replace(series, blendshapes=series.blendshapes * np.nan)
    assert (intensities(plain, [0], np.zeros(60, bool)).reliability[30] <= silent).all()


def test_a_blink_is_no_closed_eye_and_hides_the_lids() -> None:
    features = np.tile(rest_features(), (100, 1))
    eyes = [column("eye_aperture_left"), column("eye_aperture_right")]
    features[20:23, eyes] = 0.0
    features[50:80, eyes] = 0.0
    series = series_of(features)
    shapes = series.blendshapes.copy()
    shapes[20:23, 9:11] = shapes[50:80, 9:11] = 0.9
    units = intensities(dataclasses.replace(series, blendshapes=shapes), [0])
    blink, shut, lid = (units.value[:, units.names.index(name)] for name in ("AU45", "AU43", "AU7"))
    assert blink[21] > 2.5
    assert shut[21] == 0
    assert shut[60] > 2.5
    assert blink[60] == 0
    assert np.isnan(lid[21])


def test_missing_features_stay_missing() -> None:
    features = np.tile(rest_features(), (40, 1))
    features[10] = np.nan
    units = intensities(series_of(features), [0])
    assert np.isnan(units.value[10]).all()
    assert (units.reliability[10] == 0).all()
    assert np.isfinite(units.value[20]).all()
    assert intensities(series_of(features), [7]).value.shape == (0, len(UNITS))


def test_nods_are_counted_and_drift_is_not() -> None:
    time = np.arange(40) / FPS
    still = np.zeros((40, 3))
    nodding, drifting = still.copy(), still.copy()
    nodding[:, 1] = 6 * np.sin(2 * np.pi * time / 0.9)
    drifting[:, 1] = np.linspace(0, 20, 40)
    counts = [motion.nods for each in (still, nodding, drifting) if (motion := head_motion(time, each))]
    assert counts[0] == 0
    assert counts[1] >= 4
    assert counts[2] <= 1
    assert head_motion(time, still * np.nan) is None


@pytest.fixture
def model(shared: Path) -> Path:
    return shared / "models" / "face_landmarker.task"


def without_shapes(series: FaceSeries) -> FaceSeries:
    return dataclasses.replace(series, blendshapes=series.blendshapes * np.nan)


@pytest.mark.real
def test_a_smile_moves_the_lip_corner_puller(shared: Path, model: Path) -> None:
    series = watch(shared / "media/pyfeat/single_face.mp4", model)
    for each in (series, without_shapes(series)):
        units = intensities(each, each.tracks())
        assert peak(units, "AU12", 1.1, 1.8) > 3
        assert peak(units, "AU12", 0, 0.5) < 0.5
        assert peak(units, "AU25", 1.1, 1.8) > 2
        assert peak(units, "AU15", 1.1, 1.8) < 0.5


@pytest.mark.slow
@pytest.mark.real
def test_acted_expressions_that_last_the_whole_clip_are_seen(shared: Path, model: Path) -> None:
    found = {}
    for name in ("W040_level_3_happy_029", "M003_level_1_disgusted_015"):
        series = watch(shared / f"media/mead/{name}.mp4", model)
        found[name[:4]] = intensities(series, series.tracks(), np.ones(len(series.time), bool))
    happy, disgusted = found["W040"], found["M003"]
    assert peak(happy, "AU12") > 1.2 > peak(disgusted, "AU12")
    assert peak(disgusted, "AU4") > 2 > 0.8 > peak(happy, "AU4")
    assert peak(disgusted, "AU9") > 1.2 > peak(happy, "AU9")


@pytest.mark.real
def test_people_who_merely_read_aloud_show_little(shared: Path, model: Path) -> None:
    """Of the units that count in speech, hardly any leaves rest in clips of plain reading."""
    for name in ("bbaf2n", "lbax4n", "lbbc2a"):
        series = watch(shared / f"media/grid/{name}.mpg", model)
        units = intensities(series, series.tracks(), np.ones(len(series.time), bool))
        trusted = units.reliability.mean(axis=0) > 0.3
        trusted[[units.names.index(n) for n in ("AU43", "AU45")]] = False
        assert units.active()[:, trusted].mean() < 0.02
