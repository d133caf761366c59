"""Text that somebody else wrote, as it may stand in a prompt: JSON in which nothing can end the block around it, open a
message of its own or hide. What can be printed stays as it is, so that every language costs few tokens."""

from __future__ import annotations

import json
from collections.abc import Mapping

RISKY = "<>[]`"  # delimiters of ours, of chat templates such as <|im_end|> or [INST], and fences
_ESCAPED = str.maketrans({character: f"\\u{ord(character):04x}" for character in RISKY})


def as_data(value: str | Mapping[str, str | None]) -> str:
    """A text, or texts by their names, as one line of JSON; what cannot be printed and all brackets but curly ones are
    `\\u` escapes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPED)
    return text if text.isprintable() else "".join(map(_printable, text))


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
