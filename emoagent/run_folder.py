"""A run's folder. Work goes on in `.unfinished/`; only a complete result takes the place of an earlier one.

DIR/trace.json  report.html  timings.json  media/  work/  checkpoints.sqlite  run.json
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from emoagent.errors import OutputError, UsageError, out_of_space
from emoagent.schema import Trace
from emoagent.tools.digest import sha256_of

UNFINISHED = ".unfinished"
MANIFEST = "run.json"
TRACE = "trace.json"
PLAN = ".moving"
LOCK = ".lock"
RESULTS = ("media", "work", "checkpoints.sqlite", "timings.json", "report.html", TRACE)


class RunFolder:
    """The folder of one clip's run. `fingerprint` says what is analysed and how: only equal runs can be resumed."""

    def __init__(self, path: Path, fingerprint: dict[str, str]) -> None:
        self.path, self.fingerprint = path, fingerprint
        self.unfinished = path / UNFINISHED

    def finished(self) -> bool:
        """Whether the folder holds the complete result of just this run."""
        return _manifest(self.unfinished) is None and _manifest(self.path) == self.fingerprint

    def resumable(self) -> bool:
        """Whether an unfinished run of just this kind is there."""
        return _manifest(self.unfinished) == self.fingerprint

    def check(self) -> None:
        """Raises `OutputError` where a result here would take the place of something that is not a result."""
        source, place = Path(self.fingerprint["source"]), self.path.resolve()
        owned = [place / name for name in (*RESULTS, MANIFEST, UNFINISHED, LOCK)]
        if any(source.is_relative_to(path) for path in owned):
            raise OutputError(f"the result would replace {source.name} itself", hint="choose another -o DIR")
        ours = _manifest(self.path) is not None or (self.unfinished / PLAN).exists()
        if not ours and (alien := [name for name in RESULTS if (self.path / name).exists()]):
            raise OutputError(
                f"the output folder holds {alien[0]!r}, which is of no earlier result and would be replaced",
                hint="choose another -o DIR", where=str(self.path),
            )  # fmt: skip

    def open(self, *, resume: bool) -> Path:
        """The folder to work in, empty unless an equal run is resumed. Raises `OutputError`, `ResourceLimit`."""
        with _disk(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            if (self.unfinished / PLAN).exists():
                self.finish()
            if self.unfinished.exists() and not (resume and self.resumable()):
                shutil.rmtree(self.unfinished)
            self.unfinished.mkdir(exist_ok=True)
            write_text(self.unfinished / MANIFEST, json.dumps(self.fingerprint, indent=1))
        return self.unfinished

    def finishing(self) -> bool:
        """Whether an equal run was complete and was killed while it was moved into place."""
        return self.resumable() and (self.unfinished / PLAN).exists()

    def finish(self) -> None:
        """Moves the complete result into place. Killed at any point, it can be called again."""
        plan, manifest = self.unfinished / PLAN, self.unfinished / MANIFEST
        with _disk(self.path):
            if manifest.exists():
                if not plan.exists():
                    write_text(plan, "\n".join(name for name in RESULTS if (self.unfinished / name).exists()))
                made = plan.read_text(encoding="utf-8").split("\n")
                write_text(self.path / MANIFEST, "{}")
                for name in RESULTS:
                    self._put_in_place(name, made)
                os.replace(manifest, self.path / MANIFEST)
            shutil.rmtree(self.unfinished)

    def discard(self) -> None:
        """Removes the unfinished run, and the folder if nothing else is in it."""
        shutil.rmtree(self.unfinished, ignore_errors=True)
        if self.path.is_dir() and {item.name for item in self.path.iterdir()} <= {LOCK}:
            shutil.rmtree(self.path)

    def _put_in_place(self, name: str, made: list[str]) -> None:
        fresh, place = self.unfinished / name, self.path / name
        if fresh.exists() or name not in made:
            _remove(place)
        if fresh.exists():
            os.replace(fresh, place)


@contextmanager
def only_writer(path: Path) -> Iterator[None]:
    """Keeps other runs out of the folder while this one writes. Raises `OutputError` if one is at it."""
    with _disk(path):
        path.mkdir(parents=True, exist_ok=True)
        lock = (path / LOCK).open("a")
    with lock:
        if not any(_locked(lock, pause) for pause in (0.0, 0.05, 0.2)):  # who looks on holds it for a moment as well
            hint = "wait, or choose another -o DIR"
            raise OutputError("another run is writing into this folder", hint=hint, where=str(path))
        yield


def _locked(lock: IO[str], pause: float) -> bool:
    time.sleep(pause)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def fingerprint(source: Path, settings: dict[str, str], version: str) -> dict[str, str]:
    """What must be equal for a run to be resumed: the file's content, the settings, our version."""
    return {"sha256": sha256_of(source), "source": str(source.resolve()), "version": version, **settings}


def trace_file(source: Path) -> Path:
    """The trace of a result: `source` is its folder, or the trace itself."""
    return source / TRACE if source.is_dir() else source


def read_trace(path: Path) -> Trace:
    """The trace in a file. Raises `UsageError` if there is none."""
    try:
        return Trace.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        hint = "give the folder that emoagent analyze -o wrote"
        raise UsageError(f"{path}: {error.strerror}", hint=hint, where=str(path)) from error
    except (ValidationError, UnicodeDecodeError) as error:
        hint = "it may be from another version; analyse the video again"
        raise UsageError(f"{path} holds no trace of this version", hint=hint, where=str(path)) from error


def source_of(folder: Path) -> Path | None:
    """Where the clip lay that was analysed into `folder`; `None` where that is not known."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return Path(json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["source"])
    return None


def write_text(path: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    write_pieces(path, [text.encode("utf-8")])


def write_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """Writes a file whole or not at all."""
    unfinished = path.with_name(f".{path.name}.tmp")
    with unfinished.open("wb") as file:
        file.writelines(pieces)
    os.replace(unfinished, path)


def _manifest(folder: Path) -> dict[str, str] | None:
    try:
        found: dict[str, str] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if full := out_of_space(error, str(path)):
            raise full from error
        reason = error.strerror or str(error)
        message = f"the output folder cannot be used: {reason}"
        raise OutputError(message, hint="choose another -o DIR", where=str(path)) from error
