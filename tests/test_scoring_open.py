"""Sets of words, emotion wheels and shared words, with values computed by hand."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from emoagent.evals.corpora.goemotions import GROUP
from emoagent.evals.scoring.emotion_wheel import WHEELS, on_wheel
from emoagent.evals.scoring.emotion_words import GROUPS, canonical, canonical_or_self, forms, named
from emoagent.evals.scoring.means import column_means, mean_figures
from emoagent.evals.scoring.open_sets import SetAnswer, f1, set_rows, words_of
from emoagent.evals.scoring.overlap import labels_in, lemmas, rated_steps, sentences, shared_emotions, shared_words
from emoagent.labels import ALIASES, LABEL_SETS

FOUR = (
    SetAnswer(("happy", "excited"), ("Joyful", "sad")),
    SetAnswer(("worried", "zzz"), ("fear",)),
    SetAnswer(("joy",), (), abstained=True),
    SetAnswer(("zzz",), ("zzz",)),
)


def test_no_form_stands_in_two_groups_and_no_word_twice_on_a_wheel() -> None:
    listed = [word for line in GROUPS.strip().splitlines() for word in line.partition(":")[2].split()]
    assert [word for word, count in Counter(listed).items() if count > 1] == []
    assert not set(listed) & set(forms().values())
    for wheel in WHEELS.values():
        words = [word for ring in wheel.values() for outer in ring.values() for word in outer.split()]
        assert len(words) == len(set(words))
        assert set(words) <= set(forms().values())


def test_all_labels_and_names_of_goemotions_are_in_the_list() -> None:
    known = {name for names in LABEL_SETS.values() for name in names} | set(ALIASES) | set(GROUP)
    assert [word for word in sorted(known) if canonical(word) is None] == []


def test_words_lie_where_plutchik_and_the_others_put_them() -> None:
    assert on_wheel("Furious", "plutchik", 1) == "anger"
    assert on_wheel("furious", "plutchik", 2) == "anger/rage"
    assert on_wheel("worried", "willcox", 2) == "scared/anxious"
    assert on_wheel("ashamed", "geneva", 1) == "unpleasant, not in control"
    assert on_wheel("neutral", "plutchik", 1) is None
    assert on_wheel("kitchen", "plutchik", 1) is None
    assert [len(WHEELS[name]) for name in ("plutchik", "willcox", "geneva")] == [8, 6, 4]
    assert sum(map(len, WHEELS["plutchik"].values())) == 24
    assert sum(map(len, WHEELS["geneva"].values())) == 20


def test_sets_by_synonyms() -> None:
    synonyms, _, _ = set_rows("x", FOUR, seed=1)
    figures = synonyms.figures
    assert (synonyms.part, synonyms.n) == ("synonyms", 4)
    assert [figures[name].value for name in ("precision", "recall", "mean of the two", "F1")] == [0.375] * 4
    assert synonyms.abstention_rate == 0.25
    assert figures["right words in our list"].value == pytest.approx((1 + 0.5 + 1 + 0) / 4)
    assert figures["said words in our list"].value == pytest.approx((1 + 1 + 0) / 3)


def test_sets_by_wheels_drop_what_is_off_them_and_average_over_wheels() -> None:
    _, inner, outer = set_rows("x", FOUR, seed=1)
    assert (inner.part, inner.n, outer.n) == ("wheel level 1", 3, 3)
    assert inner.figures["precision"].value == pytest.approx(1 / 2)
    assert inner.figures["recall"].value == pytest.approx(2 / 3)
    assert inner.figures["F1"].value == pytest.approx(4 / 7)
    assert outer.figures["precision"].value == pytest.approx(7 / 18)
    assert outer.figures["recall"].value == pytest.approx(4 / 9)
    assert outer.figures["F1 plutchik"].value == pytest.approx(1 / 6)
    assert outer.figures["F1 willcox"].value == pytest.approx(1 / 2)
    assert outer.figures["F1 geneva"].value == pytest.approx(4 / 7)
    assert outer.figures["F1"].value == pytest.approx((1 / 6 + 1 / 2 + 4 / 7) / 3)
    low, high = inner.figures["F1"].low, inner.figures["F1"].high
    assert low is not None
    assert high is not None
    assert low < inner.figures["F1"].value < high


def test_more_words_cost_precision() -> None:
    few, many = SetAnswer(("joy",), ("joy",)), SetAnswer(("joy",), ("joy", "anger", "sad", "fear"))
    assert set_rows("x", [few], 1)[1].figures["precision"].value == 1
    assert set_rows("x", [many], 1)[1].figures["precision"].value == pytest.approx((1 / 4 + 1 / 4 + 1 / 3) / 3)


def test_no_clip_at_all_gives_no_figures() -> None:
    assert [row.n for row in set_rows("x", [], 1)] == [0, 0, 0]
    assert set_rows("x", [SetAnswer(("zzz",), ("joy",))], 1)[1].figures == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [("[happy, excited]", ("happy", "excited")), ("['sad', \"at ease\"]", ("sad", "at ease")), ("[]", ()), ("", ())],
)
def test_released_lists_are_read(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words


def test_named_emotions_heed_denials() -> None:
    assert named("He is not at all angry but very sad; she isn't happy. Fear, never joy!") == ("sadness", "fear")
    assert canonical_or_self("Bewitched") == "bewitched"


def test_shared_words_by_hand() -> None:
    assert lemmas("He frowns and speaks loudly, angry.") == {"frown", "speak", "loud", "anger"}
    assert shared_words("He frowns and speaks loudly, angry.", "An angry man frowns.") == pytest.approx(4 / 7)
    assert shared_words("The of and", "anything") is None
    assert shared_words("frowns", "") == 0.0
    assert shared_emotions("Happy, then scared.", "She is glad.") == pytest.approx(2 / 3)
    assert shared_emotions("He walks.", "She is glad.") is None


def test_steps_are_rated_by_clues_and_named_labels() -> None:
    steps = ("His voice trembles.", "He stands in a kitchen.", "So he expresses that he is sad.")
    choices = ("Anger", "Sadness", "Happiness")
    assert rated_steps(steps, ("Sadness",), choices, "A trembling voice, and tears.") == (1.0, 0.0, 1.0)
    assert rated_steps(("Anger, sadness or happiness.",), ("Sadness",), choices, "") == (0.0,)
    several = ("anger", "disgust", "fear", "surprise")
    assert rated_steps(("Anger and surprise.",), ("anger", "disgust", "fear"), several, "") == (1 / 3,)


def test_the_longest_choice_is_taken() -> None:
    choices = ("positive", "weak positive", "neutral")
    assert labels_in("It is Weak Positive.", choices) == {"weak positive"}
    assert labels_in("a joyful tone", ("Happiness", "Fear")) == {"joy"}
    assert sentences("One. Two!\nThree") == ("One.", "Two!", "Three")


def test_means_leave_out_what_is_not_known() -> None:
    table = np.array([[1.0, np.nan], [0.0, np.nan], [np.nan, np.nan]])
    assert column_means(table)[0] == 0.5
    assert np.isnan(column_means(table)[1])
    figures = mean_figures(table, {"a": lambda m: float(m[0]), "b": lambda m: float(m[1])}, seed=1)
    assert figures.keys() == {"a"}
    assert (figures["a"].low, figures["a"].high) == (0.0, 1.0)
    assert f1(0.0, 0.0) == 0.0
