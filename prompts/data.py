"""Text that somebody else wrote, as it may stand in a prompt: JSON in which nothing can end the block around it, open a
message of its own or hide. What can be printed stays as it is, so that every language costs few tokens."""

from __future__ import annotations

import json

RISKY = frozenset("<>[]`")  # delimiters of ours, of chat templates such as <|im_end|> or [INST], and fences


def as_data(value: object) -> str:
    """`value` as one line of JSON; what cannot be printed, and brackets inside strings, are `\\u` escapes. Lists are
    not allowed, since their own brackets could not be told from those inside a string."""
    return "".join(map(_safe, json.dumps(value, ensure_ascii=False, separators=(",", ":"))))


def _safe(character: str) -> str:
    if character.isprintable() and character not in RISKY:
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
