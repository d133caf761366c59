"""The generative models of the run that is going on, for whoever runs inside it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass

from emoagent.tools.context import holding
from emoagent.tools.language.generation import Generator


@dataclass(frozen=True)
class Budget:
    """How much is shown of one utterance: at most `frames`, their longer side at most `side` pixels."""

    frames: int = 8
    side: int = 448


@dataclass(frozen=True)
class Backends:
    """Who reasons, who describes pictures, who looks a second time; `None` where the run has none. `budget`: what is
    shown to whoever describes pictures."""

    reasoner: Generator | None = None
    vision: Generator | None = None
    verifier: Generator | None = None
    budget: Budget = Budget()


NOBODY = Backends()
_current: ContextVar[Backends] = ContextVar("backends", default=NOBODY)


def backends() -> Backends:
    """Those of the run that is going on; none outside of one."""
    return _current.get()


def served_by(models: Backends) -> AbstractContextManager[Backends]:
    """Makes `models` those of the run inside the `with` block, also in threads that copy the context."""
    return holding(_current, models)
