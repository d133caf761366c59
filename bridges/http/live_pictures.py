"""The pictures of one connection: decoded one at a time, in order, at most so many a second."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from emoagent.bridges.http.live_messages import RAW, Piece
from emoagent.errors import EmoagentError

if TYPE_CHECKING:
    from emoagent.tools.media.frame import Picture

PERIOD = 0.095  # seconds that lie at least between two pictures, by the sender's clock: ten a second
PAUSE = 0.03  # seconds between two pictures by ours, whatever the sender's clock says
WAITING = 8  # pictures that wait to be looked at
LONGEST = 0.3  # seconds that the end of a turn waits for its last pictures
NOTHING = b"\0"  # no picture: that it is refused takes the decoder to be there
MOST_PROBLEMS = 5  # that are kept until they are told


class LivePictures:
    """`see` is given each picture with its time, in a thread. `dropped`: how many were not looked at."""

    def __init__(self, see: Callable[[Picture, float], None]) -> None:
        self._see = see
        self._waiting: deque[Piece] = deque()
        self._wake, self._idle = asyncio.Event(), asyncio.Event()
        self._idle.set()
        self._problems = list[EmoagentError]()
        self._latest = -PERIOD
        self.dropped = 0

    def offer(self, given: Piece) -> None:
        """Takes a picture, or leaves it out: it is not later than the last, or comes faster than can be looked at."""
        if given.seconds - self._latest < PERIOD or len(self._waiting) >= WAITING:
            self.dropped += 1
            return
        self._latest = given.seconds
        self._waiting.append(given)
        self._idle.clear()
        self._wake.set()

    async def run(self, warm: bool = False) -> None:
        """Looks at what is offered, until it is cancelled. `warm`: gets ready for it before the first picture."""
        if warm:
            with suppress(EmoagentError):
                await asyncio.to_thread(_decoded, NOTHING)
        while True:
            await self._wake.wait()
            while self._waiting:
                await self._look(self._waiting.popleft())
                await asyncio.sleep(PAUSE)
            self._wake.clear()
            self._idle.set()

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
    from emoagent.tools.media.picture_decoder import pictures

    return pictures().decode(data)
