"""Writes the parts of the documentation that the code determines: the JSON Schema, the command reference, the results.

python docs/generate.py            writes docs/schema/*.json, docs/cli.md and docs/results.md
"""

from __future__ import annotations

import json
from pathlib import Path

import typer
from typer.testing import CliRunner

from emoagent.affect import AffectTurn
from emoagent.cli import app
from emoagent.evals.page import page
from emoagent.evals.record import saved
from emoagent.schema import Record, Trace

DOCS = Path(__file__).parent
COMMANDS = (
    "", "analyze", "inspect", "report", "compare", "export", "import", "ask", "eval", "agents", "doctor",
    "models", "models list", "models pull", "models verify", "models bundle", "mcp", "serve", "chat",
    "sessions list", "sessions delete", "sessions gc",
)  # fmt: skip


SCHEMAS: dict[str, type[Record]] = {"trace": Trace, "affect_turn": AffectTurn}


def schema(record: type[Record]) -> str:
    """The JSON Schema of a record."""
    return json.dumps(record.model_json_schema(), indent=1) + "\n"


def commands() -> str:
    """What `--help` says of each command."""
    runner = CliRunner(env={"COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"})
    parts = ["# Commands\n\nMade by `python docs/generate.py` from `--help`. Exit codes: see `emoagent/errors.py`.\n"]
    for command in COMMANDS:
        text = runner.invoke(app, [*command.split(), "--help"], prog_name="emoagent").output
        body = "\n".join(line.rstrip() for line in text.strip().splitlines())
        parts.append(f"\n## emoagent {command}".rstrip() + f"\n\n```\n{body}\n```\n")
    return "".join(parts)


def results() -> str:
    """The figures of all measurements that are on record."""
    return page(saved())


if __name__ == "__main__":
    for name, record in SCHEMAS.items():
        (DOCS / "schema" / f"{name}.json").write_text(schema(record), encoding="utf-8")
    (DOCS / "cli.md").write_text(commands(), encoding="utf-8")
    (DOCS / "results.md").write_text(results(), encoding="utf-8")
    typer.echo("wrote docs/schema/*.json, docs/cli.md and docs/results.md")
