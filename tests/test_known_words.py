"""Which words the text model met."""

from __future__ import annotations

import numpy as np
import pytest

from emoagent.tools.words import known_words
from emoagent.tools.words.known_words import known, slot_of, vocabulary, words


@pytest.mark.parametrize("text", ["Ich weiß wirklich nicht, was du willst.", "Je ne comprends pas ce qu'il veut dire."])
def test_other_languages_are_mostly_unknown(text: str) -> None:
    assert known(text) < 0.5


def test_english_is_known() -> None:
    assert known("I don’t know what you're talking about, and [NAME] hates it!") == 1.0


def test_words_leave_out_placeholders_and_marks() -> None:
    assert words("Don\x92t… [NAME] 42?!") == ["don't", "42"]
    assert known("?!") == 0.0


def test_a_word_is_known_by_its_bit_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    bits = np.zeros_like(vocabulary())
    slot = slot_of("blorf")
    bits[slot >> 3] = 128 >> (slot & 7)
    monkeypatch.setattr(known_words, "vocabulary", lambda: bits)
    assert known("Blorf, snurk!") == 0.5
