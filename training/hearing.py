"""Fits how likely a recognised word is right: `python -m emoagent.training.hearing --data MEDIA`.

MEDIA holds `speech/` and `grid/`: four recordings whose words are known (a speech of 1961, a licence read aloud, a
dialogue, commands of seven speakers), and half a minute of other languages. Each is also played backwards (nothing in
it is a word), with noise, through a telephone, in a room, faster and slower. Prints the constants of
`emoagent.tools.words.word_confidence` and how well each recording is judged by a fit that has not seen it. Seven
minutes on one core; the same data gives the same.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.media.audio import RATE, Audio
from emoagent.tools.words import sphinx, word_confidence
from emoagent.tools.words.word_confidence import Guess

Floats = NDArray[np.float64]
SEED = 5
KEPT = 0.95  # share of the right words of running English speech that must not be taken for hopeless
RUNNING = ("speech", "licence", "dialogue")  # GRID's commands are no running speech
PENALTY = 1.0  # strength of the L2 penalty, on standardised features
LICENCE_ENDS, FOREIGN_BEGINS = 29.3, 30.5  # seconds of multilingual.mp3

SPEECH = """
and so my fellow americans ask not what your country can do for you ask what you can do for your country
"""
DIALOGUE = """
good morning steve good morning katie have you heard about the new conversation transcription capability no tell me
more it's the new feature that transcribes our discussion and lets us know who said what that sounds interesting i'm
going to give this a try
"""
LICENCE = """
permission is hereby granted free of charge to any person obtaining a copy of this software and associated
documentation files the software to deal in the software without restriction including without limitation the rights
to use copy modify merge publish distribute sublicense and or sell copies of the software and to permit persons to
whom the software is furnished to do so subject to the following conditions the above copyright notice and this
permission notice shall be included in all copies or substantial portions of the software
"""
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
# The letters of a GRID file name, in order (Cooke et al. 2006).
GRID: tuple[dict[str, str], ...] = (
    {"b": "bin", "l": "lay", "p": "place", "s": "set"},
    {"b": "blue", "g": "green", "r": "red", "w": "white"},
    {"a": "at", "b": "by", "i": "in", "w": "with"},
    {},
    dict(zip("z123456789", DIGITS, strict=True)),
    {"a": "again", "n": "now", "p": "please", "s": "soon"},
)


@dataclass(frozen=True)
class Recording:
    """Samples (n,) at 16 kHz and the words in them; none where it holds no English."""

    name: str
    samples: Floats
    words: tuple[str, ...]


@dataclass(frozen=True)
class Judged:
    """A stretch as recognised: the guesses, and which of their words were said."""

    recording: str
    altered: str
    guesses: tuple[Guess, ...]
    right: tuple[bool, ...]


def grid_words(stem: str) -> tuple[str, ...]:
    """The six words of a GRID clip, from its file name: `bbaf2n` is "bin blue at f two now"."""
    return tuple(words.get(letter, letter) for words, letter in zip(GRID, stem[-6:], strict=True))


def matches(said: Sequence[str], heard: Sequence[str]) -> tuple[int, list[bool]]:
    """Word errors (substitutions, deletions, insertions) of the best alignment, and which of `heard` were said."""
    table = np.zeros((len(said) + 1, len(heard) + 1), int)
    table[:, 0], table[0] = range(len(said) + 1), range(len(heard) + 1)
    for i, word in enumerate(said, 1):
        for j, other in enumerate(heard, 1):
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (word != other))
    right, i, j = [False] * len(heard), len(said), len(heard)
    while i and j:
        step = table[i, j] - table[i - 1, j - 1]
        if step == (said[i - 1] != heard[j - 1]):
            i, j = i - 1, j - 1
            right[j] = bool(step == 0)
        elif table[i, j] == table[i, j - 1] + 1:
            j -= 1
        else:
            i -= 1
    return int(table[-1, -1]), right


def recordings(media: Path, folder: Path) -> list[Recording]:
    """The recordings that the fit is made from; their sound is decoded into `folder`."""
    languages = samples_of(media / "speech" / "multilingual.mp3", folder)
    grid = sorted((media / "grid").glob("*.mpg"))
    commands = np.concatenate([samples_of(path, folder) for path in grid])
    licence, foreign = languages[: int(LICENCE_ENDS * RATE)], languages[int(FOREIGN_BEGINS * RATE) :]
    return [
        Recording("speech", samples_of(media / "speech" / "jfk.flac", folder), tuple(SPEECH.split())),
        Recording("licence", licence, tuple(LICENCE.split())),
        Recording("foreign", foreign, ()),
        Recording("dialogue", samples_of(media / "speech" / "katiesteve_mono.wav", folder), tuple(DIALOGUE.split())),
        Recording("commands", commands, tuple(word for path in grid for word in grid_words(path.stem))),
    ]


def samples_of(path: Path, folder: Path) -> Floats:
    """(n,) the sound of a media file as 16 kHz mono."""
    from emoagent.tools.media.files import extract_audio, probe

    target = folder / f"{path.stem}.s16"
    extract_audio(path, target, probe(path).clip)
    return np.fromfile(target, "<i2").astype(np.float64)


def altered(recording: Recording) -> Iterator[tuple[str, Floats, tuple[str, ...]]]:
    """The recording as it is and in other forms, each with the words that are then in it."""
    samples, words = recording.samples, recording.words
    random = np.random.default_rng(SEED)
    forms: dict[str, Callable[[], Floats]] = {
        "as it is": lambda: samples,
        "noise": lambda: _noisy(samples, random.normal(size=len(samples)), 12),
        "rumble": lambda: _noisy(samples, np.convolve(random.normal(size=len(samples)), _decay(200, 20), "same"), 8),
        "telephone": lambda: _band(samples, 300, 3400),
        "room": lambda: _in_room(samples, random),
        "faster": lambda: _played(samples, 1.1),
        "slower": lambda: _played(samples, 0.9),
    }
    yield "backwards", samples[::-1], ()
    for name, make in forms.items():
        yield name, make(), words


def judged(recording: Recording, decoder: Any, folder: Path) -> Iterator[Judged]:
    """What the recogniser makes of each form of the recording."""
    for name, samples, words in altered(recording):
        path = folder / "altered.s16"
        (samples / np.abs(samples).max() * 16_000).astype("<i2").tofile(path)
        parts = [sphinx.guesses_of(decoder, Audio(path), span) for span in sphinx.stretches(Audio(path))]
        _, right = matches(words, [text for part in parts for text, _ in part])
        at = 0
        for part in parts:
            found = tuple(guess for _, guess in part)
            yield Judged(recording.name, name, found, tuple(right[at : at + len(part)]))
            at += len(part)


def fit(stretches: Sequence[Judged], hopeless: float) -> tuple[Floats, Floats, Floats]:
    """Mean and deviation (2,) of the features, and weights (3,) with the bias last: penalised logistic regression by
    Newton's method, on the words whose bound is not below `hopeless`; each recording counts by the square root of its
    words."""
    rows, right, weight = _table(stretches, hopeless)
    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    matrix = np.column_stack([(rows - mean) / deviation, np.ones(len(rows))])
    penalty, beta = np.diag([PENALTY] * rows.shape[1] + [0.0]), np.zeros(rows.shape[1] + 1)
    for _ in range(30):
        chance = 1 / (1 + np.exp(-matrix @ beta))
        gradient = matrix.T @ (weight * (right - chance)) - penalty @ beta
        curvature = matrix.T @ (matrix * (weight * chance * (1 - chance))[:, None]) + penalty
        beta = beta + np.linalg.solve(curvature, gradient)
    return mean, deviation, beta


def threshold(stretches: Sequence[Judged]) -> float:
    """The bound of the fit below which a stretch is hopeless: all but 5 % of the right words of running English
    speech lie at or above it."""
    used = [each for each in stretches if each.recording in RUNNING and any(each.right)]
    found = np.concatenate([word_confidence.bounds(each.guesses)[list(each.right)] for each in used])
    return float(np.quantile(found, 1 - KEPT, method="lower"))


def _table(stretches: Sequence[Judged], hopeless: float) -> tuple[Floats, Floats, Floats]:
    used = [each for each in stretches if each.guesses]
    rows = np.concatenate([word_confidence.features(each.guesses) for each in used])
    right = np.concatenate([each.right for each in used]).astype(np.float64)
    names = np.concatenate([[each.recording] * len(each.right) for each in used])
    shown = np.concatenate([word_confidence.bounds(each.guesses) for each in used]) >= hopeless
    rows, right, names = rows[shown], right[shown], names[shown]
    share = {name: float((names == name).sum()) ** -0.5 for name in np.unique(names)}
    weight = np.array([share[name] for name in names])
    return rows, right, weight * len(weight) / weight.sum()


def _noisy(samples: Floats, noise: Floats, decibels: float) -> Floats:
    level = np.sqrt((samples**2).mean() / (noise**2).mean())
    return np.asarray(samples + noise * level * 10 ** (-decibels / 20), np.float64)


def _band(samples: Floats, low: float, high: float) -> Floats:
    spectrum, pitch = np.fft.rfft(samples), np.fft.rfftfreq(len(samples), 1 / RATE)
    return np.fft.irfft(spectrum * ((pitch >= low) & (pitch <= high)), len(samples))


def _in_room(samples: Floats, random: np.random.Generator) -> Floats:
    echo = random.normal(size=int(0.35 * RATE)) * _decay(int(0.35 * RATE), 0.06 * RATE)
    echo[0] = 6.0
    size = len(samples) + len(echo)
    return np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(echo, size), size)[: len(samples)]


def _played(samples: Floats, speed: float) -> Floats:
    moments = np.arange(0, len(samples) - 1, speed)
    return np.asarray(np.interp(moments, np.arange(len(samples)), samples), np.float64)


def _decay(count: int, length: float) -> Floats:
    return np.exp(-np.arange(count) / length)


def main() -> None:
    """Recognises, fits, and prints the constants and the cross-check."""
    parser = argparse.ArgumentParser(prog="python -m emoagent.training.hearing", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="MEDIA", help="folder with speech/ and grid/")
    parser.add_argument("--keep", type=Path, help="keep what was recognised in this JSON file, or read it from there")
    arguments = parser.parse_args()
    found = _read(arguments.keep) if arguments.keep and arguments.keep.exists() else _recognised(arguments.data)
    if arguments.keep:
        arguments.keep.write_text(json.dumps([asdict(each) for each in found]))
    for name in sorted({each.recording for each in found}):
        sys.stdout.write(_checked(name, found) + "\n")
    hopeless = threshold(found)
    mean, deviation, beta = fit(found, hopeless)
    sys.stdout.write(f"HOPELESS = {hopeless:.2f}\n")
    for label, values in (("MEAN", mean), ("DEVIATION", deviation), ("WEIGHTS", beta[:-1])):
        sys.stdout.write(f"{label} = np.array({np.round(values, 3).tolist()})\n")
    sys.stdout.write(f"BIAS = {beta[-1]:.3f}\n")


def _recognised(media: Path) -> list[Judged]:
    with tempfile.TemporaryDirectory() as name:
        folder, decoder = Path(name), sphinx.decoder()
        return [each for item in recordings(media, folder) for each in judged(item, decoder, folder)]


def _read(path: Path) -> list[Judged]:
    kept = json.loads(path.read_text())
    return [Judged(**each | {"guesses": tuple(Guess(**guess) for guess in each["guesses"])}) for each in kept]


def _checked(name: str, found: Sequence[Judged]) -> str:
    """How a fit without the recording `name` judges it: what it shows, and of that what is right and was expected."""
    others, own = [[each for each in found if (each.recording == name) == same] for same in (False, True)]
    cut = threshold(others)
    mean, deviation, beta = fit(others, cut)
    rows, right, _ = _table(own, cut)
    _, told, _ = _table(own, -np.inf)
    chance = 1 / (1 + np.exp(-((rows - mean) / deviation @ beta[:-1] + beta[-1])))
    shown = (
        f"{int(right.sum())} of {int(told.sum())} right and {int((1 - right).sum())} of {int((1 - told).sum())} wrong"
    )
    return f"{name}: {shown} words shown (from {cut:.2f}); {right.mean():.2f} right, {chance.mean():.2f} expected"


if __name__ == "__main__":
    main()
