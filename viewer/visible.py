"""Text of strangers made harmless to look at: control characters and overrides of the writing direction spelt out."""

from __future__ import annotations

import re
from typing import Any

_QUIET = re.compile("[\u200e\u200f\u061c]")  # marks of direction: harmless where text is isolated, useless to see
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2060\u2066-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]")


def visible(text: str) -> str:
    """`text` with control characters and overrides of the writing direction spelt out, e.g. `␛` or `⟦U+202E⟧`."""
    return _UNSEEN.sub(_spelt, _QUIET.sub("", text))


def all_visible(value: Any) -> Any:
    """The same for every text in a value made of lists and dicts, names of entries included."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, dict):
        return {all_visible(name): all_visible(item) for name, item in value.items()}
    return [all_visible(item) for item in value] if isinstance(value, list | tuple) else value


def _spelt(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code in {0x0B, 0x0C, 0x0D, 0x2028, 0x2029}:
        return " "
    return chr(0x2400 + code) if code < 0x20 else f"⟦U+{code:04X}⟧"
