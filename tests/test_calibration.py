from __future__ import annotations

import math

import numpy as np
import pytest

from emoagent.agents.confidence import calibrated
from emoagent.evals.scoring.answer import Answer
from emoagent.evals.scoring.calibration import (
    area,
    aurc,
    ece,
    figures,
    risk_coverage,
    selective_accuracy,
    temperature,
)


def _answers(*sure_and_right: tuple[float | None, bool]) -> list[Answer]:
    return [
        Answer("joy", "joy" if right else "anger", sure, group=str(i)) for i, (sure, right) in enumerate(sure_and_right)
    ]


def test_calibration_error_by_hand() -> None:
    # 0.9 and 0.95 share a bin: |1.85 - 1| = 0.85; 0.55 alone: 0.45; 0.15 alone: 0.15; over four items
    said = _answers((0.9, True), (0.95, False), (0.55, True), (0.15, False))
    assert ece(said) == pytest.approx((0.85 + 0.45 + 0.15) / 4)
    assert ece(_answers((1.0, True), (1.0, True))) == 0.0


def test_what_is_not_answered_has_no_confidence() -> None:
    silent = Answer("joy", None, 0.9)
    assert ece([silent, *_answers((0.5, True))]) == pytest.approx(0.5)
    assert math.isnan(ece([silent]))
    assert math.isnan(aurc([]))
    assert figures([silent], 7) == {}


def test_risk_and_coverage_by_hand() -> None:
    sure, right = np.array([0.9, 0.8, 0.8, 0.1, np.nan]), np.array([1.0, 0.0, 1.0, 0.0, 0.0])
    coverage, risk = risk_coverage(sure, right)
    assert coverage.tolist() == pytest.approx([0.2, 0.6, 0.8])
    assert risk.tolist() == pytest.approx([0, 1 / 3, 1 / 2])
    assert area(coverage, risk) == pytest.approx((0.2 * 0 + 0.4 / 3 + 0.2 / 2) / 0.8)
    assert selective_accuracy(sure, right, 0.25) == 1.0
    assert selective_accuracy(sure, right, 1.0) == 0.5


def test_area_is_least_where_errors_are_the_least_sure() -> None:
    good = _answers((0.9, True), (0.8, True), (0.7, False))
    bad = _answers((0.9, False), (0.8, True), (0.7, True))
    assert aurc(good) == pytest.approx(1 / 9)
    assert aurc(bad) == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)


def test_temperature_finds_how_much_too_sure_the_logits_are() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20000, 4))
    masses = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = (masses.cumsum(axis=1) > rng.random((20000, 1))).argmax(axis=1)
    assert temperature(3 * logits, truth) == pytest.approx(3, rel=0.05)
    assert temperature(0.5 * logits, truth) == pytest.approx(0.5, rel=0.05)


def test_figures_have_intervals() -> None:
    found = figures(_answers(*[(0.7, i % 10 < 7) for i in range(200)]), 7, draws=200)
    assert set(found) == {"ECE", "AURC", "selective accuracy at 80 %"}
    error = found["ECE"]
    assert error.value == pytest.approx(0, abs=1e-9)
    assert error.low is not None
    assert error.high is not None
    assert error.low <= error.value + 1e-9 < error.high


def test_confidence_of_a_verdict_stays_in_order_and_below_certainty() -> None:
    steps = [calibrated(p / 20, {"text"}) for p in range(1, 20)]
    assert steps == sorted(steps)
    assert calibrated(1.0, {"text", "face"}) < 1
