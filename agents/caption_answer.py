"""Reads what a vision-language model saw: each sentence with its frames, or why the answer cannot be used. Nothing is
guessed, and a sentence that cannot be checked in the frames, or that names an emotion, is left out and counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emoagent.agents.emotion_words import names_emotion
from emoagent.tools.language.json_answer import SPARE, Unreadable, body_of, closed, no_json
from emoagent.tools.plain_text import one_line

CHANNELS = ("face", "gesture", "posture", "gaze")
Visibility = Literal["clear", "partly", "not visible"]
CHANGES, LETTERS = 2, 140  # changes of a channel, characters of a sentence, that are asked for at most
EMOTION, UNSEEN, NO_FRAME, FOREIGN, EMPTY = (
    "named an emotion", "of what is said not to be visible", "of frames that were not shown", "not in English",
    "without words",
)  # fmt: skip


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Change(_Told):
    """One sentence, and the numbers of the first and the last frame in which it is seen."""

    what: str = Field(max_length=LETTERS * SPARE)
    first_frame: int
    last_frame: int


class Channel(_Told):
    """What is seen of one part of the person."""

    visibility: Visibility
    changes: tuple[Change, ...] = Field(max_length=CHANGES * SPARE)


class Caption(_Told):
    """A whole answer."""

    face: Channel
    gesture: Channel
    posture: Channel
    gaze: Channel


@dataclass(frozen=True)
class Seen:
    """One sentence to be kept: of which channel, how well that was visible, first and last frame counted from 0."""

    channel: str
    visibility: Visibility
    sentence: str
    first: int
    last: int


@dataclass
class Reading:
    """What is left of an answer, and how many sentences were left out for which reason."""

    seen: list[Seen] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


def form(frames: int) -> dict[str, Any]:
    """The JSON Schema of an answer about so many frames."""
    number = {"type": "integer", "minimum": 1, "maximum": frames}
    what = {"type": "string", "minLength": 1, "maxLength": LETTERS}
    change = closed({"what": what, "first_frame": number, "last_frame": number})
    seen = {"type": "string", "enum": ["clear", "partly", "not visible"]}
    channel = closed({"visibility": seen, "changes": {"type": "array", "items": change, "maxItems": CHANGES}})
    return closed(dict.fromkeys(CHANNELS, channel))


def read(text: str, finish: str, frames: int) -> Reading:
    """What the answer says about so many frames. Raises `Unreadable`."""
    caption, found = _caption(text, finish), Reading()
    for name in CHANNELS:
        channel: Channel = getattr(caption, name)
        for change in channel.changes:
            reason, sentence = _checked(channel, change, frames)
            if reason:
                found.dropped[reason] += 1
            elif sentence not in [seen.sentence for seen in found.seen]:
                first, last = change.first_frame - 1, change.last_frame - 1
                found.seen.append(Seen(name, channel.visibility, sentence, first, last))
    return found


def _caption(text: str, finish: str) -> Caption:
    body = body_of(text)
    try:
        return Caption.model_validate_json(body.encode("utf-8", "replace"))
    except ValidationError as error:
        raise Unreadable(_why(error, finish)) from error


def _why(error: ValidationError, finish: str) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return no_json(finish)
    where = ".".join(str(part) for part in first["loc"] if isinstance(part, int) or part in _KNOWN) or "the answer"
    return {"missing": f"{where} is missing a key", "extra_forbidden": f"{where} has a key that was not asked for"}.get(
        first["type"], f"{where} is not what was asked for"
    )


_KNOWN = (*CHANNELS, "visibility", "changes", "what", "first_frame", "last_frame")


def _checked(channel: Channel, change: Change, frames: int) -> tuple[str, str]:
    """Why the sentence must be left out, or an empty string; and the sentence, tidied."""
    sentence = _tidied(change.what)
    letters = [character for character in sentence if character.isalpha()]
    checks = (
        (EMPTY, len(letters) < 3),
        (FOREIGN, sum(character.isascii() for character in letters) < 0.9 * len(letters)),
        (EMOTION, names_emotion(change.what)),
        (UNSEEN, channel.visibility == "not visible"),
        (NO_FRAME, not 1 <= change.first_frame <= change.last_frame <= frames),
    )
    return next((reason for reason, failed in checks if failed), ""), sentence


def _tidied(what: str) -> str:
    """The first sentence, on one line, with a full stop."""
    first = re.split(r"(?<=[.!?])\s", one_line(what), maxsplit=1)[0][: LETTERS * 2].strip()
    return first[:1].upper() + first[1:] + ("" if not first or first[-1] in ".!?" else ".")


def counted(dropped: Counter[str]) -> Iterator[str]:
    """How many sentences were left out, by reason, in a fixed order."""
    for reason in (EMOTION, UNSEEN, NO_FRAME, FOREIGN, EMPTY):
        if dropped[reason]:
            yield f"{dropped[reason]} {reason}"
