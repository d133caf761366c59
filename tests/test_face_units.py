"""What is said about units: over whose rest, which side is stronger, and how an opinion takes a one-sided smile."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tracked import FPS, column, rest_features, series_of

from emoagent.agents.face_look import Faces, Look
from emoagent.agents.face_opinion import face_opinion
from emoagent.agents.face_units import unit_findings
from emoagent.agents.registry import Finding
from emoagent.schema import Evidence, Measure, Producer, Span, Utterance
from emoagent.tools.sight.face_series import FaceSeries

SMILE = ("lip_corner_curl", "lip_corner_height")
Floats = NDArray[np.float64]


def face(seconds: float = 8.0) -> FaceSeries:
    """A still face as the plain model sees it, with a little noise."""
    n = round(seconds * FPS)
    noise = np.random.default_rng(7).normal(0, 0.0008, (n, len(rest_features())))
    series = series_of(rest_features() + noise)
    return replace(series, blendshapes=series.blendshapes * np.nan)


def smiling(series: FaceSeries, start: float, end: float, left: float = 0.1, right: float = 0.1) -> FaceSeries:
    """The corners of the mouth raised by so many eye distances from `start` to `end` (seconds)."""
    at = (series.time >= start) & (series.time < end)
    for side, size in (("left", left), ("right", right)):
        for name in SMILE:
            series.features[at, column(f"{name}_{side}")] += size
    return series


def looked(series: FaceSeries, start: float = 0.0, end: float = 8.0, *, talks: bool = False) -> Look:
    said = Utterance(
        id="u1", person="p1" if talks else "p2", span=Span(start=start, end=end), text="", source="subtitles"
    )
    each = Faces(series, {"p1": [0]}, [said]).look(said, "p1", talks, 1.0)
    assert each is not None
    return each


def said_of(series: FaceSeries, *names: str) -> list[Finding]:
    return [found for found in unit_findings(looked(series)) if set(names) & set(found.measures)]


def level(each: Look, name: str, start: float, end: float) -> float:
    units = each.units
    at = (units.time >= start) & (units.time < end)
    return float(np.nanmedian(units.value[at, units.names.index(name)]))


def test_onset_apex_and_offset_are_told() -> None:
    (found,) = said_of(smiling(face(), 3.0, 4.5), "AU12")
    assert found.kind == "action_unit"
    assert found.measures["onset"][0] == pytest.approx(3.0, abs=0.1)
    assert found.measures["offset"][0] == pytest.approx(4.5, abs=0.1)
    assert found.measures["rise"][0] > 0
    assert found.span is not None
    assert found.span.start == found.measures["onset"][0]


def test_a_second_strong_segment_is_told_and_no_third() -> None:
    series = face(12)
    for start in (2.0, 5.0, 8.0):
        smiling(series, start, start + 1, 0.08, 0.08)
    each = looked(series, 0, 12)
    found = [one for one in unit_findings(each) if "AU12" in one.measures]
    assert [one.kind for one in found] == ["action_unit", "action_unit_again"]
    weak = smiling(smiling(face(), 2.0, 3.0, 0.2, 0.2), 5.0, 6.0, 0.07, 0.07)
    assert len(said_of(weak, "AU12")) == 1


@pytest.mark.parametrize(("left", "right", "side"), [(0.1, 0.0, "left"), (0.0, 0.1, "right")])
def test_a_one_sided_smile_is_said_to_be_one(left: float, right: float, side: str) -> None:
    (found,) = said_of(smiling(face(), 3.0, 5.0, left, right), "AU12_left")
    assert found.kind == "asymmetry"
    assert f"the person's {side} side" in found.text
    assert (found.measures["asymmetry"][0] > 0.3) == (side == "left")
    assert found.measures[f"AU12_{side}"][0] > 2


def test_a_straight_smile_a_crooked_face_and_a_turned_one_are_not_one_sided() -> None:
    assert not said_of(smiling(face(), 3.0, 5.0), "AU12_left")
    crooked = smiling(face(), 0.0, 8.0, 0.03, 0.0)
    assert not said_of(smiling(crooked, 3.0, 5.0), "AU12_left")
    turned = face()
    turned.pose[:, 0] = np.linspace(-14, 14, len(turned.time))
    by_yaw = 0.001 * turned.pose[:, 0]  # what turning makes of the corners, as measured
    turned.features[:, column("lip_corner_curl_left")] += by_yaw / 2
    turned.features[:, column("lip_corner_curl_right")] -= by_yaw / 2
    assert not said_of(smiling(turned, 3.0, 5.0), "AU12_left")


def test_one_sidedness_deserves_less_trust_in_a_turned_head() -> None:
    trust = []
    for yaw in (0.0, 30.0):
        series = smiling(face(), 3.0, 5.0, 0.12, 0.0)
        series.pose[:, 0] = yaw
        trust.append(said_of(series, "AU12_left")[0].reliability)
    assert trust[1] < 0.7 * trust[0]


def test_who_smiles_throughout_does_not_rest_smiling() -> None:
    each = looked(smiling(face(30), 0.0, 30.0, 0.15, 0.15), 0, 30)
    assert level(each, "AU12", 0, 30) > 2


def test_who_talks_throughout_rests_with_the_mouth_shut() -> None:
    """Never seen silent: a chin does not rise because the mouth is open most of the time."""
    series = face(20)
    opening = 0.1 * (np.sin(2 * np.pi * 2.1 * series.time) + 0.7).clip(0)
    for name, share in (("lip_aperture", 1.0), ("lip_aperture_outer", 1.0), ("jaw_drop", 0.6)):
        series.features[:, column(name)] += share * opening
    each = looked(series, 0, 20, talks=True)
    mouth = [each.units.names.index(name) for name in ("AU15", "AU17", "AU20", "AU23")]
    assert each.units.active()[:, mouth].mean(axis=0).max() < 0.05
    assert level(each, "AU25", 0, 20) > 0


def test_frames_with_the_head_turned_away_are_no_rest() -> None:
    """Turning bends the measured brows; a person who is mostly turned still rests as seen from the front."""
    series = face(10)
    away = series.time < 8
    series.pose[away, 0] = 50.0
    series.features[away, column("inner_brow_left")] += 0.04
    series.features[away, column("inner_brow_right")] += 0.04
    each = looked(series, 0, 10)
    assert level(each, "AU4", 8.2, 10) < 0.5
    assert (each.units.reliability[each.units.time < 7.9] == 0).all()


def test_one_short_utterance_is_judged_against_people_at_large() -> None:
    each = looked(smiling(face(1.6), 0.8, 1.6, 0.12, 0.12), 0, 1.6)
    assert level(each, "AU12", 0, 0.7) < 0.6
    assert level(each, "AU12", 0.9, 1.6) > 1.5


def test_more_frames_a_second_in_a_smile_make_it_no_rest() -> None:
    """Sampling that looks more often while something happens must not move the rest."""
    dense, sparse = smiling(face(), 5.0, 8.0), smiling(face(), 5.0, 8.0)
    keep = (sparse.time >= 5.0) | (np.arange(len(sparse.time)) % 3 == 0)
    columns = ("time", "track", "box", "quality", "pose", "features", "blendshapes", "gaze", "factors")
    thin = replace(sparse, frames=sparse.time[keep], **{name: getattr(sparse, name)[keep] for name in columns})
    found = [level(looked(series), "AU12", 5.5, 7.5) for series in (dense, thin)]
    assert found[1] == pytest.approx(found[0], abs=0.3)


def test_talk_is_not_the_whole_of_an_utterance() -> None:
    """Lips that stand still for a second are not talking, and are trusted as a silent mouth is."""
    series = smiling(face(), 5.5, 7.5)
    talk = series.time < 5
    series.features[talk, column("lip_aperture")] += 0.1 * np.abs(np.sin(2 * np.pi * 2 * series.time[talk]))
    units = looked(series, talks=True).units
    trust = units.reliability[:, units.names.index("AU12")]
    assert trust[(units.time > 6) & (units.time < 7)].mean() > 1.15 * trust[(units.time > 1) & (units.time < 4)].mean()


def evidence(found: Finding, number: int) -> Evidence:
    return Evidence(
        id=f"u1.face.{number}", utterance="u1", person="p1", modality="face", kind=found.kind,
        span=found.span or found.utterance.span, finding=found.text, reliability=found.reliability, saw_text=False,
        measures={name: Measure(value=value, unit=unit) for name, (value, unit) in found.measures.items()},
        producer=Producer(name="test", version="0", revision="0"),
    )  # fmt: skip


def test_a_one_sided_smile_is_less_joy() -> None:
    each = looked(smiling(face(), 3.0, 5.0, 0.2, 0.0))
    items = [evidence(found, number) for number, found in enumerate(unit_findings(each))]
    assert "asymmetry" in {item.kind for item in items}
    all_of_it = face_opinion.run(each.utterance, items, ())
    without = face_opinion.run(each.utterance, [item for item in items if item.kind != "asymmetry"], ())
    assert all_of_it.distribution["joy"] < without.distribution["joy"]
    assert set(all_of_it.cites) == {item.id for item in items}
