"""DFEW (Jiang et al. 2020): 16,372 clips of faces in films, of which 11,697 have one of seven labels, in five folds.
Licence on request from its authors. Read are the tables `set_1.csv` to `set_5.csv` of the test parts, with the columns
`video_name` and `label`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emoagent.errors import UsageError
from emoagent.evals.corpora.line import rows

LABELS = ("joy", "sadness", "neutral", "anger", "surprise", "disgust", "fear")  # 1 to 7
FOLDS = (1, 2, 3, 4, 5)
# As in the release, and as in its authors' code.
FILES = ("EmoLabel_DataSplit/test(single-labeled)/set_{}.csv", "test(single-labeled)/set_{}.csv",
         "label/single_testset_{}.csv")  # fmt: skip


@dataclass(frozen=True)
class Clip:
    """A clip by its number as five digits, its label (of dfew7), and the fold in whose test part it lies."""

    name: str
    label: str
    fold: int


def dfew(folder: Path, fold: int) -> list[Clip]:
    """The test part of a fold. Raises `UsageError` where its table is missing or a label is none of 1 to 7."""
    files = [folder / name.format(fold) for name in FILES]
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        raise UsageError(f"{files[0]} does not exist", hint="give --data the folder that holds EmoLabel_DataSplit/")
    return [_clip(row, fold) for row in rows(file)]


def _clip(row: dict[str, str], fold: int) -> Clip:
    name, number = row["video_name"].strip(), row["label"].strip()
    if not number.isdigit() or not 1 <= int(number) <= len(LABELS):
        raise UsageError(f"clip {name} has the label {number!r}", hint="labels are 1 to 7")
    return Clip(name.zfill(5), LABELS[int(number) - 1], fold)
