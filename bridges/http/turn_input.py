"""A turn as it comes over HTTP: words, sound and frames in JSON, made into what the analyzer takes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from emoagent.affect import USER
from emoagent.bridges.http.errors import TooLarge
from emoagent.bridges.http.sessions import NAME
from emoagent.errors import MediaError, ResourceLimit, UsageError
from emoagent.tools.media.frame import Frame
from emoagent.tools.media.sound import Sound, sound_of

FRAMES = 300  # of one turn
PIXELS = 128 << 20  # bytes of all its frames, decoded
LONGEST = 61.0  # seconds of sound that are decoded; the analyzer uses 60
TEXT = 4000  # characters
WAV = b"RIFF"


class SoundInput(BaseModel):
    """What was said, as sound."""

    model_config = ConfigDict(extra="forbid")
    data: str = Field(description="base64 of a file (WAV, else any format), or with `rate` of 16-bit samples, mono",
                      json_schema_extra={"format": "byte"})  # fmt: skip
    rate: int | None = Field(default=None, ge=4000, le=384_000, description="samples a second of raw little-endian PCM")


class FrameInput(BaseModel):
    """A picture of the camera."""

    model_config = ConfigDict(extra="forbid")
    time: float = Field(ge=0, le=3600, allow_inf_nan=False, description="seconds from the start of the turn")
    data: str = Field(description="base64 of a JPEG, PNG or WebP file", json_schema_extra={"format": "byte"})


class TurnInput(BaseModel):
    """One turn of a session: at least words, sound or frames."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"session": "call-1", "text": "I won, can you believe it?", "turn_id": "a1"}]},
    )
    session: str = Field(min_length=1, max_length=128, pattern=NAME)
    text: str | None = Field(default=None, max_length=TEXT, pattern=r"^[^\x00]*$", description="what was said")
    audio: SoundInput | None = None
    frames: list[FrameInput] = Field(default=[], max_length=FRAMES)
    person: str = Field(default=USER, min_length=1, max_length=64, pattern=NAME, description="who said it")
    turn_id: str | None = Field(default=None, min_length=1, max_length=128, pattern=NAME,
                                description="the same id again gives the same turn")  # fmt: skip
    deadline: float | None = Field(default=None, gt=0, le=10, description="seconds; default: the server's")


def sound_in(given: SoundInput) -> Sound:
    """The sound that was sent. Raises `MediaError`."""
    data = _bytes(given.data, "audio.data")
    return pcm(data, given.rate) if given.rate else sound_file(data)


def pcm(data: bytes, rate: int) -> Sound:
    """16-bit little-endian samples of one channel. Raises `MediaError` where that cannot be."""
    if not data or len(data) % 2:
        raise MediaError("raw samples are two bytes each", hint="send int16, little-endian, mono", where="audio")
    return Sound(np.frombuffer(data, "<i2").astype(np.int16), rate)


def sound_file(data: bytes) -> Sound:
    """The sound of a file: plain WAV is read here, everything else by the decoding child process."""
    if not data:
        raise MediaError("the sound is empty", hint="send a sound file", where="audio")
    if data.startswith(WAV):
        try:
            return Sound.from_wav(data)
        except MediaError:
            pass  # it may be WAV of another coding
    with _within_limits("audio"):
        return sound_of(data, LONGEST)


def frames_in(given: Sequence[FrameInput]) -> list[Frame]:
    """The frames that were sent, in the order of their times. Raises `MediaError`, `TooLarge`."""
    ordered = sorted(given, key=lambda frame: frame.time)
    return decoded((frame.time, _bytes(frame.data, "frames")) for frame in ordered)


def decoded(files: Iterable[tuple[float, bytes]]) -> list[Frame]:
    """Frames of picture files, decoded by the child process. Raises `MediaError`, `TooLarge`."""
    from emoagent.tools.media.picture_decoder import pictures

    found, size = list[Frame](), 0
    with _within_limits("frames"):
        for time, data in files:
            found.append(pictures().frame(time, data))
            size += found[-1].rgb.nbytes
            if size > PIXELS:
                raise TooLarge(f"the frames have more than {PIXELS >> 20} MB of pixels", hint="send smaller or fewer")
    return found


@contextmanager
def _within_limits(where: str) -> Iterator[None]:
    """What takes too much to decode is too large, and no fault of ours."""
    try:
        yield
    except TooLarge:
        raise
    except ResourceLimit as error:
        raise TooLarge(error.message, hint="send less", where=where) from error


def _bytes(coded: str, where: str) -> bytes:
    try:
        return base64.b64decode(coded, validate=True)
    except (binascii.Error, ValueError):
        raise UsageError("this is no base64", hint="send the bytes in base64 (RFC 4648)", where=where) from None
