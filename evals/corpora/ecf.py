"""ECF, Emotion-Cause-in-Friends (Wang et al. 2023): MELD's dialogues with the utterances that caused each emotion.
GPL-3.0 repository, television text: for research."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from emoagent.errors import UsageError
from emoagent.evals.corpora.line import existing, mended
from emoagent.evals.corpora.meld import Split


@dataclass(frozen=True)
class Spoken:
    """One utterance; times in seconds of its episode, `start` ≤ `end`."""

    text: str
    speaker: str
    emotion: str
    start: float
    end: float


@dataclass(frozen=True)
class Conversation:
    """A dialogue. `pairs` are places (utterance with an emotion, utterance that is a cause), counted from 0; an emotion
    may have several causes or none, and a cause may come later."""

    key: str
    turns: tuple[Spoken, ...]
    pairs: frozenset[tuple[int, int]]


def ecf(folder: Path, split: Split) -> list[Conversation]:
    """The dialogues of one split. Raises `UsageError` where the file is missing or is not of this form."""
    file = folder / f"{split}.txt"
    lines = iter(existing(file).read_text("utf-8").split("\n"))
    try:
        return list(_conversations(lines, split))
    except (ValueError, IndexError, RuntimeError) as error:
        raise UsageError(
            f"{file} is not a file of ECF: {error}", hint="give --data the folder of its release"
        ) from error


def _conversations(lines: Iterator[str], split: str) -> Iterator[Conversation]:
    for head in lines:
        if head.strip():
            number, length = head.split()
            pairs = re.findall(r"\((\d+),(\d+)\)", next(lines))
            rows = [next(lines).split(" | ") for _ in range(int(length))]
            places = frozenset((int(emotion) - 1, int(cause) - 1) for emotion, cause in pairs)
            yield Conversation(f"{split}/{number}", tuple(map(_spoken, rows)), places)


def _spoken(row: Sequence[str]) -> Spoken:
    _, speaker, emotion, text, clip = (cell.strip() for cell in row)
    start, end = (_seconds(time) for time in clip.split(": ", 1)[1].split(" - "))
    joined = re.sub(r"\s+(?=[,.!?;:])", "", mended(text))  # the release sets punctuation apart
    return Spoken(joined, speaker, emotion, start, max(start, end))


def _seconds(time: str) -> float:
    hours, minutes, seconds = time.strip().split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
