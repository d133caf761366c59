"""OV-MERD (Lian et al. 2024) and the open-vocabulary tracks of MER: clips with any number of freely chosen words.
Licence on request from its authors. Read are the tables with `name` and `openset`, e.g. `[happy, excited]`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from emoagent.evals.corpora.line import rows
from emoagent.evals.corpora.mer import first_of
from emoagent.evals.scoring.open_sets import words_of

Split = Literal["dev", "test"]
FILES: dict[Split, tuple[str, ...]] = {
    "dev": ("track2_train_ovmerd.csv", "final-openset-english.csv", "check-openset.csv"),
    "test": ("mer2025-ov.csv",),
}


@dataclass(frozen=True)
class Clip:
    """A clip and the words that its annotators agreed on."""

    name: str
    words: tuple[str, ...]


def mer_ov(folder: Path, split: Split) -> list[Clip]:
    """The clips of one split. Raises `UsageError` where the table is missing."""
    return [Clip(row["name"].strip(), words_of(row["openset"])) for row in rows(first_of(folder, FILES[split]))]
