"""What a benchmark is, and how one is found: a decorated function in a file of this folder. There is no other list.

    @benchmark(data="meld", splits=("dev", "test"), source="Poria et al. 2019")
    def meld(folder: Path, options: Options) -> Result:
        \"\"\"Seven emotions in Friends dialogues.\"\"\"

The first line of the docstring says what is measured. `folder` holds the corpus as its authors release it.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TypeVar

from emoagent.errors import UsageError
from emoagent.evals.result import Result
from emoagent.schema import Mode, Policy

T = TypeVar("T")


@dataclass(frozen=True)
class Options:
    """How to measure. `limit` keeps the first n items (for trying things out: the result says so). `text_model` is the
    folder of an exported text model other than the one shipped. `predictions` is a file with another system's answers,
    or a folder of runs, to be judged by the same ruler. `judge` names who reads free text."""

    split: str = "dev"
    seed: int = 7
    mode: Mode = "causal"
    policy: Policy = "reliability-weighted"
    reasoner: str = "embedded"
    text_model: Path | None = None
    predictions: Path | None = None
    judge: str = "overlap"
    limit: int | None = None

    def kept(self, items: Sequence[T]) -> Sequence[T]:
        """The items that are measured."""
        return items if self.limit is None else items[: self.limit]

    def cut(self, n: int) -> tuple[str, ...]:
        """A note where only a part of the items was measured."""
        return () if self.limit is None else (f"only the first {n} items, as asked for by --limit",)

    @property
    def judged_by(self) -> str:
        """Who gave the answers: a reasoner, or the system whose predictions are judged."""
        return self.reasoner if self.predictions is None else self.predictions.stem


Measure = Callable[[Path, Options], Result]


@dataclass(frozen=True)
class Benchmark:
    """A named benchmark. `data` is the folder that `--data` usually holds it in."""

    name: str
    data: str
    splits: tuple[str, ...]
    source: str
    summary: str
    run: Measure

    @property
    def usual_split(self) -> str:
        """`dev`, or the only split there is; a test split has to be asked for."""
        return self.splits[0] if len(self.splits) == 1 and self.splits[0] != "test" else "dev"

    def __call__(self, data: Path, options: Options) -> Result:
        """Measures; `data` is the corpus' folder or the one above. Raises `UsageError` for missing data or split."""
        if options.split not in self.splits:
            known = ", ".join(self.splits)
            raise UsageError(f"{self.name} has no split {options.split!r}", hint=f"--split is one of: {known}")
        folder = data / self.data if (data / self.data).is_dir() else data
        if not folder.is_dir():
            raise UsageError(f"{data} is not a folder", hint=f"--data names the folder that holds {self.data}/")
        result = self.run(folder, options)
        return result.model_copy(update={"emoagent": result.emoagent or metadata.version("emoagent")})


def benchmark(*, data: str, splits: Sequence[str], source: str) -> Callable[[Measure], Benchmark]:
    """Makes a function `(folder, options) -> Result` a benchmark, named after the function with dashes."""

    def decorate(run: Measure) -> Benchmark:
        summary = (inspect.getdoc(run) or "").partition("\n")[0]
        return Benchmark(run.__name__.replace("_", "-"), data, tuple(splits), source, summary, run)

    return decorate


@cache
def benchmarks() -> dict[str, Benchmark]:
    """All benchmarks of this folder by name, in alphabetical order."""
    found = [value for name in _files() for value in _module(name).values() if isinstance(value, Benchmark)]
    return {each.name: each for each in sorted(set(found), key=lambda each: each.name)}


def find(name: str) -> Benchmark:
    """The benchmark of that name; where its file is named alike, no other one is loaded. Raises `UsageError`."""
    module = name.replace("-", "_")
    if module in _files() and isinstance(found := _module(module).get(module), Benchmark):
        return found
    known = benchmarks()
    if name not in known:
        hint = f"one of: {', '.join(known)}; --list tells what they are"
        raise UsageError(f"there is no benchmark {name!r}", hint=hint)
    return known[name]


def _files() -> list[str]:
    folder = importlib.import_module("emoagent.evals").__path__
    return sorted(module.name for module in pkgutil.iter_modules(folder) if not module.ispkg)


def _module(name: str) -> dict[str, object]:
    return vars(importlib.import_module(f"emoagent.evals.{name}"))
