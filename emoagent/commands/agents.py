"""`emoagent agents`: who hears, perceives, gives an opinion, judges and checks, and what each needs and costs."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from emoagent.agents import auditor, reasoner
from emoagent.agents.registry import agents

ROLES = {
    "hearer": "Hearers turn sound or subtitles into utterances; one is used, see --transcript",
    "perceiver": "Perceivers say what is seen, heard or said, as evidence; all run, or those of --agents",
    "opiner": "Opiners say what the evidence of one modality suggests",
    "reasoner": "The reasoner pools the opinions into a verdict",
    "auditor": "The auditor takes the cited evidence away and looks whether the verdict moves",
}
WIDEST = 110


@dataclass(frozen=True)
class Row:
    """One agent; `modality` and `needs` are empty where it is of none and needs nothing."""

    name: str
    role: str
    modality: str
    needs: tuple[str, ...]
    cost: str
    does: str
    package: str = "emoagent"
    revision: str = ""


def run(*, as_json: bool) -> None:
    """Prints all agents, those of other packages too."""
    rows = list(_rows())
    if as_json:
        sys.stdout.write(json.dumps([_told(row) for row in rows], indent=1) + "\n")
        return
    console = Console()
    names = max(len(row.name) for row in rows)
    for role, meaning in ROLES.items():
        table = Table.grid(Column(min_width=names, no_wrap=True), Column(), padding=(0, 2), collapse_padding=True)
        for row in (row for row in rows if row.role == role):
            table.add_row(Text(row.name, "cyan"), Text(row.does))
            table.add_row("", Text(_facts(row), "dim"))
        console.print(Text(meaning, "bold"), Padding(table, (0, 0, 1, 2)), sep="\n", width=min(console.width, WIDEST))


def _rows() -> Iterator[Row]:
    for agent in agents():
        package = agent.run.__module__.partition(".")[0]
        modality = "" if agent.role == "hearer" else agent.modality
        needs, revision = tuple(sorted(agent.needs)), agent.producer.revision
        yield Row(agent.name, agent.role, modality, needs, agent.cost, agent.summary, package, revision)
    yield Row(reasoner.embedded.name, "reasoner", "", (), "less than 1 ms an utterance", _first_line(reasoner))
    yield Row("audit", "auditor", "", (), "about 15 ms an utterance", _first_line(auditor))


def _told(row: Row) -> dict[str, object]:
    """All that is known, under the names that earlier versions used where there were any."""
    told = asdict(row)
    return told | {"needs": ", ".join(row.needs) or "-", "what it does": told.pop("does")}


def _facts(row: Row) -> str:
    """What it needs, what it costs and whose it is, e.g. `needs faces; 0.01 x real time on one core`."""
    modality = "" if row.modality in row.name else row.modality
    needs = f"needs {' and '.join(row.needs)}" if row.needs else ""
    package = "" if row.package == "emoagent" else f"from {row.package}"
    cost = f"costs {row.cost}" if row.cost else "cost not told"
    return "; ".join(fact for fact in (modality, needs, cost, package) if fact)


def _first_line(made: object) -> str:
    return (inspect.getdoc(made) or "").partition("\n")[0]
