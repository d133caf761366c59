"""Work that is done beside other work, in order: native libraries leave Python free while they compute."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")


class Background:
    """One thread that does what it is given, one thing after the other, so that the result does not depend on timing.

    Who gives it work while `most` things wait has to wait too. An error in the work is raised where its result is
    asked for, at the latest at the end of the `with` block.
    """

    def __init__(self, most: int = 3) -> None:
        self._most = most
        self._pool = ThreadPoolExecutor(1)
        self._waiting: deque[Future[Any]] = deque()

    def do(self, work: Callable[[], T]) -> Future[T]:
        """Adds a piece of work."""
        while len(self._waiting) >= self._most:
            self._waiting.popleft().result()
        future = self._pool.submit(work)
        self._waiting.append(future)
        return future

    def finish(self) -> None:
        """Waits until all is done. Raises the first error."""
        while self._waiting:
            self._waiting.popleft().result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Waits for the rest, or drops it where something went wrong."""
        try:
            if error is None:
                self.finish()
        finally:
            self._pool.shutdown(cancel_futures=True)
