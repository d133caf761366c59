"""The formats and how they are found: a decorated function in a file of this folder."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import pkgutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from emoagent.errors import ExtraMissing, OutputError, UsageError, out_of_space
from emoagent.viewer.exports.result import Result

EXTRA = "export"
Need = Literal["faces"]
Write = Callable[[Result, Path], None]


@dataclass(frozen=True)
class Exporter:
    """A format. `needs`: what the run must have; `package`: what must be installed, from the extra `export`."""

    name: str
    suffix: str
    what: str
    write: Write
    needs: frozenset[Need] = frozenset()
    package: str | None = None


def exporter(
    name: str, *, suffix: str, needs: Iterable[Need] = (), package: str | None = None
) -> Callable[[Write], Exporter]:
    """Makes a function `(Result, path) -> None` the format `name`. It writes to a path that no one else sees yet."""

    def decorate(write: Write) -> Exporter:
        what = (inspect.getdoc(write) or "").partition("\n")[0]
        return Exporter(name, suffix, what, write, frozenset(needs), package)

    return decorate


@cache
def exporters() -> dict[str, Exporter]:
    """The formats of this folder by name, in alphabetical order."""
    package = importlib.import_module("emoagent.viewer.exports")
    modules = [importlib.import_module(f"{package.__name__}.{m.name}") for m in pkgutil.iter_modules(package.__path__)]
    found = {value for module in modules for value in vars(module).values() if isinstance(value, Exporter)}
    return {each.name: each for each in sorted(found, key=lambda each: each.name)}


def export(source: Path, name: str, out: Path | None = None) -> Path:
    """Writes the run in `source` as `name` and returns the file, which is there whole or not at all.

    `source`: a result folder, or its trace.json. `out`: a file, or a folder to put it into (None: the result folder).
    Raises `UsageError` (no such format or run, or it lacks what the format needs), `ExtraMissing`, `OutputError`,
    `ResourceLimit`.
    """
    known = exporters()
    if name not in known:
        raise UsageError(f"there is no export {name!r}", hint=f"use --to with one of: {', '.join(known)}")
    chosen, result = known[name], Result.open(source)
    if chosen.package and importlib.util.find_spec(chosen.package) is None:
        raise ExtraMissing(chosen.package, EXTRA)
    if "faces" in chosen.needs:
        result.require_faces()
    path = _target(result, chosen, out)
    _whole(path, lambda unfinished: chosen.write(result, unfinished))
    return path


def stands_in(unfinished: Path) -> Path:
    """The folder in which the file stands in the end that a format writes to `unfinished`."""
    return unfinished.parent.parent


def _target(result: Result, chosen: Exporter, out: Path | None) -> Path:
    path = result.folder if out is None else out
    if path.is_dir():
        path = path / f"{chosen.name}{chosen.suffix}"
    if path.is_dir() or path.resolve() in result.own_files():
        raise OutputError(f"the export would replace {path.name}", hint="choose another -o", where=str(path))
    return path


def _whole(path: Path, write: Callable[[Path], None]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".export-", dir=path.parent) as folder:
            unfinished = Path(folder) / path.name
            write(unfinished)
            os.replace(unfinished, path)
    except OSError as error:
        if full := out_of_space(error, str(path)):
            raise full from error
        message = f"{path} cannot be written: {error.strerror or error}"
        raise OutputError(message, hint="choose another -o", where=str(path)) from error
