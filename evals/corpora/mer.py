"""MER 2023, 2024 and 2025 (Lian et al.): clips of Chinese films and series, six emotions, some with valence. Licence on
request from its authors. Read are the tables of labels: `name`, `discrete` and, where it is given, `valence`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from emoagent.errors import UsageError
from emoagent.evals.corpora.line import rows
from emoagent.labels import resolve

Split = Literal["dev", "test", "test1", "test2", "test3"]
LABELS = "mer6"
# The labelled training part serves as dev: nothing of ours is trained on it. 2023 has MULTI, NOISE and SEMI as 1 to 3.
FILES: dict[Split, tuple[str, ...]] = {
    "dev": ("train-label.csv", "label-disdim.csv", "track1_train_disdim.csv"),
    "test": ("track1_test_dis.csv",),
    "test1": ("test1-label.csv",),
    "test2": ("test2-label.csv",),
    "test3": ("test3-label.csv",),
}


@dataclass(frozen=True)
class Clip:
    """A clip, its emotion (a label of mer6), and its valence, -5 unpleasant to 5 pleasant, `None` where not rated."""

    name: str
    label: str
    valence: float | None = None


def mer(folder: Path, split: Split) -> list[Clip]:
    """The clips of one split in the order of the release. Raises `UsageError` where the table is missing or has a label
    that is none of the six."""
    return [_clip(row) for row in rows(first_of(folder, FILES[split]))]


def first_of(folder: Path, names: tuple[str, ...]) -> Path:
    """The first of these files that is there, in `folder` or in a folder of it. Raises `UsageError` where none is."""
    for name in names:
        if found := sorted([*folder.glob(name), *folder.glob(f"*/{name}")]):
            return found[0]
    hint = "give --data the folder that holds the release of the corpus"
    raise UsageError(f"{folder} holds no {' or '.join(names)}", hint=hint)


def _clip(row: dict[str, str]) -> Clip:
    label = resolve(row["discrete"], LABELS)
    if label is None:
        raise UsageError(f"{row['name']} has the label {row['discrete']!r}", hint="labels are those of MER: six")
    valence = (row.get("valence") or "").strip()
    return Clip(row["name"].strip(), label, float(valence) if valence else None)
