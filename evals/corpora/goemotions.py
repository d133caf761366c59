"""GoEmotions (Demszky et al. 2020): Reddit comments, 27 emotions and neutral, several to a line. Apache-2.0."""

from __future__ import annotations

from pathlib import Path

from emoagent.evals.corpora.line import Line, existing, mended, release
from emoagent.evals.corpora.meld import Split

# Its authors' grouping into the labels of Ekman.
EKMAN = {
    "neutral": "neutral",
    "joy": "joy amusement approval excitement gratitude love optimism relief pride admiration desire caring",
    "anger": "anger annoyance disapproval",
    "surprise": "surprise realization confusion curiosity",
    "sadness": "sadness disappointment embarrassment grief remorse",
    "disgust": "disgust",
    "fear": "fear nervousness",
}
GROUP = {name: label for label, names in EKMAN.items() for name in names.split()}


def names(folder: Path) -> tuple[str, ...]:
    """The 28 labels in their published order. Raises `UsageError` where the file is missing."""
    return tuple(existing(folder / "labels.txt").read_text("utf-8").split())


def goemotions(folder: Path, split: Split) -> list[Line]:
    """The comments of one split. Raises `UsageError` where a file is missing or malformed."""
    known = names(folder)
    with release(folder):
        table = [row.split("\t") for row in existing(folder / f"{split}.tsv").read_text("utf-8").split("\n") if row]
        return [Line(mended(text), tuple(known[int(i)] for i in ids.split(",")), key=key) for text, ids, key in table]
