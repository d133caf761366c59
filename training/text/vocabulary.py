"""The list of known words that goes with the text model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emoagent.evals.corpora.goemotions import goemotions
from emoagent.evals.corpora.xed import xed
from emoagent.tools.words.known_words import BITS, slot_of, words

MET = 5  # lines in which a word must occur to count as known


def vocabulary(data: Path) -> NDArray[np.uint8]:
    """The bits of the words of GoEmotions train and XED."""
    lines = [*goemotions(data / "goemotions", "train"), *xed(data / "xed")]
    return bits_of(line.text for line in lines)


def bits_of(texts: Iterable[str]) -> NDArray[np.uint8]:
    """The packed bits of all words that occur in `MET` texts or more."""
    counts = Counter(word for text in texts for word in set(words(text)))
    bits = np.zeros(1 << BITS, dtype=bool)
    bits[[slot_of(word) for word, count in counts.items() if count >= MET]] = True
    return np.packbits(bits)
