"""The pictures of one connection: decoded one at a time, the latest first, at most so many a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from emoagent.bridges.http.live_messages import RAW, Piece
from emoagent.errors import EmoagentError

if TYPE_CHECKING:
    from emoagent.tools.frame import Picture

PERIOD = 0.1  # seconds between two pictures that are looked at
LONGEST = 0.3  # seconds that the end of a turn waits for its last picture
MOST_PROBLEMS = 5  # that are kept until they are told


class LivePictures:
    """`see` is given each picture with its time, in a thread. `dropped`: how many were not looked at."""

    def __init__(self, see: Callable[[Picture, float], None]) -> None:
        self._see = see
        self._waiting: Piece | None = None
        self._wake, self._idle = asyncio.Event(), asyncio.Event()
        self._idle.set()
        self._problems = list[EmoagentError]()
        self._latest = -1.0
        self.dropped = 0

    def offer(self, given: Piece) -> None:
        """Takes a picture; one that still waits is left out for it, one that is older than the last is left out."""
        if given.seconds <= self._latest:
            self.dropped += 1
            return
        self.dropped += self._waiting is not None
        self._waiting, self._latest = given, given.seconds
        self._idle.clear()
        self._wake.set()

    async def run(self) -> None:
        """Looks at what is offered, until it is cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            began, given, self._waiting = time.monotonic(), self._waiting, None
            if given is not None:
                await self._look(given)
            if self._waiting is None:
                self._idle.set()
            await asyncio.sleep(max(0.0, PERIOD - (time.monotonic() - began)))

    async def through(self) -> None:
        """Waits, not for long, until there is none to look at."""
        try:
            await asyncio.wait_for(self._idle.wait(), LONGEST)
        except TimeoutError:
            return

    def problems(self) -> list[EmoagentError]:
        """What went wrong since the last call."""
        found, self._problems = self._problems, []
        return found

    async def _look(self, given: Piece) -> None:
        try:
            await asyncio.to_thread(self._watch, given)
        except EmoagentError as error:
            self.dropped += 1
            self._problems = [*self._problems, error][-MOST_PROBLEMS:]

    def _watch(self, given: Piece) -> None:
        self._see(given.rgb() if given.kind == RAW else _decoded(bytes(given.body)), given.seconds)


def _decoded(data: bytes) -> Picture:
    from emoagent.tools.picture_decoder import pictures

    return pictures().decode(data)
