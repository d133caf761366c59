"""Who is who in the current run's clip: the face tracks of each person, and whose lips moved during each utterance.

Written once by `emoagent.agents.speaker.bind` as `work/cast.json`, read by the agents that look at faces and listen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from emoagent.schema import Clip, Person, Utterance
from emoagent.tools.workspace import workspace


@dataclass(frozen=True)
class SpeakerScore:
    """What lips and voice say about who speaks in one utterance.

    `person`, `track`: the face whose lips go with the sound, None if no face's do well enough. `score`: 0..1, the
    calibrated probability that this face (or the likeliest, where none does) is the speaker's, by lips alone and by
    nothing after the utterance. `speed`: its lips, in eye distances per second; `sync`: correlation with the sound,
    None without sound. `faces`: how many faces were in view long enough to be judged.
    `offscreen`: probability that no face in view is the speaker's, by lips alone; None where no face was judged.
    `probability`: person -> probability to be the speaker, by lips, voices and names of the whole clip.
    `voice`: the number of the voice that is heard most, `overlap`: share of the utterance in which two speak at once.
    `rival`: a second person whose lips go with the sound as well.
    """

    utterance: str
    person: str | None
    track: int | None
    score: float
    speed: float | None
    sync: float | None
    faces: int
    offscreen: float | None = None
    probability: Mapping[str, float] = field(default_factory=dict)
    voice: int | None = None
    overlap: float = 0.0
    rival: str | None = None


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
    """What lips and voice say, by utterance id."""
    return {row["utterance"]: SpeakerScore(**row) for row in _read().get("scores", [])}


def overlap_share(clip: Clip, utterance: Utterance) -> float:
    """The share of the utterance, 0..1, in which two people speak at once; 0 where that is not known.

    What is measured of the speaker's voice there is partly the other's: multiply its reliability by 1 - share.
    """
    score = speaker_scores(clip).get(utterance.id)
    return score.overlap if score else 0.0


def _read() -> dict[str, dict]:  # type: ignore[type-arg]
    path = _path()
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _path() -> Path:
    return workspace().folder / "work" / "cast.json"
