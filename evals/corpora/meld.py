"""MELD (Poria et al. 2019): Friends dialogues, seven emotions. GPL-3.0 repository, television text: for research."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from emoagent.evals.corpora.line import Line, mended, release, rows, seconds

Split = Literal["train", "dev", "test"]
BROKEN = {("train", "125"), ("train", "1149")}  # dialogues whose clips are cut wrongly


def meld(folder: Path, split: Split) -> list[Line]:
    """The utterances of one split in the order of their dialogues; ids repeat across splits, so a key names its
    split. Raises `UsageError` where the file is missing or malformed."""
    with release(folder):
        table = rows(folder / f"{split}_sent_emo.csv")
        table.sort(key=lambda row: (int(row["Dialogue_ID"]), int(row["Utterance_ID"])))
        return [_line(row, split) for row in table]


def _line(row: dict[str, str], split: str) -> Line:
    dialogue = f"{split}/{row['Dialogue_ID']}"
    text = mended(row["Utterance"])
    times = seconds(row["StartTime"], row["EndTime"]) if row.get("StartTime") else None
    return Line(text, (row["Emotion"],), row["Speaker"], dialogue, f"{dialogue}/{row['Utterance_ID']}", times)
