"""EmoryNLP (Zahiri & Choi 2018): Friends scenes, seven emotions of its own. Apache-2.0. Lines of it occur in MELD."""

from __future__ import annotations

import ast
from pathlib import Path

from emoagent.evals.corpora.line import Line, mended, release, rows
from emoagent.evals.corpora.meld import Split


def emorynlp(folder: Path, split: Split) -> list[Line]:
    """The utterances of one split in the order of their scenes. Raises `UsageError` where the file is missing or
    malformed."""
    with release(folder):
        table = rows(folder / f"emorynlp_{split}_final.csv")
        table.sort(key=lambda row: tuple(int(row[name]) for name in ("Season", "Episode", "Scene_ID", "Utterance_ID")))
        return [_line(row, split) for row in table]


def _line(row: dict[str, str], split: str) -> Line:
    scene = f"{split}/s{row['Season']}e{row['Episode']}/{row['Scene_ID']}"
    speakers = ast.literal_eval(row["Speaker"])
    text, label = mended(row["Utterance"]), row["Emotion"].strip().lower()
    return Line(text, (label,), " & ".join(speakers), scene, f"{scene}/{row['Utterance_ID']}")
