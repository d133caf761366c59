"""A child process that stays and answers one question after the other: both ends of its pipes.

A message, either way: a 4-byte little-endian length, that many bytes of JSON, then as many bytes of data as its `bytes`
says. The child ends with its stdin, however its parent ends; the parent ends a child that is silent for too long.
"""

from __future__ import annotations

import json
import os
import select
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Any, BinaryIO

START_SECONDS = 60.0
LONGEST_HEADER = 1 << 20  # bytes
PIECE = 1 << 16

Header = dict[str, Any]
Data = bytes | bytearray | memoryview


class BrokeError(Exception):
    """The child has ended, or what it says makes no sense. The next question starts another one."""


class Child:
    """Runs `python -P -m module`, from the first question on. Safe to be used by several threads; they take turns.

    `most`: questions after which the child is made anew.
    """

    def __init__(self, module: str, most: int = 20_000) -> None:
        self._module, self._most = module, most
        self._process: subprocess.Popen[bytes] | None = None
        self._lock, self._asked = Lock(), 0

    def ask(self, header: Header, data: Data = b"", *, seconds: float, largest: int = 0) -> tuple[Header, bytearray]:
        """The answer, its data at most `largest` bytes.

        Raises `BrokeError`, or `TimeoutError` where it takes more than `seconds`.
        """
        with self._lock:
            try:
                process = self._running()
                until = time.monotonic() + seconds
                _write(process, header, data, until)
                return _answer(process, until, largest)
            except (OSError, ValueError, KeyError, TypeError) as error:
                self._end()
                if isinstance(error, TimeoutError):
                    raise
                raise BrokeError(str(error)) from error

    def interrupt(self) -> None:
        """Ends the child while it is being asked: whoever asks gets a `BrokeError`."""
        if (process := self._process) is not None:
            process.kill()

    def close(self) -> None:
        """Ends the child."""
        with self._lock:
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._asked >= self._most or (self._process and self._process.poll() is not None):
            self._end()
        if self._process is None:
            self._process, self._asked = _started(self._module), 0
            _answer(self._process, time.monotonic() + START_SECONDS, 0)
        self._asked += 1
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def answer_all(answer: Callable[[Header, bytes], tuple[Header, Data]]) -> None:
    """What the child does: answers until its stdin ends. The first message says that it is ready."""
    incoming, outgoing = sys.stdin.buffer, sys.stdout.buffer
    _say(outgoing, {"ready": True}, b"")
    while size := incoming.read(4):
        header = json.loads(incoming.read(struct.unpack("<I", size)[0]))
        _say(outgoing, *answer(header, incoming.read(header.get("bytes", 0))))


def _say(out: BinaryIO, header: Header, data: Data) -> None:
    out.write(_head(header, data))
    out.write(data)
    out.flush()


def _head(header: Header, data: Data) -> bytes:
    size = memoryview(data).nbytes
    text = json.dumps({**header, "bytes": size} if size else header).encode()
    return struct.pack("<I", len(text)) + text


def _started(module: str) -> subprocess.Popen[bytes]:
    """In a session of its own, so that Ctrl-C reaches only us."""
    from emoagent.tools.media.files import KEPT_VARIABLES

    environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # each thread would take address space
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, bufsize=0, env=environment, start_new_session=True,
    )  # fmt: skip
    assert process.stdin is not None
    os.set_blocking(process.stdin.fileno(), False)
    return process


def _answer(process: subprocess.Popen[bytes], until: float, largest: int) -> tuple[Header, bytearray]:
    size = struct.unpack("<I", _read(process, 4, until))[0]
    if size > LONGEST_HEADER:
        raise ValueError("that is no answer")
    header = json.loads(_read(process, size, until))
    count = header.get("bytes", 0) if isinstance(header, dict) else -1
    if not isinstance(count, int) or not 0 <= count <= largest:
        raise ValueError("that is no answer")
    return header, _read(process, count, until)


def _write(process: subprocess.Popen[bytes], header: Header, data: Data, until: float) -> None:
    assert process.stdin is not None
    for part in (_head(header, data), data):
        left = memoryview(part).cast("B")
        while left:
            _await([], [process.stdin], until)
            left = left[os.write(process.stdin.fileno(), left[:PIECE]) :]


def _read(process: subprocess.Popen[bytes], size: int, until: float) -> bytearray:
    assert process.stdout is not None
    data, filled = bytearray(size), 0
    with memoryview(data) as view:
        while filled < size:
            _await([process.stdout], [], until)
            count = process.stdout.readinto(view[filled:])  # type: ignore[attr-defined]
            if not count:
                raise ValueError("it has ended")
            filled += count
    return data


def _await(readable: list[Any], writable: list[Any], until: float) -> None:
    left = until - time.monotonic()
    if left <= 0 or not any(select.select(readable, writable, [], left)):
        raise TimeoutError("it gave no answer in time")
