"""Runs the topics, prints their rows, and writes them into the documentation."""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import benchmarks.perception
from benchmarks.perception.row import Row

SHARED = Path(os.environ.get("EMOAGENT_SHARED", Path(__file__).parents[3] / "shared"))
NO_TOPIC = ("row", "__main__")
HEAD = """# How well the embedded profile perceives

Written by `python -m benchmarks.perception --write docs/perception.md` (clips and labels beside the project are needed;
they are not part of it). A goal that is not met stays in the table.
"""


def main() -> None:
    """Runs the topics that are named, or all."""
    arguments = _arguments()
    if arguments.worker:
        module = importlib.import_module(f"benchmarks.perception.{arguments.worker}")
        for row in module.rows(arguments.shared):
            sys.stdout.write(json.dumps(row.told()) + "\n")
            sys.stdout.flush()
        return
    sections = [_section(topic, _measured(topic, arguments.shared)) for topic in arguments.topics or topics()]
    text = "\n".join([HEAD, *sections])
    if arguments.write:
        arguments.write.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def topics() -> list[str]:
    """The names of all topics."""
    found = [module.name for module in pkgutil.iter_modules(benchmarks.perception.__path__)]
    return sorted(name for name in found if name not in NO_TOPIC)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.perception", description=__doc__)
    parser.add_argument("topics", nargs="*", choices=[*topics(), []], metavar="TOPIC", help=", ".join(topics()))
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder with media/ and data/")
    parser.add_argument("--write", type=Path, help="write a Markdown page instead of printing it")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    return parser.parse_args()


def _measured(topic: str, shared: Path) -> list[Row]:
    sys.stderr.write(f"{topic} …\n")
    command = [sys.executable, "-m", "benchmarks.perception", "--worker", topic, "--shared", str(shared)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [Row(**json.loads(line)) for line in done.stdout.splitlines()]


def _section(topic: str, rows: list[Row]) -> str:
    module = importlib.import_module(f"benchmarks.perception.{topic}")
    lines = [f"## {topic.replace('_', ' ').capitalize()}", "", (inspect.getdoc(module) or "").strip(), ""]
    lines += ["| what | data | measured | goal | met |", "|---|---|---|---|---|"]
    for row in rows:
        met = "" if row.met is None else "yes" if row.met else "**no**"
        lines.append(f"| {row.what} | {row.data} | {row.value} | {row.goal} | {met} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
