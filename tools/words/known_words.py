"""Which words the text model met when it was trained, so that other languages can be turned away.

Words that occur in five or more training lines, hashed (crc32) into 2^20 bits: about one unknown word in a hundred is
taken for a known one.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import ModelMissing

BITS = 20
FILE = "models/text-minilm/known_words.npy"

_PLACEHOLDER = re.compile(r"\[[A-Z]+\]")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*|\d+")
# The last two: quotes of Windows-1252 that were read as Latin-1.
_QUOTES = str.maketrans({"’": "'", "‘": "'", "\x92": "'", "\x91": "'"})


def words(text: str) -> list[str]:
    """The lower-case words and numbers of `text`, without placeholders such as [NAME]."""
    return _WORD.findall(_PLACEHOLDER.sub(" ", text.translate(_QUOTES)).lower())


def known(text: str) -> float:
    """The share of words that are known, 0 to 1; 0 without words. Raises `ModelMissing` where the list is not there."""
    found = words(text)
    bits = vocabulary()
    seen = [bool(bits[slot >> 3] >> (7 - (slot & 7)) & 1) for slot in map(slot_of, found)]
    return sum(seen) / len(found) if found else 0.0


def slot_of(word: str) -> int:
    """The bit that stands for `word`."""
    return crc32(f"v:{word}".encode()) & (1 << BITS) - 1


@cache
def vocabulary() -> NDArray[np.uint8]:
    """The bits, eight to a byte."""
    file = resources.files("emoagent.tools") / FILE
    try:
        with file.open("rb") as stream:
            bits: NDArray[np.uint8] = np.load(stream, allow_pickle=False)
            return bits
    except (OSError, ValueError) as error:
        raise ModelMissing(f"{FILE} is not in the package", hint="install emoagent again") from error
