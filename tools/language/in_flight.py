"""Waiting for many answers at the same time: so many at once and no more, and back in the order of the questions."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from threading import Thread
from typing import Any, TypeVar

from emoagent.tools.progress import stop_if_asked

T = TypeVar("T")
R = TypeVar("R")
AHEAD = 4  # times `at_once`: results that may wait for an earlier one
GLANCE = 0.5  # seconds between two looks whether the user wants to stop


def in_order(
    work: Callable[[T], Coroutine[Any, Any, R]],
    items: Iterable[T],
    at_once: int,
    over: Callable[[], bool],
    end: Callable[[], Coroutine[Any, Any, None]],
) -> Iterator[R]:
    """The results of `work`, in the order of the items; `at_once` are worked on at a time. An item is taken only when
    there is room for it, in the caller's thread; none is taken once it is `over`. What `work` raises is raised in its
    turn, after all that is under way has ended. Whoever stops asking cancels what is under way. `end` comes last."""
    more, waiting = iter(items), deque[Future[R]]()
    with _loop(end) as loop:
        while True:
            while not over() and _room(waiting, at_once):
                if (item := next(more, None)) is None:
                    break
                waiting.append(asyncio.run_coroutine_threadsafe(_whole(work(item)), loop))
            if not waiting:
                return
            yield from _ready(waiting)


def _ready(waiting: deque[Future[R]]) -> Iterator[R]:
    """The first result, if it is there; else waits a little for any."""
    first, flying = waiting[0], _flying(waiting)
    if not first.done():
        wait(flying, timeout=GLANCE, return_when=FIRST_COMPLETED)
    elif first.exception() and flying:
        wait(flying, timeout=GLANCE)
    else:
        yield waiting.popleft().result()
    stop_if_asked()


def _room(waiting: deque[Future[R]], at_once: int) -> bool:
    return len(waiting) < AHEAD * at_once and len(_flying(waiting)) < at_once


def _flying(waiting: deque[Future[R]]) -> list[Future[R]]:
    return [future for future in waiting if not future.done()]


async def _whole(work: Coroutine[Any, Any, R]) -> R:
    """A `KeyboardInterrupt` would end the loop and not only this; the caller's thread looks for it by itself."""
    try:
        return await work
    except KeyboardInterrupt as error:
        raise InterruptedError("asked to stop") from error


@contextmanager
def _loop(end: Callable[[], Coroutine[Any, Any, None]]) -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread of its own; what still runs at the end is cancelled."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="in-flight", daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(_cancel(end), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _cancel(end: Callable[[], Coroutine[Any, Any, None]]) -> None:
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await end()
