"""Fits the odds that a face talks: `python -m emoagent.training.speaker --media DIR --models FULL PLAIN`.

DIR holds `grid/` (CC BY 4.0), `pyfeat/` (MIT, Pexels) and `speech/` (public), which are all that it learns from. It
prints the weights for `tools/sight/speaker_model.py` and how good they are on people whom they were not fitted on.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emoagent.schema import Span
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.lip_motion import DELAYS, lip_cues, sound_of
from emoagent.tools.sight.speaker_model import inputs
from emoagent.training.talking_faces import Heard, Samples, Talker, moved, resting, sound, talker

SIZES = (1.0, 0.5)
SILENT = {"single_face.mp4": "a", "WolfgangLanger_Pexels.mp4": "b", "face_noface.mov": "c", "noface_face.mov": "c"}
SPEECH = ("jfk.flac", "sample.wav", "dev00.wav", "katiesteve_mono.wav")
REST = {"swiz3n": ((0.0, 0.37),)}  # seconds in which a GRID speaker is silent, where not as usual
USUAL_REST = ((0.0, 0.37), (2.76, 3.1))
SHARES = {"own": 0.5, "dubbed": 0.2, "silent": 0.3}  # what the windows of each kind count together
INFORMATION = 217.0  # what all windows count together: they overlap, and there are only ten people
PENALTY = 1.0
AT_ONCE = int(np.argmin(np.abs(DELAYS)))
SEED = 0
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """A face with a sound for a while: (7,) inputs of the model at no delay, and what they would be without sound."""

    kind: str
    person: str
    given: Floats
    mute: Floats
    plain: bool

    @property
    def talks(self) -> bool:
        """Whether the sound is the face's own."""
        return self.kind == "own"


def windows(talkers: Sequence[Talker], silent: Sequence[Talker], foreign: Sequence[Samples]) -> Iterator[Window]:
    """Talking faces with their own sound and with others', and silent faces with others' sound."""
    random = np.random.default_rng(SEED)
    for face in talkers:
        others = [each.sound for each in talkers if each.name != face.name and (each.model, each.size) == _like(face)]
        for start, end in _spans():
            yield from _window("own", face.name, face.series, face.sound, start, end)
            for other in others:
                yield from _window("dubbed", face.name, face.series, other, start, end)
            for other in foreign:
                late = random.uniform(0, len(other) / 16_000 - 5)
                yield from _window("dubbed", face.name, face.series, moved(other, -late), start, end)
        still = resting(face.series, REST.get(face.name, USUAL_REST))
        yield from _silent(face.name, still, [*others, *foreign], random)
    for face in silent:
        yield from _silent(SILENT[face.name], face.series, [*(t.sound for t in talkers[:7]), *foreign], random)


def _like(face: Talker) -> tuple[str, float]:
    return face.model, face.size


def _spans() -> list[tuple[float, float]]:
    parts = [(a, a + length) for length in (1.0, 1.5, 2.0) for a in np.arange(0.4, 2.61 - length, 0.3)]
    return [(0.0, 2.95), (0.4, 2.6), *parts]


def _silent(
    person: str, series: FaceSeries, sounds: Sequence[Samples], random: np.random.Generator
) -> Iterator[Window]:
    if not series.tracks():
        return
    time = series.time[series.rows(series.tracks()[0])]
    for length in (1.0, 1.5, 2.0, 2.9):
        for start in np.arange(time[0], time[-1] - length + 0.01, 0.9):
            for other in sounds:
                into = random.uniform(0.2, max(0.25, len(other) / 16_000 - length - 1))
                yield from _window("silent", person, series, moved(other, start - into), start, start + length)


def _window(kind: str, person: str, series: FaceSeries, heard: Samples, start: float, end: float) -> Iterator[Window]:
    span = Span(start=max(0.0, start), end=end)
    around = sound_of(Heard(heard), span)
    cues = lip_cues(series, series.tracks()[0], span, around) if around else None
    mute = lip_cues(series, series.tracks()[0], span, None) if cues else None
    if cues is not None and mute is not None:
        yield Window(kind, person, inputs(cues)[:, AT_ONCE], inputs(mute)[:, AT_ONCE], cues.plain)


