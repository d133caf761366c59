"""What asking a generative model for JSON has in common, whatever is asked: the form, and the text it comes in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LONGEST = 20_000  # characters of an answer
SPARE = 4  # an answer that no schema held may have so many times more of anything
THOUGHTS, FENCE = ("<think>", "</think>"), "```"


class Unreadable(ValueError):
    """The answer cannot be used; the message says why, in words that may be shown to the model."""


def closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema of an object with just these keys."""
    return {
        "type": "object", "properties": dict(properties), "required": list(properties), "additionalProperties": False,
    }  # fmt: skip


def body_of(text: str) -> str:
    """The answer without a block of thoughts before it and a fence around it. Raises `Unreadable` where it is too long
    or nothing is left."""
    if len(text) > LONGEST:
        raise Unreadable(f"it is longer than {LONGEST} characters")
    body = _unwrapped(text.strip())
    if not body:
        raise Unreadable("it is empty")
    return body


def no_json(finish: str) -> str:
    """Why a body that is no JSON is none; `finish` is how the answer ended."""
    return "it was cut off before its end" if finish == "length" else "it is not one JSON object and nothing else"


def _unwrapped(text: str) -> str:
    if text.startswith(THOUGHTS[0]):
        text = text.partition(THOUGHTS[1])[2].strip()
    first, _, rest = text.partition("\n")
    if first.strip() in (FENCE, f"{FENCE}json") and rest.endswith(FENCE):
        return rest.removesuffix(FENCE).strip()
    return text
