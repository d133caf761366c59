"""`emoagent agents`: what there is."""

from __future__ import annotations

from emoagent.agents.registry import Agent, agents
from emoagent.commands.listing import show

COLUMNS = ("name", "role", "modality", "needs", "cost", "what it does")


def run(*, as_json: bool) -> None:
    """Prints all agents, those of other packages too."""
    show(COLUMNS, [_row(agent) for agent in agents()], as_json=as_json)


def _row(agent: Agent[object]) -> tuple[str, ...]:
    needs = ", ".join(sorted(agent.needs)) or "-"
    return agent.name, agent.role, agent.modality, needs, agent.cost or "-", agent.summary
