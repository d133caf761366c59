"""What is held in memory of a session that is in use: how its people have sounded and looked, and work under way."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Literal, TypeVar

from emoagent.affect import Sense
from emoagent.agents.senses import Senses
from emoagent.bridges.lanes import Lane
from emoagent.errors import NotFound, ResourceLimit
from emoagent.graphs.turn_state import Perceived
from emoagent.tools.words import words_heard

if TYPE_CHECKING:
    from emoagent.tools.media.frame import Picture

PATIENCE = 0.5  # seconds for what is being recognised when all ends
WAITING_TURNS = 8  # of one session
WAITING_WORK = 64  # pieces of one sense of one session
R = TypeVar("R")
Kind = Literal["text", "hearing", "voice", "face"]
log = logging.getLogger("emoagent.turns")


@dataclass(frozen=True)
class Late:
    """What was not ready when its turn was judged."""

    turn: int
    sense: Sense
    future: Future[Perceived]


class Threads:
    """Those that all sessions share. `words` never wait for anything slower; `hearing` waits for a child process;
    `spare` is for what no turn waits for; `callers` for turns that are awaited."""

    def __init__(self, callers: int) -> None:
        self.words, self.media = ThreadPoolExecutor(2, "emoagent-words"), ThreadPoolExecutor(2, "emoagent-media")
        self.hearing, self.spare = ThreadPoolExecutor(1, "emoagent-hearing"), ThreadPoolExecutor(1, "emoagent-spare")
        self.callers = ThreadPoolExecutor(callers, "emoagent-turns")

    async def call(self, work: Callable[[], R]) -> R:
        """Waits for a turn without holding up the event loop. The work sees the caller's context variables."""
        return await asyncio.get_running_loop().run_in_executor(self.callers, copy_context().run, work)

    def close(self) -> None:
        """Ends the work; what is under way is finished, and what is left to tidy up. Words are not waited for: of a
        minute of sound they take long."""
        if not wait([self.hearing.submit(int)], PATIENCE).done:
            words_heard.interrupt()
        for threads in (self.callers, self.hearing, self.media, self.words):
            threads.shutdown(wait=True, cancel_futures=True)
        self.spare.shutdown(wait=True)


class Live:
    """One session. `lock`: held by whoever works on it. `checked`: whether rows and checkpoint are known to agree.
    `clock`: seconds from the start of the session to the end of what was said last."""

    def __init__(self, threads: Threads) -> None:
        self._spare = threads.spare
        self.lock, self.users, self.checked, self.clock = RLock(), 0, False, 0.0
        self.senses = Senses()
        on: dict[Kind, Executor] = {
            "text": threads.words, "hearing": threads.hearing, "voice": threads.media, "face": threads.media
        }  # fmt: skip
        self.lanes = {kind: Lane(pool, WAITING_WORK) for kind, pool in on.items()}
        self.late = list[Late]()
        self._watched = -1.0

    def watch(self, time: float, rgb: Picture) -> None:
        """A frame of the camera, at `time` on the session's clock; one that is not later than the last is left out."""
        if time > self._watched:
            self._watched = time
            self.senses.watch(time, rgb)

    @property
    def behind(self) -> int:
        """How many answers have been given without something that is still being worked on."""
        return sum(not each.future.done() for each in self.late)

    def start(self, lane: Kind, sense: Sense, perceive: Callable[[], Perceived]) -> Future[Perceived]:
        """Begins to perceive; what goes wrong is an answer, too."""
        return self.lanes[lane].submit(partial(_safely, sense, perceive))

    def arrived(self) -> dict[int, tuple[Perceived, ...]]:
        """What has come too late, by turn; it is not told again once `told`."""
        ready: dict[int, tuple[Perceived, ...]] = {}
        for each in sorted((each for each in self.late if each.future.done()), key=lambda each: each.turn):
            if not each.future.cancelled():
                ready[each.turn] = (*ready.get(each.turn, ()), each.future.result())
        return ready

    def told(self, turns: Sequence[int]) -> None:
        """What has arrived of these turns has been taken in."""
        self.late = [each for each in self.late if not (each.turn in turns and each.future.done())]

    def later(self, work: Callable[[], None]) -> None:
        """Has `work` done in a thread that no turn waits for."""
        with suppress(RuntimeError):  # the threads have been shut down
            self._spare.submit(_quietly, work)

    def close(self) -> None:
        """Forgets everything."""
        for lane in self.lanes.values():
            lane.drop()
        self.senses.close()


def _safely(sense: Sense, perceive: Callable[[], Perceived]) -> Perceived:
    try:
        return perceive()
    except Exception as error:
        log.warning("%s could not be perceived: %s", sense, type(error).__name__)
        return Perceived(sense=sense, missing="the agent failed")


def _quietly(work: Callable[[], None]) -> None:
    try:
        work()
    except NotFound:
        pass  # the session has been deleted
    except Exception as error:  # it is tried again with the next turn
        log.warning("work after a turn failed: %s", type(error).__name__)


class LiveSessions:
    """Those in use, by id, and the ones used last; `most` are held, and of idle ones those unused for longest go."""

    def __init__(self, make: Callable[[], Live], most: int, at_once: int) -> None:
        self._make, self._most, self._at_once = make, most, at_once
        self._held, self._busy = OrderedDict[str, Live](), 0
        self._lock = RLock()  # a turn that nobody finished is released by the garbage collector, wherever that runs

    def __len__(self) -> int:
        return len(self._held)

    @contextmanager
    def entered(self, session: str) -> Iterator[Live]:
        """The session, for the caller alone; others wait. Raises `ResourceLimit` where too many do."""
        live = self._take(session)
        try:
            with live.lock:
                yield live
        finally:
            self._give(live)

    @contextmanager
    def held(self, session: str) -> Iterator[Live]:
        """The session, kept in memory meanwhile; others may work on it."""
        with self._lock:
            live = self._of(session)
            live.users += 1
        try:
            yield live
        finally:
            with self._lock:
                live.users -= 1

    def room(self) -> None:
        """Raises `ResourceLimit` where so much is late already that more sound and pictures would only pile up."""
        with self._lock:
            behind = sum(live.behind for live in self._held.values())
        if behind >= self._at_once:
            raise ResourceLimit("too much sound and too many pictures at once", hint="try again in a moment")

    def forget(self, session: str) -> None:
        """Drops what is held of a session that has been deleted."""
        with self._lock:
            live = self._held.pop(session, None)
        if live:
            live.close()

    def close(self) -> None:
        """Drops all."""
        for session in tuple(self._held):
            self.forget(session)

    def _take(self, session: str) -> Live:
        with self._lock:
            if self._busy >= self._at_once:
                raise ResourceLimit("too many turns at once", hint="try again in a moment")
            live = self._of(session)
            if live.users > WAITING_TURNS:
                raise ResourceLimit("too many turns of this session at once", hint="wait for an answer")
            live.users += 1
            self._busy += 1
            return live

    def _give(self, live: Live) -> None:
        with self._lock:
            live.users -= 1
            self._busy -= 1

    def _of(self, session: str) -> Live:
        if session not in self._held:
            self._shrink(self._most - 1)
            self._held[session] = self._make()
        self._held.move_to_end(session)
        return self._held[session]

    def _shrink(self, most: int) -> None:
        idle = [name for name, live in self._held.items() if not live.users and not live.behind]
        for name in idle[: max(0, len(self._held) - most)]:
            self._held.pop(name).close()
