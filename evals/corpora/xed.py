"""XED (Öhman et al. 2020): lines of film subtitles with Plutchik's emotions, several to a line. CC BY 4.0."""

from __future__ import annotations

from pathlib import Path

from emoagent.evals.corpora.line import Line, existing, mended

PLUTCHIK = ("anger", "anticipation", "disgust", "fear", "joy", "sadness", "surprise", "trust")


def xed(folder: Path) -> list[Line]:
    """The English lines, then those of `neu_en.txt`, which are neutral. Raises `UsageError` where a file is missing."""
    found = []
    for row in existing(folder / "en-annotated.tsv").read_text("utf-8").split("\n"):
        text, _, ids = row.rpartition("\t")
        if text:
            found.append(Line(mended(text), tuple(PLUTCHIK[int(i) - 1] for i in ids.split(",") if i.strip())))
    neutral = existing(folder / "neu_en.txt").read_text("utf-8").split("\n")
    return found + [Line(mended(row.partition("\t")[2]), ("neutral",)) for row in neutral if row]
