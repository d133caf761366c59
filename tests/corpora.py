"""Tiny corpora in the formats of their releases, written by the tests. Every line is ours."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

WORDS = {
    "neutral": "table street paper morning bus",
    "joy": "wonderful lovely delightful happy great",
    "anger": "furious hate stupid rage damn",
    "surprise": "unbelievable wow really astonishing sudden",
    "sadness": "crying lonely miss grief sorry",
    "disgust": "gross vomit rotten filthy yuck",
    "fear": "scared terrified dark danger help",
}
GO = ("joy", "anger", "surprise", "sadness", "disgust", "fear", *(f"other{i}" for i in range(21)), "neutral")
EMORY = {"joy": "Joyful", "anger": "Mad", "sadness": "Sad", "fear": "Scared", "neutral": "Neutral"}
PLUTCHIK = {"anger": 1, "disgust": 3, "fear": 4, "joy": 5, "sadness": 6, "surprise": 7}


def lines(count: int, start: int = 0) -> list[tuple[str, str]]:
    """`count` lines with their labels, the labels in turn; no two lines are the same."""
    names = list(WORDS)
    found = []
    for i in range(start, start + count):
        name = names[i % len(names)]
        words = WORDS[name].split()
        found.append((f"The {words[i % 5]} {words[(i // 7) % 5]} number {i}.", name))
    return found


def write_all(folder: Path, count: int = 70) -> Path:
    """GoEmotions, XED, EmoBank, EmoryNLP and MELD, `count` lines in each training part and fewer elsewhere."""
    goemotions(folder / "goemotions", count)
    xed(folder / "xed", count)
    emobank(folder / "emobank", count)
    for place, split in enumerate(("train", "dev", "test")):
        size = count if split == "train" else count // 2
        emorynlp(folder / "emorynlp", split, lines(size, 1000 * (place + 1)))
        meld(folder / "meld", split, lines(size, 5000 + 1000 * place))
    return folder


def goemotions(folder: Path, count: int) -> None:
    """`labels.txt` and the three tables without a header."""
    folder.mkdir(parents=True)
    known = [GO.index(name) if name in GO else 0 for name in WORDS]
    names = list(GO)
    (folder / "labels.txt").write_text("\n".join(names), "utf-8")
    for split in ("train", "dev", "test"):
        rows = [f"{text}\t{known[list(WORDS).index(name)]}\tid{i}" for i, (text, name) in enumerate(lines(count))]
        (folder / f"{split}.tsv").write_text("\n".join(rows) + "\n", "utf-8")


def xed(folder: Path, count: int) -> None:
    """Lines with Plutchik's numbers, and the neutral lines by themselves."""
    folder.mkdir(parents=True)
    rows = [f"{text}\t{PLUTCHIK[name]}" for text, name in lines(count, 300) if name in PLUTCHIK]
    (folder / "en-annotated.tsv").write_text("\n".join(rows) + "\n", "utf-8")
    neutral = [f"9\t{text}" for text, name in lines(count, 300) if name == "neutral"]
    (folder / "neu_en.txt").write_text("\n".join(neutral) + "\n", "utf-8")


def emobank(folder: Path, count: int) -> None:
    """Sentences with V, A and D from 1 to 5."""
    folder.mkdir(parents=True)
    score = {"joy": (4, 3.5), "anger": (2, 4), "neutral": (3, 2.5)}
    splits = ("train", "train", "dev", "test")
    rows = [
        {"id": i, "split": splits[i % 4], "V": v, "A": a, "D": 3, "text": text}
        for i, (text, name) in enumerate(lines(count, 600))
        for v, a in [score.get(name, (2.5, 3))]
    ]
    table(folder / "emobank.csv", rows)


def emorynlp(folder: Path, split: str, said: Sequence[tuple[str, str]]) -> None:
    """Scenes of five lines; labels outside EmoryNLP's become `Powerful`."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "Utterance": text, "Speaker": f"['Person {i % 2}']", "Emotion": EMORY.get(name, "Powerful"),
            "Scene_ID": i // 5 + 1, "Utterance_ID": i % 5 + 1, "Season": 1, "Episode": 1,
            "Start_Time": "00:00:01.000", "End_Time": "00:00:02.000",
        }
        for i, (text, name) in enumerate(said)
    ]  # fmt: skip
    table(folder / f"emorynlp_{split}_final.csv", rows)


def meld(folder: Path, split: str, said: Sequence[tuple[str, str]]) -> None:
    """Dialogues of five utterances."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "Sr No.": i + 1, "Utterance": text, "Speaker": f"Person {i % 2}", "Emotion": name, "Sentiment": "neutral",
            "Dialogue_ID": i // 5, "Utterance_ID": i % 5, "Season": 1, "Episode": 1,
            "StartTime": "00:00:01,000", "EndTime": "00:00:02,000",
        }
        for i, (text, name) in enumerate(said)
    ]  # fmt: skip
    table(folder / f"{split}_sent_emo.csv", rows)


def table(file: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """A CSV file with a header."""
    listed = list(rows)
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)
