"""Who is who in the current run's clip: the face tracks of each person, and whose lips moved during each utterance.

Written once by `emoagent.agents.speaker.bind` as `work/cast.json`, read by the agents that look at faces.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from emoagent.schema import Clip, Person
from emoagent.tools.workspace import workspace


@dataclass(frozen=True)
class SpeakerScore:
    """What the lips say about who speaks in one utterance.

    `person`, `track`: the face that fits best, None if none fits well enough. `score`: 0..1 of the best face, lowered
    by a rival. `speed`: its lips, in eye distances per second; `sync`: correlation with the sound, None without sound.
    `faces`: how many faces were in view long enough to be judged.
    """

    utterance: str
    person: str | None
    track: int | None
    score: float
    speed: float | None
    sync: float | None
    faces: int


def save_cast(people: Sequence[Person], cast: Mapping[str, Sequence[int]], scores: Sequence[SpeakerScore]) -> None:
    """Replaces `work/cast.json` of the current run, whole or not at all."""
    content = {
        "names": {person.id: person.name for person in people},
        "tracks": {person: list(tracks) for person, tracks in cast.items()},
        "scores": [asdict(score) for score in scores],
    }
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(".cast.json")
    unfinished.write_text(json.dumps(content, indent=1), encoding="utf-8")
    unfinished.replace(path)


def cast_of(clip: Clip) -> Mapping[str, tuple[int, ...]]:
    """The face tracks of each person; empty where nobody was bound."""
    return {person: tuple(tracks) for person, tracks in _read().get("tracks", {}).items()}


def names_of(clip: Clip) -> Mapping[str, str | None]:
    """The name of each person, None where it is not known."""
    return dict(_read().get("names", {}))


def speaker_scores(clip: Clip) -> Mapping[str, SpeakerScore]:
    """What the lips say, by utterance id."""
    return {row["utterance"]: SpeakerScore(**row) for row in _read().get("scores", [])}


def _read() -> dict[str, dict]:  # type: ignore[type-arg]
    path = _path()
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _path() -> Path:
    return workspace().folder / "work" / "cast.json"
