"""EmoBank (Buechel & Hahn 2017): sentences with valence, arousal and dominance. CC BY-SA 4.0."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emoagent.evals.corpora.line import mended, release, rows
from emoagent.evals.corpora.meld import Split


@dataclass(frozen=True)
class Rated:
    """A sentence and the mean rating of its readers and writers, each 1 to 5, 3 being neutral."""

    text: str
    valence: float
    arousal: float
    dominance: float
    key: str = ""


def emobank(folder: Path, split: Split) -> list[Rated]:
    """The sentences of one split. Raises `UsageError` where the file is missing or malformed."""
    with release(folder):
        table = [row for row in rows(folder / "emobank.csv") if row["split"] == split]
        return [_rated(row) for row in table]


def _rated(row: dict[str, str]) -> Rated:
    return Rated(mended(row["text"]), float(row["V"]), float(row["A"]), float(row["D"]), row["id"])
