"""`emoagent export`: a result in the format of another program."""

from __future__ import annotations

import sys
from pathlib import Path

from emoagent.commands.listing import show
from emoagent.errors import UsageError

COLUMNS = ("name", "file", "needs", "what it is")


def run(source: Path | None, to: str | None, out: Path | None) -> None:
    """Writes the export and prints its path. Raises as `emoagent.viewer.exports.registry.export`."""
    from emoagent.viewer.exports.registry import export

    if source is None or to is None:
        missing = "RUN" if source is None else "--to"
        raise UsageError(f"{missing} is missing", hint="emoagent export RUN --to FORMAT; --list shows the formats")
    sys.stdout.write(f"{export(source, to, out)}\n")


def listing(*, as_json: bool) -> None:
    """Prints the formats."""
    from emoagent.viewer.exports.registry import EXTRA, exporters

    rows = []
    for each in exporters().values():
        needs = [*sorted(each.needs), *([f"pip install 'emoagent[{EXTRA}]'"] if each.package else [])]
        rows.append((each.name, each.suffix, ", ".join(needs) or "-", each.what))
    show(COLUMNS, rows, as_json=as_json)
