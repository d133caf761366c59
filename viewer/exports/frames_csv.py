"""The frame series as CSV, for readers without Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from emoagent.viewer.exports.frame_table import frame_table
from emoagent.viewer.exports.registry import exporter
from emoagent.viewer.exports.result import Result


@exporter("frames-csv", suffix=".csv", needs={"faces"})
def frames_csv(result: Result, path: Path) -> None:
    """The same as CSV, without units; missing is empty."""
    columns = frame_table(result)
    rows = zip(*(column.values.tolist() for column in columns), strict=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(column.name for column in columns) + "\n")
        file.writelines(",".join(map(_cell, row)) + "\n" for row in rows)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value != value else f"{value:.6g}"
