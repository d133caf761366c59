"""Tiny corpora in the formats of their releases, written by the tests."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

MELD_HEAD = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime"
MELD_ROWS = (
    (1, "I am so happy today!", "Ann", "joy", "positive", 0, 0, 1, 1, "00:20:57,256", "00:21:00,049"),
    (2, "I am so angry at you!", "Bob", "anger", "negative", 0, 1, 1, 1, "00:21:01,927", "00:21:03,261"),
    (3, "I am so sad.", "Ann", "joy", "positive", 0, 2, 1, 1, "00:21:03,000", "00:21:04,000"),
    (4, "The book is on the table.", "Cy", "neutral", "neutral", 1, 0, 2, 9, "00:01:00,000", "00:06:04,940"),
    (5, "We are happy.", "Cy", "neutral", "neutral", 1, 1, 2, 9, "00:06:05,440", "00:06:07,440"),
)


def table(path: Path, head: str, rows: Sequence[Sequence[object]]) -> Path:
    """A file of comma-separated values."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([head.split(","), *rows])
    return path


def meld_corpus(folder: Path, rows: Sequence[Sequence[object]] = MELD_ROWS, split: str = "dev") -> Path:
    """MELD's release, with one split; the folder that holds it. The rows are not in order."""
    table(folder / "meld" / f"{split}_sent_emo.csv", MELD_HEAD, sorted(rows, key=lambda row: -int(str(row[0]))))
    return folder
