"""Which labels a line of English text suggests: hashed words, word pairs and letter groups under a multinomial logistic
regression. Fitted by `emoagent.training.text`; data, figures and limits stand in docs/models/text_meld7.md."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources
from itertools import pairwise
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import ModelMissing
from emoagent.schema import Model

BITS = 17
VOCABULARY_BITS = 20
LETTERS = (3, 5)  # lengths of the letter groups inside a word
SHARES = (1.0, 1.0, 0.3)  # length of the word part, the letter part, and the weight of each mark
NEGATED = 3  # words after a negation that count as negated
WEIGHTS = "text_meld7.npz"

_PLACEHOLDER = re.compile(r"\[[A-Z]+\]")
_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)*|\d+|\.\.+|[!?]+")
_NEGATIONS = frozenset({"not", "no", "never", "without", "nobody", "nothing", "cannot", "hardly"})
_LENGTHS = (1, 3, 7, 15)
# The last three: quotes and dots of Windows-1252 that were read as Latin-1.
_QUOTES = str.maketrans({"’": "'", "‘": "'", "…": "...", "\x92": "'", "\x91": "'", "\x85": "..."})
Keys = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Features:
    """The k features of one text. `words[i]` are the words that feature i speaks of; empty for marks such as "!"."""

    buckets: NDArray[np.int64]
    values: NDArray[np.float32]
    words: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class TextEmotion:
    """The fitted model. `weights` (labels × 2^17) are centred over the labels; `scale` undoes their quantisation."""

    labels: tuple[str, ...]
    weights: NDArray[np.int8]
    scale: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float
    vocabulary: NDArray[np.uint8]
    sha256: str

    def provenance(self) -> Model:
        """Which weights these are, for the trace."""
        licence = "Apache-2.0; fitted on GoEmotions (Apache-2.0) and XED (CC BY 4.0)"
        return Model(name=WEIGHTS, sha256=self.sha256, licence=licence, source="shipped with emoagent")

    def distribution(self, text: str) -> dict[str, float]:
        """Label to probability, summing to 1, temperature-calibrated. Text without known words gets no special
        answer: ask `known` first."""
        found = features(text)
        logits = (self._effects(found).sum(axis=1) + self.bias) / self.temperature
        masses = np.exp(logits - logits.max())
        return dict(zip(self.labels, (masses / masses.sum()).tolist(), strict=True))

    def known(self, text: str) -> float:
        """The share of words that the model met when it was fitted, 0 to 1 (0 without words); it takes about one
        unknown word in a hundred for a known one."""
        found = words(text)
        seen = [bool(self.vocabulary[slot >> 3] >> (7 - (slot & 7)) & 1) for slot in map(slot_of, found)]
        return sum(seen) / len(found) if found else 0.0

    def contributions(self, text: str, label: str) -> list[tuple[str, float]]:
        """The words of `text` with what each adds to the log-odds of `label` against the mean of all labels, greatest
        first. Features of two words count half for each. Raises `ValueError` for an unknown label."""
        found = features(text)
        effects = self._effects(found)[self.labels.index(label)] / self.temperature
        totals: dict[str, float] = defaultdict(float)
        for words, effect in zip(found.words, effects.tolist(), strict=True):
            for word in words:
                totals[word] += effect / len(words)
        return sorted(totals.items(), key=lambda item: (-item[1], item[0]))

    def _effects(self, found: Features) -> NDArray[np.float32]:
        effects: NDArray[np.float32] = self.weights[:, found.buckets] * self.scale[:, None] * found.values
        return effects


@cache
def text_emotion() -> TextEmotion:
    """The model that is shipped. Raises `ModelMissing` when the package lacks its weights."""
    file = resources.files("emoagent.tools") / WEIGHTS
    try:
        digest = sha256(file.read_bytes()).hexdigest()
    except FileNotFoundError as error:
        raise ModelMissing(f"{WEIGHTS} is not in the package", hint="install emoagent again") from error
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as data:
        return TextEmotion(
            labels=tuple(str(label) for label in data["labels"]),
            weights=data["weights"],
            scale=data["scale"],
            bias=data["bias"],
            temperature=float(data["temperature"]),
            vocabulary=data["vocabulary"],
            sha256=digest,
        )


def words(text: str) -> list[str]:
    """The lower-case words and numbers of `text`, without placeholders such as [NAME]."""
    return [token for token in _tokens(text) if token[0].isalnum()]


def slot_of(word: str) -> int:
    """The bit that stands for `word` in the vocabulary."""
    return crc32(f"v:{word}".encode()) & (1 << VOCABULARY_BITS) - 1


def features(text: str) -> Features:
    """The hashed features of `text`: words and word pairs of length 1 together, letter groups the same, then marks."""
    tokens = _tokens(text)
    spoken = [token for token in tokens if token[0].isalnum()]
    groups = ({**_words(spoken), **_pairs(tokens)}, _letters(spoken), _marks(text, len(spoken)))
    buckets = [crc32(key.encode()) & (1 << BITS) - 1 for keys in groups for key in keys]
    values = [value for keys, value in zip(groups, _values(groups), strict=True) for _ in keys]
    return Features(
        np.array(buckets, dtype=np.int64),
        np.array(values, dtype=np.float32),
        tuple(about for keys in groups for about in keys.values()),
    )


def _values(groups: tuple[Keys, ...]) -> tuple[float, ...]:
    by_words, by_letters, by_mark = SHARES
    return (by_words / max(1, len(groups[0])) ** 0.5, by_letters / max(1, len(groups[1])) ** 0.5, by_mark)


def _tokens(text: str) -> list[str]:
    plain = text.translate(_QUOTES)
    return _TOKEN.findall(_PLACEHOLDER.sub(" ", plain).lower())


def _words(spoken: list[str]) -> Keys:
    keys: Keys = {}
    left = 0
    for word in spoken:
        keys.setdefault(f"w:{word}", (word,))
        if left > 0:
            keys.setdefault(f"n:{word}", (word,))
        left = NEGATED if word in _NEGATIONS or word.endswith("n't") else left - 1
    return keys


def _pairs(tokens: list[str]) -> Keys:
    line = ["<s>", *(token if token[0].isalnum() else token[:1] for token in tokens), "</s>"]
    return {f"b:{a} {b}": tuple(w for w in (a, b) if w[0].isalnum()) for a, b in pairwise(line)}


def _letters(spoken: list[str]) -> Keys:
    keys: Keys = {}
    for word in spoken:
        padded = f"<{word}>"
        for size in range(LETTERS[0], LETTERS[1] + 1):
            for start in range(len(padded) - size + 1):
                keys.setdefault(f"c:{padded[start : start + size]}", (word,))
    return keys


def _marks(text: str, spoken: int) -> Keys:
    loud = any(len(word) > 2 and word.isupper() for word in re.findall(r"[A-Za-z']+", _PLACEHOLDER.sub(" ", text)))
    marks = {
        "!": "!" in text,
        "!!": text.count("!") > 1,
        "?": "?" in text,
        "?!": "?" in text and "!" in text,
        "...": ".." in text or "…" in text,
        "caps": loud and not text.isupper(),
        f"length{sum(spoken > bound for bound in _LENGTHS)}": True,
    }
    return {f"s:{mark}": () for mark, there in marks.items() if there}
