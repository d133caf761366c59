"""Work that is done one piece after another, in order, on threads that many share."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from threading import Lock
from typing import Any, TypeVar

from emoagent.errors import ResourceLimit

T = TypeVar("T")
Job = tuple[Future[Any], Callable[[], Any]]


class Lane:
    """Pieces of work of one kind, of one conversation. `most`: how many may wait."""

    def __init__(self, threads: Executor, most: int) -> None:
        self._threads, self._most = threads, most
        self._waiting, self._lock, self._running = deque[Job](), Lock(), False

    @property
    def waiting(self) -> int:
        """How many pieces have not been begun."""
        return len(self._waiting)

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Raises `ResourceLimit` where too much waits already."""
        future = Future[T]()
        with self._lock:
            if len(self._waiting) >= self._most:
                raise ResourceLimit("this conversation gives more than can be worked through", hint="wait for answers")
            self._waiting.append((future, work))
            idle, self._running = not self._running, True
        if idle:
            self._threads.submit(self._next)
        return future

    def drop(self) -> None:
        """Forgets what has not been begun."""
        with self._lock:
            waiting, self._waiting = self._waiting, deque()
        for future, _ in waiting:
            future.cancel()

    def _next(self) -> None:
        """One piece, then back into the queue of the threads, so that no conversation holds one for long."""
        with self._lock:
            if not self._waiting:
                self._running = False
                return
            future, work = self._waiting.popleft()
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(work())
            except Exception as error:
                future.set_exception(error)
        try:
            self._threads.submit(self._next)
        except RuntimeError:  # the threads have been shut down
            self.drop()
