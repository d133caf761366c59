"""Where a run keeps its files: the source it reads and the folder it writes, for whoever runs inside it.

Media never enters the graph's state. A tool finds the file behind a clip, and what was derived from it, here.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from emoagent.tools.context import holding

_current: ContextVar[Workspace] = ContextVar("workspace")


@dataclass(frozen=True)
class Workspace:
    """`source`: the media file. `folder`: the run folder; `work/` in it holds what can be derived again.
    `sha256`: that of the source, where it has been computed already."""

    source: Path
    folder: Path
    sha256: str | None = None
    _locks: defaultdict[str, Lock] = field(default_factory=lambda: defaultdict(Lock), repr=False, compare=False)

    def derived(self, name: str, make: Callable[[Path], None]) -> Path:
        """The file `work/<name>`, made by `make(temporary path)` if it is not there; whole or absent, never half."""
        path = self.folder / "work" / name
        with self._locks[name]:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                unfinished = path.with_name(f".{name}")
                make(unfinished)
                os.replace(unfinished, path)
        return path

    def media(self, name: str) -> Path:
        """Where to write `media/<name>`, which a piece of evidence can refer to as `media_ref`."""
        path = self.folder / "media" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def workspace() -> Workspace:
    """The workspace of the run that is going on. Raises `LookupError` outside of one."""
    return _current.get()


def working_in(space: Workspace) -> AbstractContextManager[Workspace]:
    """Makes `space` the workspace inside the `with` block, also in threads that copy the context."""
    return holding(_current, space)
