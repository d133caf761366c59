"""How far a long step has come, told to whoever runs it, if anybody listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[Mapping[str, float]], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def tell(seconds: float) -> None:
    """Says that the clip has been worked through up to `seconds`."""
    _say({"at": seconds})


def tell_fetched(done: int, total: int | None) -> None:
    """Says that `done` of `total` bytes of a model file have been fetched."""
    _say({"fetched": done, "of": total or 0})


def _say(message: Mapping[str, float]) -> None:
    if listener := _listener.get():
        listener(message)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Sends what is told inside the `with` block to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
