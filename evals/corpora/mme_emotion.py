"""MME-Emotion (Zhang et al. 2025): 6,500 questions on clips of published corpora, in eight tasks. Read are
`TASK/question/*.json` (`video_id`, `label`, `label_set`) and `TASK/audio_clue/*.json` (`video_id`, `audio_clue`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from emoagent.errors import UsageError


@dataclass(frozen=True)
class Question:
    """What is asked of a clip. A clip may occur in several tasks. `labels` are right, `choices` were offered; `clues`
    is what can be heard, as a language model for sound put it ("" where there is none)."""

    task: str
    video: str
    labels: tuple[str, ...]
    choices: tuple[str, ...]
    clues: str

    @property
    def key(self) -> str:
        """Task and clip, e.g. `SA:MELD/video/dia1_utt2.mp4`."""
        return f"{self.task}:{self.video}"


def mme_emotion(folder: Path) -> list[Question]:
    """All questions, by task in alphabetical order. Raises `UsageError` where there are none or they are malformed."""
    files = sorted(folder.glob("*/question/*.json"))
    if not files:
        raise UsageError(f"{folder} holds no TASK/question/*.json", hint="--data names the folder MME-Emotion-Dataset")
    return [question for file in files for question in _task(file)]


def _task(file: Path) -> list[Question]:
    folder = file.parents[1]
    heard = [entry for clues in sorted(folder.glob("audio_clue/*.json")) for entry in _entries(clues)]
    clues = {str(entry["video_id"]): str(entry.get("audio_clue") or "") for entry in heard}
    return [_question(entry, folder.name, clues) for entry in _entries(file)]


def _question(entry: Mapping[str, object], task: str, clues: Mapping[str, str]) -> Question:
    video, choices = str(entry["video_id"]), entry.get("label_set")
    labels = tuple(part.strip() for part in str(entry.get("label") or "").split(",") if part.strip())
    if not labels or not isinstance(choices, list):
        raise UsageError(f"{task}: {video} has no label or no label_set", hint="is it the release of its authors?")
    return Question(task, video, labels, tuple(map(str, choices)), clues.get(video, ""))


def _entries(file: Path) -> list[Mapping[str, object]]:
    try:
        found = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise UsageError(f"{file} is no JSON: {error}") from error
    if not isinstance(found, list) or not all(isinstance(entry, dict) and "video_id" in entry for entry in found):
        raise UsageError(f"{file} is no list of entries with a video_id", hint="is it the release of its authors?")
    return found
