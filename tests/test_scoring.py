"""Metrics and intervals against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from emoagent.evals.scoring.answer import Answer
from emoagent.evals.scoring.bootstrap import figure, paired, resampled, samples
from emoagent.evals.scoring.codes import coded
from emoagent.evals.scoring.correlation import correlation, pearson, ranks, spearman
from emoagent.evals.scoring.labels import (
    accuracy,
    class_f1,
    macro_f1,
    per_class_f1,
    selective_accuracy,
    unweighted_recall,
    weighted_f1,
)
from emoagent.evals.scoring.multilabel import multilabel_figures, table
from emoagent.evals.scoring.rows import difference, majority, row

TRUTH = ("joy", "joy", "joy", "anger", "anger", "fear")
SAID = ("joy", "anger", None, "anger", "joy", "sadness")
ANSWERS = [Answer(real, label) for real, label in zip(TRUTH, SAID, strict=True)]


def test_labels() -> None:
    """joy: 1 of 3 found, said twice; anger: 1 of 2 found, said twice; fear: never said."""
    assert accuracy(ANSWERS) == pytest.approx(2 / 6)
    assert per_class_f1(ANSWERS) == pytest.approx({"anger": 2 / 4, "fear": 0, "joy": 2 / 5})
    assert weighted_f1(ANSWERS) == pytest.approx((2 * 0.5 + 3 * 0.4) / 6)
    assert macro_f1(ANSWERS) == pytest.approx(0.9 / 3)
    assert unweighted_recall(ANSWERS) == pytest.approx((1 / 3 + 1 / 2 + 0) / 3)
    assert selective_accuracy(ANSWERS) == pytest.approx(2 / 5)
    assert np.isnan(class_f1("sadness")(ANSWERS))


def test_nothing_answered_and_nothing_asked() -> None:
    silent = [Answer("joy", None), Answer("anger", None, invalid=True)]
    assert accuracy(silent) == weighted_f1(silent) == macro_f1(silent) == unweighted_recall(silent) == 0
    assert np.isnan(selective_accuracy(silent))
    assert accuracy([]) == weighted_f1([]) == macro_f1([]) == unweighted_recall([]) == 0
    assert figure(accuracy, [], seed=7).low is None
    assert row("nobody", [], 7).n == 0
    assert majority([]) == []


def test_coded_answers_are_a_sequence_like_any_other() -> None:
    known = coded(ANSWERS)
    assert list(known) == ANSWERS
    assert known[-1] == ANSWERS[-1]
    assert list(known[1:3]) == ANSWERS[1:3]
    assert list(known.at(np.array([5, 5]))) == [ANSWERS[5], ANSWERS[5]]
    assert coded(known) is known
    assert [a for a in known if a.label == a.truth] == [ANSWERS[0], ANSWERS[3]]


def test_groups_are_drawn_whole() -> None:
    grouped = [Answer("joy", "joy", group=name, key=f"{name}{i}") for name in "abc" for i in range(2)]
    for sample in resampled(grouped, seed=3, draws=50):
        keys = [answer.key for answer in sample]
        assert len(keys) == 6
        assert all(keys.count(f"{name}0") == keys.count(f"{name}1") for name in "abc")


def test_the_same_seed_draws_the_same() -> None:
    first, again, other = (list(samples([""] * 9, seed, 5)) for seed in (1, 1, 2))
    assert all((one == two).all() for one, two in zip(first, again, strict=True))
    assert any((one != two).any() for one, two in zip(first, other, strict=True))


def test_an_interval_is_about_as_wide_as_theory_says() -> None:
    """A share of 0.5 over 400 items: 0.5 ± 1.96 × 0.025."""
    half = [Answer("joy", "joy" if i % 2 else "anger") for i in range(400)]
    found = figure(accuracy, half, seed=7)
    assert found.low == pytest.approx(0.451, abs=0.008)
    assert found.high == pytest.approx(0.549, abs=0.008)


def test_a_paired_difference_knows_that_the_items_are_the_same() -> None:
    better = [Answer(a.truth, a.truth if i < 3 else a.label) for i, a in enumerate(ANSWERS)]
    assert paired(accuracy, better, ANSWERS, seed=7).value == pytest.approx(2 / 6)
    same = paired(accuracy, ANSWERS, list(ANSWERS), seed=7)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    told = difference("a − b", better, ANSWERS, 7).figures["accuracy"]
    assert told.value == pytest.approx(100 * 2 / 6)
    assert told.unit == "points"
    with pytest.raises(ValueError, match="same items"):
        paired(accuracy, ANSWERS, ANSWERS[1:], seed=7)


def test_a_row_counts_what_was_not_answered() -> None:
    answers = [*ANSWERS, Answer("joy", None, invalid=True), Answer("joy", None, invalid=True)]
    found = row("who", answers, 7, milliseconds=2.5)
    assert (found.n, found.invalid_rate, found.abstention_rate) == (8, 2 / 8, 1 / 8)
    assert found.figures["accuracy"].value == pytest.approx(2 / 8)
    assert found.figures["selective accuracy"].value == pytest.approx(2 / 5)
    assert {"F1 joy", "F1 anger", "F1 fear"} <= set(found.figures)
    assert "F1 sadness" not in found.figures
    assert {a.label for a in majority(answers)} == {"joy"}
    assert "ECE" not in found.figures


def test_a_row_with_confidences_tells_their_calibration() -> None:
    """Sure by 0.75 and right, sure by 0.75 and wrong: half a bin of 0.75 is right."""
    answers = [Answer("joy", "joy", 0.75), Answer("joy", "anger", 0.75), Answer("anger", None)]
    figures = row("who", answers, 7).figures
    assert figures["ECE"].value == pytest.approx(0.25)
    assert figures["AURC"].value == pytest.approx(0.5)
    assert list(figures)[-2:] == ["F1 anger", "F1 joy"]


def test_sets_of_labels() -> None:
    """a: right once of 2 and said once; b: right once of 1 and said twice; c: neither occurs nor is said."""
    truth, said = table([("a",), ("a", "b"), ()], "abc"), table([("a",), ("b",), ("b", "unknown")], "abc")
    found = multilabel_figures(truth, said, seed=7, draws=20)
    assert found["macro F1"].value == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    assert found["micro F1"].value == pytest.approx(2 * 2 / (3 + 3))
    assert found["exact sets"].value == pytest.approx(1 / 3)
    low, high = found["micro F1"].low, found["micro F1"].high
    assert low is not None
    assert high is not None
    assert low <= 2 / 3 <= high


def test_correlations() -> None:
    """Products 2, squares 5 and 1: r = 2 / √5; of the ranks 1, 2, 3, 4 and 1.5, 1.5, 3.5, 3.5: 4 / √(5 × 4)."""
    first, second = np.array([1.0, 2, 3, 4]), np.array([1.0, 1, 2, 2])
    assert pearson(first, second) == pytest.approx(2 / (5 * 1) ** 0.5)
    assert ranks(np.array([10.0, 30, 20, 20])).tolist() == [1, 4, 2.5, 2.5]
    assert spearman(first, second) == pytest.approx(4 / (5 * 4) ** 0.5)
    assert correlation(pearson, "r", [1, 2, 3], [5, 5, 5], 7).value == 0
    assert correlation(pearson, "r", [], [], 7).unit == "r"
    assert correlation(pearson, "r", [1, 2, 3, 4], [2, 4, 6, 8], 7, draws=20).value == pytest.approx(1)
