"""The affect put into an answer of the chat-completions protocol, whose other bytes stay as they came."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

EMBEDDED = "emoagent-embedded"  # the model that is named where there is none
ENDS = (b"data: [DONE]", b"data:[DONE]")
MOST_SAID = 4000  # characters of an answer that are remembered
LONGEST_LINE = 1 << 20  # bytes of an event that are read for what it says; longer ones only pass through

Fields = Mapping[str, Any]


class NoAnswer(ValueError):
    """It is not what the protocol says."""


class Said:
    """What the answer says, and how its events are named, as far as it has come."""

    def __init__(self) -> None:
        self.text, self.head = "", {"id": "", "created": int(time.time()), "model": ""}

    def whole(self, body: bytes) -> None:
        """Of an answer in one piece."""
        self._take(body, "message")

    def line(self, line: bytes) -> None:
        """Of one line of a stream."""
        if line.startswith(b"data:"):
            self._take(line[5:], "delta")

    def event(self, fields: Fields) -> bytes:
        """The event that carries the fields: without choices, as the protocol has it for the count of tokens."""
        chunk = {**self.head, "object": "chat.completion.chunk", "choices": [], **fields}
        return b"data: " + json.dumps(chunk).encode() + b"\n\n"

    def _take(self, coded: bytes, part: str) -> None:
        try:
            found = json.loads(coded)
            self.head.update({name: found[name] for name in self.head if isinstance(found.get(name), int | str)})
            text = next((c[part].get("content") for c in found["choices"] if c.get("index", 0) == 0), None)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return
        if isinstance(text, str):
            self.text = (self.text + text)[:MOST_SAID]


class Splicer:
    """Finds the line that ends a stream, whatever the pieces. Only what may be its beginning is held back."""

    def __init__(self, said: Callable[[bytes], None]) -> None:
        self.held, self.inside = b"", False
        self._said, self._line = said, bytearray()

    def feed(self, piece: bytes) -> tuple[bytes, bytes | None]:
        """What can be sent on now; and, where the line has come, it and what is behind it."""
        data, self.held, at = self.held + piece, b"", 0
        while (end := data.find(b"\n", at)) >= 0:
            if not self.inside and data[at:end].strip() in ENDS:
                return data[:at], data[at:]
            self._read(data[at:end])
            self._said(bytes(self._line))
            self._line.clear()
            self.inside, at = False, end + 1
        tail = data[at:]
        if tail and not self.inside and any(end.startswith(tail.rstrip()) for end in ENDS):
            self.held = tail
            return data[:at], None
        self._read(tail)
        self.inside = self.inside or bool(tail)
        return data, None

    def _read(self, part: bytes) -> None:
        if len(self._line) + len(part) <= LONGEST_LINE:
            self._line += part


async def spliced(
    pieces: AsyncIterator[bytes], event: Callable[[], Awaitable[bytes]], said: Callable[[bytes], None]
) -> AsyncIterator[bytes]:
    """The bytes of an event stream as they come, with one more event before the line that ends it, else at its end.
    `said` is told of each line."""
    splicer, ended = Splicer(said), False
    async for piece in pieces:
        before, rest = (piece, None) if ended else splicer.feed(piece)
        if before:
            yield before
        if rest is not None:
            ended = True
            yield await event() + rest
    if not ended:
        yield splicer.held + (b"\n\n" if splicer.inside or splicer.held else b"") + await event()


def with_fields(body: bytes, fields: Fields) -> bytes:
    """A JSON object with more fields at its end. Raises `NoAnswer` where it is no object."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NoAnswer("it is no JSON") from error
    if not isinstance(found, dict):
        raise NoAnswer("it is no JSON object")
    return body.rstrip()[:-1] + (b"," if found else b"") + json.dumps(dict(fields)).encode()[1:]


def embedded(text: str, fields: Fields, *, stream: bool) -> bytes:
    """A whole answer of no model."""
    head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": EMBEDDED}
    if not stream:
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage = dict.fromkeys(("prompt_tokens", "completion_tokens", "total_tokens"), 0)
        whole = {**head, "object": "chat.completion", "choices": [choice], "usage": usage, **fields}
        return json.dumps(whole).encode()
    said = Said()
    said.head = head
    deltas: list[tuple[dict[str, str], str | None]] = [({"role": "assistant", "content": text}, None), ({}, "stop")]
    chunks = [
        said.event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}) for delta, finish in deltas
    ]
    return b"".join([*chunks, said.event(fields), ENDS[0], b"\n\n"])
