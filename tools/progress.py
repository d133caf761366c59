"""How far a long step has come, told to whoever runs it, if anybody listens; and whether it is to stop."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from threading import Event, current_thread, main_thread

from emoagent.tools.context import holding

Listener = Callable[[Mapping[str, float]], None]

_stopping = Event()
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def tell(seconds: float) -> None:
    """Says that the clip has been worked through up to `seconds`. Raises `KeyboardInterrupt` if it is to stop."""
    stop_if_asked()
    _say({"at": seconds})


def tell_fetched(done: int, total: int | None) -> None:
    """Says that `done` of `total` bytes of a model file have been fetched."""
    _say({"fetched": done, "of": total or 0})


def stop_if_asked() -> None:
    """Raises `KeyboardInterrupt` once the user has asked to stop, in whatever thread this is."""
    if _stopping.is_set():
        raise KeyboardInterrupt


@contextmanager
def interruptible() -> Iterator[None]:
    """Makes SIGINT and SIGTERM end the work inside the `with` block in all its threads, not in this one alone.

    Signals are heard by the main thread only: in any other one, nothing changes.
    """
    if current_thread() is not main_thread():
        yield
        return
    _stopping.clear()
    logging.getLogger("concurrent.futures").addFilter(_worth_telling)
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _worth_telling(record: logging.LogRecord) -> bool:
    """A thread that stops because it was asked to finds nobody left to tell; that is no error to be shown."""
    return not _stopping.is_set()


def _interrupt(number: int, frame: object) -> None:
    _stopping.set()
    raise KeyboardInterrupt


def _say(message: Mapping[str, float]) -> None:
    if listener := _listener.get():
        listener(message)


def heard_by(listener: Listener) -> AbstractContextManager[Listener | None]:
    """Sends what is told inside the `with` block to `listener`."""
    return holding(_listener, listener)
