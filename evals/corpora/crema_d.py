"""CREMA-D (Cao et al. 2014): acted clips and the crowd's votes on the voice alone, the face alone and both. ODbL 1.0.

The file name of a clip tells which emotion was meant to be acted. It is read for the actor and for nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import UsageError
from emoagent.evals.corpora.line import rows

LETTERS = {"A": "anger", "D": "disgust", "F": "fear", "H": "joy", "N": "neutral", "S": "sadness"}
LABELS = tuple(LETTERS.values())
WORDS = ("Anger", "Disgust", "Fear", "Happy", "Neutral", "Sad")  # of the columns of intensity, in the same order
CHANNELS = {"1": "voice", "2": "face", "3": "both"}

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Voted:
    """n clips. `votes` (n, 3, 6): how many raters chose each label for the voice alone, the face alone, and both.
    `intensity` (n, 3, 6): how strong those who chose a label found it, 0 to 1; 0 where nobody chose it."""

    votes: Floats
    intensity: Floats
    actors: NDArray[np.str_]
    names: tuple[str, ...]

    @property
    def shares(self) -> Floats:
        """Shares of the votes, (n, 3, 6)."""
        shares: Floats = self.votes / np.maximum(1, self.votes.sum(axis=2, keepdims=True))
        return shares

    @property
    def first(self) -> NDArray[np.int64]:
        """The label with most votes on each channel, (n, 3). Of a tie, which the release writes as `A:D`, it is the
        one that the release names first."""
        return np.asarray(self.votes.argmax(axis=2), dtype=np.int64)

    @property
    def tied(self) -> NDArray[np.bool_]:
        """Whether several labels have most votes on each channel, (n, 3)."""
        return np.asarray((self.votes == self.votes.max(axis=2, keepdims=True)).sum(axis=2) > 1)

    def at(self, places: NDArray[np.int64]) -> Voted:
        """The clips at these places."""
        names = tuple(self.names[int(place)] for place in places)
        return Voted(self.votes[places], self.intensity[places], self.actors[places], names)


def crema_d(folder: Path) -> Voted:
    """All clips with votes on all three channels. Raises `UsageError` where the file is missing or has none."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows(folder / "tabulatedVotes.csv"):
        found.setdefault(row["fileName"], {})[CHANNELS.get(row[""][:1], "")] = row
    clips = {name: each for name, each in sorted(found.items()) if set(CHANNELS.values()) <= set(each)}
    if not clips:
        raise UsageError(f"no clip in {folder} has votes on voice, face and both", hint="use the authors' release")
    votes = [[[float(each[c][k]) for k in LETTERS] for c in CHANNELS.values()] for each in clips.values()]
    strong = [[[_intensity(each[c], k) for k in WORDS] for c in CHANNELS.values()] for each in clips.values()]
    actors = np.array([name.partition("_")[0] for name in clips])
    return Voted(np.array(votes), np.array(strong), actors, tuple(clips))


def _intensity(row: dict[str, str], word: str) -> float:
    """The published mean, 0 to 100 after each rater's own range; -1 or nothing stands for "nobody chose it"."""
    value = float(row.get(f"mean{word}RespNorm") or -1)
    return min(1.0, max(0.0, value / 100))
