"""`emoagent eval`: a benchmark run, its table, and the record of it."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from emoagent.commands.listing import show
from emoagent.errors import UsageError
from emoagent.evals.benchmark import Benchmark, Options, benchmarks, find
from emoagent.evals.page import facts, tables
from emoagent.evals.record import measured, save, where_saved
from emoagent.evals.result import Result
from emoagent.settings import load_settings

COLUMNS = ("name", "data", "splits", "what is measured", "source")
FIGURE = 14  # columns of a terminal that a figure takes
WIDEST = 110
BESIDE = 50  # columns for everything else
PART = 14  # columns for the part of the items


def options(*, split: str | None, mode: str | None, policy: str | None, **others: Any) -> Options:
    """The options of a run; mode and policy where not given as in the settings, split empty. Raises `UsageError`."""
    settings = load_settings(mode=mode, policy=policy)
    return Options(split=split or "", mode=settings.mode, policy=settings.policy, **others)


def run(
    name: str | None, data: Path | None, options: Options, *, as_json: bool, keep: bool = False, out: Path | None = None
) -> None:
    """Measures and prints. Raises `UsageError` for an unknown benchmark, missing data, or where part of the data would
    go into the results of the project."""
    if name is None:
        raise UsageError("NAME is missing", hint="emoagent eval --list tells which there are")
    chosen = find(name)
    options = replace(options, split=options.split or chosen.usual_split)
    if data is None:
        raise UsageError("--data is missing", hint=f"name the folder that holds the release of {chosen.data}")
    if keep and out is None:
        _check_keeping(options)
    with _waiting(chosen.name):
        result = chosen(data, options)
    if as_json:
        sys.stdout.write(result.model_dump_json(indent=1) + "\n")
    else:
        _print(result)
    if keep or out is not None:
        sys.stderr.write(f"saved as {save(measured(result, _command(chosen, options)), out)}\n")


def listing(*, as_json: bool) -> None:
    """Prints the benchmarks."""
    known = benchmarks().values()
    rows = [(each.name, each.data, ", ".join(each.splits), each.summary, each.source) for each in known]
    if as_json:
        show(COLUMNS, rows, as_json=True)
        return
    console = Console()
    table = Table.grid(Column(no_wrap=True), Column(), padding=(0, 2))
    for name, data, splits, summary, source in rows:
        table.add_row(Text(name, "cyan"), Text(summary))
        table.add_row("", Text(f"{source}; in {data}/; {splits}", "dim"))
    console.print(table, width=min(console.width, WIDEST))


def _check_keeping(options: Options) -> None:
    """Before anything is measured: a test split is not to be looked at twice."""
    where_saved()
    if options.limit is not None:
        raise UsageError("a part of the data does not belong into the results", hint="leave out --limit, or give --out")


def _waiting(name: str) -> AbstractContextManager[object]:
    """A sign of life on a terminal; nothing elsewhere."""
    console = Console(stderr=True)
    return console.status(f"measuring {name} …") if console.is_terminal else nullcontext()


def _command(chosen: Benchmark, options: Options) -> str:
    """The command line that measures this again, without the paths of this machine."""
    words: list[Any] = ["emoagent eval", chosen.name, "--data DATA", "--split", options.split]
    standard = Options()
    for name in ("seed", "mode", "policy", "reasoner", "judge", "limit"):
        if (value := getattr(options, name)) != getattr(standard, name):
            words += [f"--{name}", value]
    words += ["--text-model MODEL"] if options.text_model else []
    words += ["--predictions", options.predictions.name] if options.predictions else []
    return " ".join(map(str, words))


def _print(result: Result) -> None:
    console = Console()
    console.print(Text(result.benchmark, "bold"), Text(facts(result), "dim"), sep="\n")
    beside = BESIDE + (PART if any(row.part != "all" for row in result.rows) else 0)
    for head, rows in tables(result, max(1, (console.width - beside) // FIGURE)):
        table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
        for place, name in enumerate(head):
            words = place == 0 or name == "part"
            table.add_column(Text(name), justify="left" if words else "right", no_wrap=not words)
        for row in rows:
            table.add_row(*(_cell(*cell) for cell in row))
        console.print("", table)
    for note in result.notes:
        console.print(Text(f"· {note}"))


def _cell(value: str, span: str) -> Text:
    return Text(value).append(f"\n{span}", "dim") if span else Text(value)
