"""What holds for the run that is going on is a context variable, set for as long as a `with` block lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def holding(variable: ContextVar[T], value: T) -> Iterator[T]:
    """`variable` is `value` inside the `with` block, also in threads that copy the context."""
    token = variable.set(value)
    try:
        yield value
    finally:
        variable.reset(token)
