from __future__ import annotations

from math import exp, log

import numpy as np
import pytest
from judging import case_of, said

from emoagent.agents.case import Case, Turn
from emoagent.agents.causes import COEFFICIENTS, LIKELY, causes, features, own_features, probability, words
from emoagent.schema import Verdict
from emoagent.tools.words.word_confidence import INAUDIBLE
from emoagent.training.causes import Table, best_threshold, fitted, held_out, pair_f1

LONG = "I told him about the party and he said that he would never ever come to any of my parties again"


def _turn(text: str, name: str, person: str | None, start: float, label: str = "neutral") -> Turn:
    verdict = Verdict(utterance=name, person=person, label=label, distribution={label: 1.0}, reasoner="test")
    return Turn(said(text, name, person, start), verdict)


def _case(text: str, *history: Turn, start: float = 10.0, person: str | None = "p1") -> Case:
    return case_of(said(text, "u9", person, start), [], history)


def test_a_long_turn_carries_its_own_cause_and_a_short_one_reacts() -> None:
    news = _turn(LONG, "u8", "p2", 7.5)
    assert causes(_case(LONG, _turn("Hey.", "u8", "p2", 7.5)), "anger") == ("u9",)
    assert causes(_case("What?", news), "surprise") == ("u8",)
    assert causes(_case("No way, he said that to you?", news), "surprise") == ("u9", "u8")


def test_neutral_has_no_cause_and_little_may_have_none() -> None:
    assert causes(_case(LONG), "neutral") == ()
    assert causes(_case("Oh."), "anger") == ()


def test_only_three_turns_back_and_none_long_ago() -> None:
    far = [_turn(LONG, f"u{i}", "p2", 2.0 * i, "anger") for i in range(1, 5)]
    assert "u1" not in causes(_case("What?", *far), "anger")
    assert causes(_case("What?", _turn(LONG, "u8", "p2", 7.5), start=300.0), "surprise") == ()


def test_the_probability_is_the_logistic_of_the_sum_of_what_is_there() -> None:
    u, turn = said("So mean!", "u9", "p1", 5.0), _turn("You are all so mean to me.", "u8", "p1", 0.0, "anger")
    own = -1.94 + 1.11 * log(3)
    assert probability(own_features(u, "anger")) == pytest.approx(1 / (1 + exp(-own)))
    # one back, seven words, two words of its own, three seconds between, the same emotion, the same speaker
    before = -0.40 + 0.83 * log(8) - 0.54 * log(3) - 0.78 * log(4) + 0.88 - 1.38
    assert probability(features(u, "anger", turn, 1)) == pytest.approx(1 / (1 + exp(-before)))


def test_an_unknown_speaker_is_taken_for_another() -> None:
    u = said("So mean!", "u9", None, 5.0)
    assert features(u, "anger", _turn("Hey.", "u8", None, 0.0), 1)["one back: same speaker"] == 0


def test_words_are_what_was_understood() -> None:
    assert words(said(f"Well , I ... {INAUDIBLE} don't !")) == 3


def test_there_are_few_numbers_in_the_rule() -> None:
    assert len(COEFFICIENTS) + 1 <= 20
    assert 0 < LIKELY < 1


def test_the_fit_finds_the_odds_of_a_table() -> None:
    values = np.array([[1.0, 0.0]] * 400 + [[1.0, 1.0]] * 400)
    truth = np.array([True] * 100 + [False] * 300 + [True] * 300 + [False] * 100)
    weights = fitted(values, truth)
    assert weights == pytest.approx([log(1 / 3), 2 * log(3)], abs=0.1)
    data = Table(values, truth, np.arange(800), pairs=500)
    chances = held_out(data)
    threshold = best_threshold(data, chances)
    # 400 pairs are said, of which 300 are right: 2 * 300 / (400 + 500)
    assert pair_f1(data, chances, threshold) == pytest.approx(2 / 3)
