"""How much is done for one key, and how much at the same time. Beyond it: `TooMany`, with the time to wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from emoagent.bridges.http.errors import TooMany

OWNERS = 10_000  # buckets that are remembered


class Rate:
    """A token bucket for each owner: `rate` requests a second on average, `burst` in a row."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate, self.burst, self._clock = rate, float(burst), clock
        self._lock, self._buckets = Lock(), dict[str, tuple[float, float]]()

    def take(self, owner: str) -> None:
        """One request. Raises `TooMany`."""
        with self._lock:
            now = self._clock()
            tokens, since = self._buckets.pop(owner, (self.burst, now))
            tokens = min(self.burst, tokens + (now - since) * self.rate)
            self._buckets[owner] = (max(0.0, tokens - 1) if tokens >= 1 else tokens, now)
            if len(self._buckets) > OWNERS:
                del self._buckets[next(iter(self._buckets))]
        if tokens < 1:
            raise TooMany(f"more than {self.rate:g} requests a second", (1 - tokens) / self.rate)


class AtOnce:
    """Counts what is under way."""

    def __init__(self, limit: int, what: str) -> None:
        self.limit, self.what = limit, what
        self._lock, self._now = Lock(), 0

    @property
    def now(self) -> int:
        """How many are under way."""
        return self._now

    @contextmanager
    def place(self) -> Iterator[None]:
        """Takes one of the places inside the `with` block. Raises `TooMany` where none is free."""
        with self._lock:
            if self._now >= self.limit:
                raise TooMany(f"{self.limit} {self.what} are under way already")
            self._now += 1
        try:
            yield
        finally:
            with self._lock:
                self._now -= 1
