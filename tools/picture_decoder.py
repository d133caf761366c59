"""Pictures as they come from a camera over the network: JPEG, PNG and WebP, decoded by a child process under limits.

The child (`emoagent.tools.picture_child`) stays, for loading it takes longer than a frame may. It is made anew after a
crash, and after some thousand pictures.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import struct
import subprocess
import sys
import time
from contextlib import suppress
from functools import cache
from threading import Lock
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import MediaError, ResourceLimit
from emoagent.tools.frame import SMALLEST, Frame
from emoagent.tools.media import KEPT_VARIABLES

LARGEST = 8 << 20  # bytes of a picture's file
START_SECONDS, PICTURE_SECONDS = 30.0, 5.0  # for the child to start, and for one picture
MOST_PICTURES = 20_000  # that one child decodes
ANSWER = 1920 * 1920 * 3  # bytes, at most
PIECE = 1 << 16

Picture = NDArray[np.uint8]


class Pictures:
    """One child process, started by the first picture. Safe to be used by several threads; they take turns."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._lock, self._decoded = Lock(), 0

    def decode(self, data: bytes) -> Picture:
        """RGB uint8 (height, width, 3), upright, its longer side at most 1920 pixels.

        Raises `MediaError` where it is no such picture, `ResourceLimit` where decoding it takes too long.
        """
        if not 0 < len(data) <= LARGEST:
            raise MediaError(f"a picture of {len(data)} bytes", hint=f"1 to {LARGEST} bytes of JPEG, PNG or WebP")
        with self._lock:
            try:
                header, rgb = self._asked(self._running(), data)
            except (OSError, ValueError, KeyError) as error:
                self._end()
                raise MediaError("the picture decoder broke on this picture", hint="send another one") from error
            except ResourceLimit:
                self._end()
                raise
        if "error" in header:
            raise MediaError(f"picture: {header['error']}", hint="send JPEG, PNG or WebP of up to 16 megapixels")
        return rgb

    def frame(self, time: float, data: bytes) -> Frame:
        """The same as a frame, `time` seconds after the turn began."""
        rgb = self.decode(data)
        if min(rgb.shape[:2]) < SMALLEST:
            raise MediaError(f"a picture of {rgb.shape[1]}x{rgb.shape[0]} pixels", hint=f"{SMALLEST} a side at least")
        return Frame(time, rgb)

    def close(self) -> None:
        """Ends the child; the next picture starts another one."""
        with self._lock:
            self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._decoded >= MOST_PICTURES or (self._child and self._child.poll() is not None):
            self._end()
        if self._child is None:
            self._child, self._decoded = _started(), 0
            until = time.monotonic() + START_SECONDS
            if "ready" not in _header(self._child, until):
                raise ValueError("it did not start")
        self._decoded += 1
        return self._child

    def _asked(self, child: subprocess.Popen[bytes], data: bytes) -> tuple[dict[str, Any], Picture]:
        until = time.monotonic() + PICTURE_SECONDS
        _write(child, struct.pack("<I", len(data)) + data, until)
        header = _header(child, until)
        if "error" in header:
            return header, np.zeros((0, 0, 3), np.uint8)
        height, width, depth = (int(side) for side in header["shape"])
        if depth != 3 or not 0 < height * width * depth <= ANSWER:
            raise ValueError("that is no picture")
        rgb = np.frombuffer(_read(child, height * width * depth, until), np.uint8)
        return header, rgb.reshape(height, width, depth)

    def _end(self) -> None:
        if self._child is None:
            return
        child, self._child = self._child, None
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


@cache
def pictures() -> Pictures:
    """The one of this process."""
    shared = Pictures()
    atexit.register(shared.close)
    return shared


def _started() -> subprocess.Popen[bytes]:
    """In a session of its own, so that Ctrl-C reaches only us; it ends with its stdin, however we end."""
    environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # each thread would take address space
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "emoagent.tools.picture_child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, bufsize=0, env=environment, start_new_session=True,
    )  # fmt: skip
    assert child.stdin is not None
    os.set_blocking(child.stdin.fileno(), False)
    return child


def _header(child: subprocess.Popen[bytes], until: float) -> dict[str, Any]:
    size = struct.unpack("<I", _read(child, 4, until))[0]
    if size > PIECE:
        raise ValueError("that is no answer")
    header = json.loads(_read(child, size, until))
    if not isinstance(header, dict):
        raise ValueError("that is no answer")
    return header


def _write(child: subprocess.Popen[bytes], data: bytes, until: float) -> None:
    assert child.stdin is not None
    left = memoryview(data)
    while left:
        _await([], [child.stdin], until)
        left = left[os.write(child.stdin.fileno(), left[:PIECE]) :]


def _read(child: subprocess.Popen[bytes], size: int, until: float) -> bytearray:
    assert child.stdout is not None
    data, filled = bytearray(size), 0
    with memoryview(data) as view:
        while filled < size:
            _await([child.stdout], [], until)
            count = child.stdout.readinto(view[filled:])  # type: ignore[attr-defined]
            if not count:
                raise ValueError("it has ended")
            filled += count
    return data


def _await(readable: list[Any], writable: list[Any], until: float) -> None:
    left = until - time.monotonic()
    if left <= 0 or not any(select.select(readable, writable, [], left)):
        raise ResourceLimit("a picture took too long to decode", hint="send smaller ones")
