"""EMER (Lian et al. 2023): clips of MER 2023 with a description of what is expressed and by which signs. Licence on
request from its authors. Read is `final-EMER-reason.csv` (version 2, 332 clips: `name` or `names`, `chinese`,
`english`) or `gt-eng.csv` (version 1, 100 clips: `names`, `emotions`, `subtitles`, `reasons`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emoagent.evals.corpora.line import mended, rows
from emoagent.evals.corpora.mer import first_of

FILES = ("final-EMER-reason.csv", "gt-eng.csv")


@dataclass(frozen=True)
class Described:
    """A clip and its annotators' English description."""

    name: str
    text: str


def emer(folder: Path) -> list[Described]:
    """The clips that have a description. Raises `UsageError` where the table is missing or has other columns."""
    table = rows(first_of(folder, FILES))
    found = [Described(_name(row).strip(), mended(_text(row))) for row in table]
    return [each for each in found if each.text]


def _name(row: dict[str, str]) -> str:
    return row["name"] if "name" in row else row["names"]


def _text(row: dict[str, str]) -> str:
    return row["reasons"] if "reasons" in row else row["english"]
