"""How far a long step has come, told to whoever runs it, if anybody listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[float], None]

_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def tell(seconds: float) -> None:
    """Says that the clip has been worked through up to `seconds`."""
    if listener := _listener.get():
        listener(seconds)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Sends what `tell` says inside the `with` block to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
