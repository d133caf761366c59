"""What an agent has to say of its own work, beside its findings: counts for whoever reads the provenance of a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from emoagent.tools.context import holding

_kept: ContextVar[dict[str, str] | None] = ContextVar("remarks", default=None)


def remark(name: str, text: str) -> None:
    """Keeps `text` under `name`, if anybody listens. It must be the same each time for the same run."""
    kept = _kept.get()
    if kept is not None:
        kept[name] = text


@contextmanager
def remarks() -> Iterator[dict[str, str]]:
    """All that is remarked inside the `with` block, by name."""
    kept = dict[str, str]()
    with holding(_kept, kept):
        yield kept
