"""`emoagent agents`: what there is."""

from __future__ import annotations

import json
import sys

from rich.console import Console
from rich.table import Table

from emoagent.agents.registry import Agent, agents

COLUMNS = ("name", "role", "modality", "needs", "cost", "what it does")


def run(*, as_json: bool) -> None:
    """Prints all agents, those of other packages too."""
    rows = [_row(agent) for agent in agents()]
    if as_json:
        sys.stdout.write(json.dumps([dict(zip(COLUMNS, row, strict=True)) for row in rows], indent=1) + "\n")
        return
    table = Table(*COLUMNS, box=None, header_style="bold")
    for row in rows:
        table.add_row(*row)
    Console().print(table, markup=False)


def _row(agent: Agent[object]) -> tuple[str, ...]:
    needs = ", ".join(sorted(agent.needs)) or "-"
    return agent.name, agent.role, agent.modality, needs, agent.cost or "-", agent.summary
