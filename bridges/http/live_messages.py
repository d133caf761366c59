"""What is said on `/v1/live`: JSON in text messages, sound and pictures in binary ones behind a head of 16 bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError

from emoagent.affect import ASSISTANT, USER, AffectTurn, Consent
from emoagent.bridges.http.sessions import NAME, Agreed
from emoagent.bridges.http.turn_input import TEXT
from emoagent.errors import MediaError, UsageError

HEAD = struct.Struct("<B3xHHd")  # kind, three zeros, width, height, seconds
AUDIO, PICTURE, RAW = 1, 2, 3
LARGEST = 1 << 20  # bytes of a binary message
LONGEST_TEXT = 1 << 16  # bytes of a text message
LONGEST_PIECE = 5.0  # seconds of sound in a message
LAST = 7 * 86400.0  # seconds on a session's clock

Words = Annotated[str, Field(max_length=TEXT, pattern=r"^[^\x00]*$")]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=NAME)]
Id = Annotated[str, Field(min_length=1, max_length=128, pattern=NAME)]


class Message(BaseModel):
    """A text message; nothing may stand in it that is not named."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Hello(Message):
    """The first message. `key`: where the server asks for one and no header could carry it. `consent`: required for a
    session that is new. `silence`: seconds without speech that end a turn, where the server is to find the end."""

    type: Literal["hello"]
    version: Literal[1] = 1
    key: SecretStr | None = Field(default=None, max_length=512)
    session: Id | None = None
    person: Name = USER
    consent: Agreed | None = None
    keep_days: float | None = Field(default=None, gt=0, le=36500, allow_inf_nan=False)
    end_of_turn: Literal["manual", "silence"] = "manual"
    silence: float = Field(default=0.8, ge=0.2, le=5, allow_inf_nan=False)
    deadline: float | None = Field(default=None, gt=0, le=10, allow_inf_nan=False)


class End(Message):
    """The turn is over. `text`: its words; without them, words are looked for in the sound. `typed`: they were not
    spoken, and are a turn of their own; one that is being spoken goes on."""

    type: Literal["end"]
    text: Words | None = None
    typed: bool = False
    turn_id: Id | None = None
    deadline: float | None = Field(default=None, gt=0, le=10, allow_inf_nan=False)


class Reply(Message):
    """What the assistant has said: what the next turn answers to."""

    type: Literal["reply"]
    text: Words = Field(min_length=1)
    person: Name = ASSISTANT


class Cancel(Message):
    """What has come of the turn so far is thrown away."""

    type: Literal["cancel"]


class Ready(Message):
    """The answer to `hello`. `turns`: how many the session has already."""

    type: Literal["ready"] = "ready"
    session: str
    turns: int
    consent: Consent


class State(Message):
    """How the turn that is going on stands. `seconds` of sound and number of `frames` taken so far; `dropped`: pictures
    that were not looked at, because they came faster than they can be."""

    type: Literal["state"] = "state"
    speaking: bool
    seconds: float
    frames: int
    dropped: int


class TurnTold(Message):
    """The affect of a turn, and its words as they were given or recognised. `source`: chat, or what recognised them."""

    type: Literal["turn"] = "turn"
    affect: AffectTurn
    text: str
    source: str


class Cancelled(Message):
    """The turn is thrown away; also where what was taken for speech gave nothing to judge."""

    type: Literal["cancelled"] = "cancelled"


class Problem(Message):
    """Something could not be done. `fatal`: the connection is closed after it. `after`: seconds to wait, if told."""

    type: Literal["error"] = "error"
    code: str
    message: str
    hint: str = ""
    where: str = ""
    fatal: bool = False
    after: float | None = None


@dataclass(frozen=True)
class Piece:
    """A binary message. `body`: PCM or a picture's bytes; `size`: width and height of a raw picture."""

    kind: int
    seconds: float
    size: tuple[int, int]
    body: memoryview

    def samples(self) -> NDArray[np.int16]:
        """The sound, (n,) at 16 kHz. Raises `MediaError`."""
        if len(self.body) % 2 or not 0 < len(self.body) <= LONGEST_PIECE * 32_000:
            hint = f"int16, little-endian, mono, 16 kHz, at most {LONGEST_PIECE:.0f} s at a time"
            raise MediaError(f"{len(self.body)} bytes are no samples", hint=hint, where="audio")
        return np.frombuffer(self.body, "<i2").astype(np.int16)

    def rgb(self) -> NDArray[np.uint8]:
        """A raw picture, (height, width, 3). Raises `MediaError`."""
        width, height = self.size
        if not width or not height or len(self.body) != width * height * 3:
            problem = f"{len(self.body)} bytes are no picture of {width} by {height}"
            raise MediaError(problem, hint="three bytes for each pixel, row by row", where="picture")
        return np.frombuffer(self.body, np.uint8).reshape(height, width, 3).copy()


_SAID: TypeAdapter[Any] = TypeAdapter(Annotated[Hello | End | Reply | Cancel, Field(discriminator="type")])


def said(text: str) -> Hello | End | Reply | Cancel:
    """A text message. Raises `UsageError`, which does not repeat what stood in it."""
    if len(text.encode("utf-8", "replace")) > LONGEST_TEXT:
        raise UsageError("the message is too long", hint=f"at most {LONGEST_TEXT} bytes", where="message")
    try:
        found: Hello | End | Reply | Cancel = _SAID.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(ascii(part)[1:-1][:40] if isinstance(part, str) else str(part) for part in first["loc"][:6])
        raise UsageError(f"the message is not understood: {_why(first)}", hint=HELP, where=place or "message") from None
    return found


HELP = "hello, end, reply and cancel are described in docs/integrations/live.md"


def _why(found: Any) -> str:
    """pydantic's words, but for those that repeat what was sent."""
    told: str = found["msg"]
    return "it has no type that is known" if found["type"].startswith("union_tag") else told


def piece(data: bytes) -> Piece:
    """A binary message. Raises `MediaError`."""
    if not HEAD.size < len(data) <= LARGEST:
        raise MediaError(f"a binary message of {len(data)} bytes", hint=f"more than {HEAD.size}, at most {LARGEST}")
    kind, width, height, seconds = HEAD.unpack_from(data)
    if kind not in (AUDIO, PICTURE, RAW) or any(data[1:4]):
        raise MediaError("the binary message has no known kind", hint="1: sound, 2: a picture file, 3: a raw picture")
    if not (isfinite(seconds) and 0 <= seconds <= LAST):
        raise MediaError("the time of a binary message is none", hint="seconds since hello, ascending")
    return Piece(kind, seconds, (width, height), memoryview(data)[HEAD.size :])
