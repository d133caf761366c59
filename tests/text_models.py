"""A text model for tests that knows one word for each label: fast, and its answers can be worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from emoagent.labels import LABEL_SETS
from emoagent.tools.words import text_model
from emoagent.tools.words.text_input import tokenizer

WORDS = {"table": "neutral", "happy": "joy", "angry": "anger", "wow": "surprise", "sad": "sadness", "ugh": "disgust",
         "afraid": "fear"}  # fmt: skip
EMORY = {"table": "neutral", "happy": "joyful", "angry": "mad", "sad": "sad", "afraid": "scared"}
OPEN = ("joy", "love", "neutral")
SURE = 4.0  # the log-odds of the label of a word


class Session:
    """Stands in for onnxruntime's: reads the word pieces of the utterance, and never what was said before."""

    def run(self, _: None, fed: dict[str, NDArray[np.int64]]) -> list[NDArray[np.float32]]:
        own = fed["ids"][0][fed["types"][0] == 0]
        words = {tokenizer().id_to_token(number) for number in own.tolist()}
        known = {WORDS[word] for word in words if word in WORDS}
        emory = {EMORY[word] for word in words if word in EMORY}
        raw = [SURE * (name in known) for name in LABEL_SETS["meld7"]]
        raw += [SURE * (name in emory) for name in LABEL_SETS["emorynlp7"]]
        raw += [SURE if name in known or name in words else -SURE for name in OPEN]
        raw += [("joy" in known) - float("sadness" in known), float("anger" in known), 0.0]
        return [np.array([raw], dtype=np.float32), np.zeros((1, 384), dtype=np.float32)]


def fake_text_model(monkeypatch: pytest.MonkeyPatch) -> text_model.TextModel:
    """Puts such a model in the place of the shipped one."""
    card: dict[str, Any] = {
        "name": "fake", "licence": "none", "source": "tests", "open_thresholds": [0.5] * len(OPEN),
        "heads": {"meld7": [0, 7], "emorynlp7": [7, 14], "open": [14, 17], "rated": [17, 20]},
        "labels": {"meld7": LABEL_SETS["meld7"], "emorynlp7": LABEL_SETS["emorynlp7"], "open": OPEN},
        "bias": {"meld7": [0.0] * 7, "emorynlp7": [0.0] * 7}, "temperature": {"meld7": 1.0, "emorynlp7": 1.0},
        "rated": [[1.0, 0.0]] * 3,
    }  # fmt: skip
    made = text_model.TextModel(Session(), card, "f" * 64)
    monkeypatch.setattr(text_model, "load", lambda folder=None: made)
    return made
