"""How an utterance and the turns before it become one row of tokens for the text model; training and use share it.

`[CLS] utterance [SEP] who newest-turn [SEP] who older-turn [SEP] …`: the newest turn first, so that what does not fit
is the oldest. `who` is one of three reserved tokens: the same speaker, another, nobody knows. Token type 0 is the
utterance, 1 what was said before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CLS, SEP = 101, 102
SAME, OTHER, UNKNOWN = 1, 2, 3  # [unused0], [unused1], [unused2] of BERT's vocabulary
UTTERANCE = 64  # tokens of the utterance that are read
BEFORE = 24  # tokens of an earlier turn that are read
TURNS = 5  # earlier turns that are read
LONGEST = 128  # tokens in all
VOCABULARY = "models/text-minilm/wordpiece.json"


@dataclass(frozen=True)
class Said:
    """What somebody said; `speaker` is any name or id, `None` where nobody knows."""

    text: str
    speaker: str | None = None


@dataclass(frozen=True)
class Row:
    """Token ids, and which of them are what was said before (1) rather than the utterance itself (0)."""

    ids: list[int]
    types: list[int]


def encode(said: Said, before: Sequence[Said] = ()) -> Row:
    """The row of `said`, with the turns before it, oldest first. Speakers are only ever compared."""
    own = [CLS, *_ids(said.text)[:UTTERANCE], SEP]
    earlier: list[int] = []
    for turn in reversed(before[-TURNS:]):
        piece = [_who(said, turn), *_ids(turn.text)[:BEFORE], SEP]
        if len(own) + len(earlier) + len(piece) > LONGEST:
            break
        earlier += piece
    return Row(own + earlier, [0] * len(own) + [1] * len(earlier))


def _who(said: Said, turn: Said) -> int:
    if said.speaker is None or turn.speaker is None:
        return UNKNOWN
    return SAME if said.speaker == turn.speaker else OTHER


def _ids(text: str) -> list[int]:
    found: list[int] = tokenizer().encode(text, add_special_tokens=False).ids
    return found


@cache
def tokenizer() -> Tokenizer:
    """The word pieces of BERT, lower case, as all-MiniLM-L6-v2 uses them."""
    from tokenizers import Tokenizer

    return Tokenizer.from_str((resources.files("emoagent.tools") / VOCABULARY).read_text("utf-8"))
