"""Somebody who talks on `/v1/live`, with the ordinary client of the package websockets."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import ClientConnection, connect

PATIENCE = 30.0  # seconds
ALL = {"text": True, "voice": True, "face": True}
HEAD = struct.Struct("<B3xHHd")


class Talk:
    """`ready`: the server's first answer."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket, self.ready = socket, dict[str, Any]()

    def say(self, **message: Any) -> None:
        """Sends a text message."""
        self.socket.send(json.dumps(message))

    def send(self, kind: int, at: float, body: bytes, size: tuple[int, int] = (0, 0)) -> None:
        """Sends a binary message."""
        self.socket.send(HEAD.pack(kind, *size, at) + body)

    def sound(self, samples: NDArray[np.int16], at: float = 0.0, piece: int = 800) -> None:
        """Sends samples in pieces of 50 ms."""
        for start in range(0, len(samples), piece):
            self.send(1, at + start / 16_000, samples[start : start + piece].tobytes())

    def told(self, kind: str) -> dict[str, Any]:
        """The next message of this type; states in between are passed over."""
        while (message := self.next())["type"] == "state" != kind:
            pass
        assert message["type"] == kind, message
        return message

    def next(self) -> dict[str, Any]:
        """The next message."""
        found: dict[str, Any] = json.loads(self.socket.recv(timeout=PATIENCE))
        return found

    def closed(self) -> int:
        """Reads until the connection is closed: the code with which it was."""
        try:
            while True:
                self.next()
        except ConnectionClosedError as ended:
            return ended.rcvd.code if ended.rcvd else 1006

    def turn(self, **end: Any) -> dict[str, Any]:
        """Ends the turn and waits for what is told of it."""
        self.say(type="end", **end)
        return self.told("turn")


@contextmanager
def talking(address: str, headers: dict[str, str] | None = None, **hello: Any) -> Iterator[Talk]:
    """A conversation that has begun."""
    with connecting(address, headers) as talk:
        talk.say(type="hello", **hello)
        talk.ready = talk.told("ready")
        yield talk


@contextmanager
def connecting(address: str, headers: dict[str, str] | None = None) -> Iterator[Talk]:
    """A connection on which nothing has been said."""
    url = address.replace("http", "ws", 1) + "/v1/live"
    with connect(url, additional_headers=headers, proxy=None, max_size=1 << 20) as socket:
        yield Talk(socket)


def jpeg(rgb: NDArray[np.uint8]) -> bytes:
    """A picture file."""
    import av

    target = io.BytesIO()
    with av.open(target, "w", format="mjpeg") as made:
        stream: Any = made.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = rgb.shape[1], rgb.shape[0], "yuvj420p"
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24").reformat(format="yuvj420p")
        made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    return target.getvalue()
