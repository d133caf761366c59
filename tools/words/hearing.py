"""What the recogniser of the run that is going on was told, for whoever hears inside it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass

from emoagent.tools.context import holding

WHISPER = "mobiuslabsgmbh/faster-whisper-large-v3-turbo"  # the one that is used where none is named
OFF = "off"


@dataclass(frozen=True)
class Hearing:
    """`whisper` and `aligner`: a folder or a hub id; no aligner: the one for the language, `OFF`: none.

    `language`: ISO 639 code; `None`: to be found out. `large`: whether the profile is one that runs large models.
    """

    whisper: str = WHISPER
    language: str | None = None
    aligner: str | None = None
    large: bool = False


PLAIN = Hearing()
_current: ContextVar[Hearing] = ContextVar("hearing", default=PLAIN)


def hearing() -> Hearing:
    """What the current run was told; outside of one, what is usual."""
    return _current.get()


def told_to_hear(hearing: Hearing) -> AbstractContextManager[Hearing]:
    """Makes `hearing` that of the run inside the `with` block, also in threads that copy the context."""
    return holding(_current, hearing)