def weights(found: Sequence[Window]) -> Floats:
    """(n,) each kind its share, each person of a kind the same; mean 1."""
    count = Counter((each.kind, each.person) for each in found)
    people = Counter(kind for kind, _ in count)
    weight = np.array([SHARES[w.kind] / people[w.kind] / count[w.kind, w.person] for w in found])
    return np.asarray(weight * len(found) / weight.sum())


def fit(given: Floats, talks: Floats, weight: Floats) -> Floats:
    """Weights of a logistic regression with an L2 penalty on all but the first, by Newton's method."""
    ridge = PENALTY * np.diag([0.0, *[1.0] * (given.shape[1] - 1)])
    beta = np.zeros(given.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-given @ beta))
        slope = given.T @ (weight * (p - talks)) + ridge @ beta
        beta = beta - np.linalg.solve((given.T * (weight * p * (1 - p))) @ given + ridge, slope)
    return np.asarray(beta)


def left_out(found: Sequence[Window], given: Floats) -> Floats:
    """(n,) probability of each window with inputs `given` (n, k), by weights that were fitted without its person."""
    talks, weight = talks_of(found), weights(found)
    who = np.array([w.person for w in found])
    p = np.zeros(len(found))
    for person in np.unique(who):
        rest = who != person
        p[~rest] = 1 / (
            1 + np.exp(-given[~rest] @ fit(given[rest], talks[rest], weight[rest] * INFORMATION / len(found)))
        )
    return p


def quality(p: Floats, talks: Floats, weight: Floats) -> dict[str, float]:
    """Brier score, log loss in nats, expected calibration error (ten bins) and accuracy, weighted."""
    weight, p = weight / weight.sum(), np.clip(p, 1e-4, 1 - 1e-4)
    bins = np.minimum((p * 10).astype(int), 9)
    return {
        "brier": float(weight @ (p - talks) ** 2),
        "log_loss": float(-weight @ (talks * np.log(p) + (1 - talks) * np.log(1 - p))),
        "ece": float(sum(abs((weight * (p - talks))[bins == b].sum()) for b in range(10))),
        "accuracy": float(weight @ ((p > 0.5) == talks)),
    }


def material(media: Path, models: Sequence[Path]) -> list[Window]:
    """All windows of the clips in `media` with every landmark model in every size."""
    grid = sorted((media / "grid").glob("*.mpg"))
    foreign = [sound(media / "speech" / name, 40) for name in SPEECH]
    found: list[Window] = []
    for model in models:
        for size in SIZES:
            silent = [talker(media / "pyfeat" / name, model, size) for name in SILENT]
            named = [
                Talker(Path(n).name, s.model, s.size, s.series, s.sound) for n, s in zip(SILENT, silent, strict=True)
            ]
            found += windows([talker(path, model, size) for path in grid], named, foreign)
    return found


def main() -> None:
    """Prints the weights and their quality."""
    parser = argparse.ArgumentParser(prog="python -m emoagent.training.speaker", description=__doc__)
    parser.add_argument("--media", type=Path, required=True)
    parser.add_argument("--models", type=Path, nargs="+", required=True, help="landmark models")
    arguments = parser.parse_args()
    found = material(arguments.media, arguments.models)
    _tell(f"{len(found)} windows of {len({w.person for w in found})} people: {Counter(w.kind for w in found)}")
    _report("WEIGHTS", found, np.stack([w.given for w in found]))
    unheard = [w for w in found if w.kind != "dubbed"]
    _report("SOUNDLESS", unheard, np.stack([w.mute[:3] for w in unheard]))


def _report(name: str, found: Sequence[Window], given: Floats) -> None:
    talks, weight = talks_of(found), weights(found)
    _tell(f"{name} = ({', '.join(f'{b:.2f}' for b in fit(given, talks, weight * INFORMATION / len(found)))})")
    p, plain = left_out(found, given), np.array([w.plain for w in found])
    for label, of in (("all", plain | True), ("plain", plain), ("full", ~plain)):
        told = quality(p[of], talks[of], weight[of])
        _tell(f"  left out, {label}: " + ", ".join(f"{key} {value:.3f}" for key, value in told.items()))


def talks_of(found: Sequence[Window]) -> Floats:
    """(n,) 1 where the sound is the face's own."""
    return np.array([w.talks for w in found], float)


def _tell(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
