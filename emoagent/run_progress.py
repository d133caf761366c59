"""How far a run has come, in a file of its unfinished folder, for whoever looks on from another process.

The file holds `{clip, duration, stages: [{name, at, took}], done, failed}`; times are seconds, `at` of the clip and
`took` on the clock. It is whole or absent, and written at most twice a second. It never decides anything: a run that
cannot write it goes on.
"""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from emoagent.errors import EmoagentError
from emoagent.run_folder import LOCK, MANIFEST, UNFINISHED, write_text
from emoagent.schema import Clip

FILE = "progress.json"
INTERVAL = 0.5  # seconds between two writes
INTERRUPTED = "interrupted; the same command with --resume goes on from here"


class RunProgress:
    """Hears what a listener of `analyze` hears. `took`: stages that an earlier part of the run has been through."""

    def __init__(self, folder: Path, clip: str, took: dict[str, float]) -> None:
        self._file, self._written = folder / FILE, 0.0
        self._stages = {name: {"name": name, "at": None, "took": seconds} for name, seconds in took.items()}
        self._state: dict[str, Any] = {"clip": clip, "duration": None, "stages": [], "done": False, "failed": None}
        self._write()

    def hear(self, message: dict[str, Any]) -> None:
        """Notes what is told, and writes it where enough time has passed or a stage is through."""
        if isinstance(clip := message.get("clip"), Clip):
            self._state["duration"] = clip.duration
        if (name := message.get("stage")) is None:
            return
        stage = self._stages.setdefault(name, {"name": name, "at": None, "took": None})
        if "at" in message:
            stage["at"] = message["at"]
        if "took" in message:
            stage["took"] = (stage["took"] or 0.0) + message["took"]
        if "took" in message or time.monotonic() - self._written >= INTERVAL:
            self._write()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Notes why the work inside the `with` block ended, if it did not reach its end."""
        try:
            yield
        except KeyboardInterrupt:
            self._fail(INTERRUPTED)
            raise
        except EmoagentError as error:
            self._fail(error.message)
            raise
        except Exception as error:
            self._fail(f"{type(error).__name__}: {error}")
            raise

    def _fail(self, why: str) -> None:
        self._state["failed"] = why
        self._write()

    def _write(self) -> None:
        self._written = time.monotonic()
        self._state["stages"] = list(self._stages.values())
        with suppress(OSError):
            write_text(self._file, json.dumps(self._state))


def progress_of(folder: Path) -> dict[str, Any] | None:
    """How far the run in `folder` has come; `None` where no unfinished run lies there. One that nobody works on any
    more has failed, whatever the file says."""
    unfinished = folder / UNFINISHED
    if not (unfinished / MANIFEST).exists():
        return None
    begun: dict[str, Any] = {
        "clip": _clip_of(unfinished),
        "duration": None,
        "stages": [],
        "done": False,
        "failed": None,
    }
    found = begun | (_read(unfinished / FILE) or {})
    if found["failed"] is None and not going_on(folder) and (unfinished / MANIFEST).exists():
        found["failed"] = INTERRUPTED
    return found


def going_on(folder: Path) -> bool:
    """Whether a run holds the lock of the folder."""
    try:
        with (folder / LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _clip_of(unfinished: Path) -> str:
    return Path((_read(unfinished / MANIFEST) or {}).get("source", "")).name


def _read(file: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
