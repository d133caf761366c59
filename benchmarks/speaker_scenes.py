"""Scenes with a known speaker, made of GRID faces: two faces under one sound, a face under another's voice, mixes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emoagent.schema import Span
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.lip_motion import lip_cues, sound_of
from emoagent.tools.sight.speaker_model import Delay, log_odds
from emoagent.training.speaker import INFORMATION, REST, USUAL_REST, Window, fit, talks_of, weights, windows
from emoagent.training.talking_faces import Heard, Samples, Talker, moved, resting, sound, talker

SPAN = Span(start=0.2, end=2.8)  # of every scene: a GRID sentence with some silence around it
SILENT = ("single_face.mp4", "face_noface.mov")
SPEECH = ("jfk.flac", "katiesteve_mono.wav")
DRAWS, SEED = 1000, 0
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Setting:
    """All faces under one landmark model in one size, and windows to fit the odds on."""

    label: str
    talkers: Sequence[Talker]
    windows: Sequence[Window]


@dataclass(frozen=True)
class Scene:
    """Faces under one sound. `speaker`: which of them speaks, None for nobody in view; `people`: whom not to fit on."""

    faces: Sequence[FaceSeries]
    sound: Samples
    speaker: int | None
    people: tuple[str, ...]


def setting(label: str, media: Path, model: Path, size: float) -> Setting:
    """Tracks all clips."""
    talkers = [talker(path, model, size) for path in sorted((media / "grid").glob("*.mpg"))]
    silent = [replace(talker(media / "pyfeat" / name, model, size), name=name) for name in SILENT]
    foreign = [sound(media / "speech" / name, 40) for name in SPEECH]
    return Setting(label, talkers, list(windows(talkers, silent, foreign)))


def at_rest(face: Talker) -> FaceSeries:
    """The face as it looks while it is silent."""
    return resting(face.series, REST.get(face.name, USUAL_REST))


def side_by_side(talkers: Sequence[Talker], *, talking: bool, delay: float = 0.0) -> Iterator[Scene]:
    """Every pair: the sound of the first, the other silent or talking with other words; the sound late by `delay`."""
    for a, b in permutations(talkers, 2):
        other = b.series if talking else at_rest(b)
        yield Scene((a.series, other), moved(a.sound, delay), 0, (a.name, b.name))


def unseen(talkers: Sequence[Talker], *, talking: bool) -> Iterator[Scene]:
    """Every pair: the voice of one over the silent face of the other, or over its talking face (dubbed)."""
    for a, b in permutations(talkers, 2):
        yield Scene((b.series if talking else at_rest(b),), a.sound, None, (a.name, b.name))


def seen(talkers: Sequence[Talker]) -> Iterator[Scene]:
    """Every face with its own sound."""
    for a in talkers:
        yield Scene((a.series,), a.sound, 0, (a.name,))


class Judge:
    """Says who speaks in a scene by odds that were fitted without its people."""

    def __init__(self, found: Sequence[Window]) -> None:
        self._windows, self._fitted = found, dict[frozenset[str], Floats]()

    def odds(self, scene: Scene) -> list[Floats]:
        """(delays,) log-odds of each face."""
        around = sound_of(Heard(scene.sound), SPAN)
        cues = [lip_cues(series, series.tracks()[0], SPAN, around) for series in scene.faces]
        return [log_odds(each, tuple(self._without(scene.people))) for each in cues if each is not None]

    def shares(self, scene: Scene) -> list[float]:
        """Probability of each face to be the speaker's, the scene being all there is to know the delay by."""
        return Delay().judge(self.odds(scene))

    def right(self, scene: Scene) -> bool:
        """Whether the speaker's face, or nobody, is likelier than not, as `bind` asks."""
        shares = self.shares(scene)
        return 1 - sum(shares) > 0.5 if scene.speaker is None else shares[scene.speaker] >= 0.5

    def _without(self, people: tuple[str, ...]) -> Floats:
        key = frozenset(people)
        if key not in self._fitted:
            rest = [w for w in self._windows if w.person not in key]
            given, weight = np.stack([w.given for w in rest]), weights(rest) * INFORMATION / len(self._windows)
            self._fitted[key] = fit(given, talks_of(rest), weight)
        return self._fitted[key]


def interval(values: Mapping[str, Sequence[float]]) -> tuple[float, float]:
    """95 % of the mean over people drawn with replacement, all values of a person together."""
    random, people = np.random.default_rng(SEED), [np.asarray(of) for of in values.values()]
    means = [
        np.concatenate([people[i] for i in random.integers(len(people), size=len(people))]).mean() for _ in range(DRAWS)
    ]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
