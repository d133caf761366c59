"""IEMOCAP (Busso et al. 2008): ten actors in twelve hours of dialogues by two, in five sessions. Licence on request
from its authors. Read are `Session*/dialog/EmoEvaluation/Ses*.txt` and `Session*/dialog/transcriptions/Ses*.txt`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from emoagent.errors import UsageError
from emoagent.evals.corpora.line import Line, existing, mended

Split = Literal["train", "dev", "test"]
SESSIONS = {"train": (1, 2, 3), "dev": (4,), "test": (5,)}
NAMES = {
    "neu": "neutral", "hap": "joy", "ang": "anger", "exc": "excitement", "sad": "sadness", "fru": "frustration",
    "sur": "surprise", "fea": "fear", "dis": "disgust", "oth": "other", "xxx": "no agreement",
}  # fmt: skip
SIX = ("neutral", "joy", "anger", "excitement", "sadness", "frustration")
FOUR = ("neutral", "joy", "anger", "sadness")
MERGED = {"excitement": "joy"}  # in the usual four-way task

# [6.2901 - 8.2357]	Ses01F_impro01_F000	neu	[2.5000, 2.5000, 2.5000]
_RATED = re.compile(
    r"\[\s*(?P<start>[\d.]+)\s*-\s*(?P<end>[\d.]+)\s*\]\s+(?P<key>Ses\w+)\s+(?P<label>[a-z]{3})\s+\[.*\]"
)
# Ses01F_impro01_F000 [006.2901-008.2357]: Excuse me.
_SPOKEN = re.compile(r"(?P<key>Ses\w+)\s+\[[\d.]+\s*-\s*[\d.]+\]:\s*(?P<text>.*)")


def iemocap(folder: Path, split: Split) -> list[Line]:
    """The utterances of a split, dialogue by dialogue in order of time; also those without a label that counts, since
    they are what others answer to. `labels` has one name of `NAMES`; without a transcript there is no text. Session 5
    is the test split by convention; that session 4 is held out for development is our choice. Raises `UsageError` where
    the release is missing or a label is not one of the corpus."""
    files = [file for session in SESSIONS[split] for file in _rated_files(folder, session)]
    return [line for file in files for line in _dialogue(file)]


def _rated_files(folder: Path, session: int) -> list[Path]:
    place = folder / f"Session{session}" / "dialog" / "EmoEvaluation"
    files = sorted(place.glob("Ses*.txt"))
    if not files:
        raise UsageError(f"{place} holds no Ses*.txt", hint="--data names the folder IEMOCAP_full_release")
    return files


def _dialogue(file: Path) -> list[Line]:
    spoken = existing(file.parents[1] / "transcriptions" / file.name)
    texts = {match["key"]: match["text"] for match in _matches(_SPOKEN, spoken)}
    rated = sorted(_matches(_RATED, file), key=lambda match: (float(match["start"]), match["key"]))
    if not rated:
        raise UsageError(f"{file} holds no rated utterance", hint="is it the release of the corpus' authors?")
    return [_line(match, file.stem, texts) for match in rated]


def _line(match: re.Match[str], dialogue: str, texts: dict[str, str]) -> Line:
    key = match["key"]
    if match["label"] not in NAMES:
        raise UsageError(f"{key} has the unknown label {match['label']!r}", hint="is it the authors' release?")
    speaker = key.rpartition("_")[2][:1]  # F or M
    times = (float(match["start"]), float(match["end"]))
    return Line(mended(texts.get(key, "")), (NAMES[match["label"]],), speaker, dialogue, key, times)


def _matches(pattern: re.Pattern[str], file: Path) -> Iterator[re.Match[str]]:
    for line in file.read_text("utf-8", errors="replace").splitlines():
        if match := pattern.fullmatch(line.strip()):
            yield match
