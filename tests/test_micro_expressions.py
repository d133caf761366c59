"""Micro-expressions are called above a face's own noise only, and never where something else moves the face."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tracked import FPS, column, rest_features, series_of

from emoagent.agents.face_look import Faces
from emoagent.agents.face_micro import micro_findings
from emoagent.agents.registry import Finding
from emoagent.schema import Span, Utterance
from emoagent.tools.sight.face_series import FaceSeries

SECONDS = 10.0
BROWS = ("inner_brow_left", "inner_brow_right", "outer_brow_left", "outer_brow_right")
CORNERS = ("lip_corner_curl_left", "lip_corner_curl_right")


def face(noise: float = 0.0012, **flashes: tuple[float, float, float]) -> FaceSeries:
    """A face at rest with noise; `flashes`: name of features -> (start, seconds, size in eye distances)."""
    n = round(SECONDS * FPS)
    time = np.arange(n) / FPS
    features = rest_features() + np.random.default_rng(4).normal(0, noise, (n, len(rest_features())))
    for name, (start, seconds, size) in flashes.items():
        share = (time - start) / seconds
        bump = np.where((share > 0) & (share < 1), 0.5 - 0.5 * np.cos(2 * np.pi * share), 0) * size
        for each in {"brows": BROWS, "corners": CORNERS}[name]:
            features[:, column(each)] += bump
    return without_shapes(series_of(features))


def without_shapes(series: FaceSeries) -> FaceSeries:
    return replace(series, blendshapes=series.blendshapes * np.nan)


def called(series: FaceSeries, *, talks: bool = False) -> list[Finding]:
    said = Utterance(
        id="u1", person="p1" if talks else "p2", span=Span(start=0, end=SECONDS), text="", source="subtitles"
    )
    look = Faces(series, {"p1": [0]}, [said]).look(said, "p1", talks, 1.0)
    assert look is not None
    return list(micro_findings(series, look))


@pytest.mark.parametrize("seconds", [0.28, 0.4])
def test_a_flash_of_the_brows_is_found(seconds: float) -> None:
    (found,) = called(face(brows=(5.0, seconds, 0.04)))
    assert found.kind == "micro_expression"
    assert found.measures["apex"][0] == pytest.approx(5.0 + seconds / 2, abs=0.1)
    assert 0.1 <= found.measures["duration"][0] <= 0.5
    assert {"AU1", "AU2"} & set(found.measures)
    assert found.reliability <= 0.35
    assert found.person == "p1"


def test_noise_slow_movement_and_steps_are_none() -> None:
    assert not called(face())
    assert not called(face(noise=0.006))
    assert not called(face(brows=(3.0, 2.5, 0.06)))
    step = face()
    step.features[60:, [column(name) for name in BROWS]] += 0.04
    assert not called(step)


def test_the_same_flash_is_noise_in_a_lively_face() -> None:
    assert called(face(noise=0.001, brows=(5.0, 0.4, 0.014)))
    assert not called(face(noise=0.012, brows=(5.0, 0.4, 0.014)))


def test_a_talking_mouth_a_turning_head_and_a_blink_hide_it() -> None:
    smirk = face(corners=(5.0, 0.4, 0.08))
    talking = face(corners=(5.0, 0.4, 0.08))
    talking.features[:, column("lip_aperture")] += 0.1 * np.abs(np.sin(2 * np.pi * 2 * talking.time)).astype(np.float32)
    assert called(smirk)
    assert not called(talking, talks=True)
    turning = face(brows=(5.0, 0.4, 0.04))
    turning.pose[55:75, 0] = np.linspace(0, 40, 20)
    assert not called(turning)
    blinking = face(brows=(5.0, 0.3, 0.04))
    blinking.features[61:66, [column("eye_aperture_left"), column("eye_aperture_right")]] = 0.02
    assert not called(blinking)


def test_it_does_not_depend_on_what_comes_later() -> None:
    series: NDArray[np.float32] = face(brows=(3.0, 0.4, 0.04)).features
    early = Utterance(id="u1", person="p2", span=Span(start=0, end=6), text="", source="subtitles")
    found = []
    for change in (0.0, 0.05):
        changed = face(brows=(3.0, 0.4, 0.04))
        changed.features[:] = series
        changed.features[75:] += np.float32(change)
        look = Faces(changed, {"p1": [0]}, [early]).look(early, "p1", False, 1.0)
        assert look is not None
        found.append(list(micro_findings(changed, look)))
    assert found[0] == found[1] != []
