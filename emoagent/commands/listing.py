"""Lists on stdout: a table for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text


def show(columns: Sequence[str], rows: Sequence[Sequence[str]], *, as_json: bool, hidden: Sequence[str] = ()) -> None:
    """Prints one row a line, without the `hidden` columns; as JSON, one object a row with all of them."""
    if as_json:
        sys.stdout.write(json.dumps([dict(zip(columns, row, strict=True)) for row in rows], indent=1) + "\n")
        return
    shown = [place for place, name in enumerate(columns) if name not in hidden]
    table = Table(*(columns[place] for place in shown), box=None, header_style="bold")
    table.columns[0].no_wrap = True  # a name is there to be typed
    for row in rows:
        table.add_row(*(Text(row[place]) for place in shown))
    Console().print(table)
