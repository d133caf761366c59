"""Recordings of voices whose words or emotions are known, and sounds beside speech that are made from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.dialogues import load
from emoagent.tools.voice.loudness import levels, loud
from emoagent.tools.voice.pitch import pitch

RATE = 16_000
Samples = NDArray[np.float32]

# Syllables of the sentences as one reads them out slowly; fluent German drops some of them.
EMODB = {"a01": 8, "a02": 9, "a04": 11, "a07": 10}  # the four that fit into the 2.0 s to which the files are cut
RAVDESS, JFK = 7, 28
GRID_LONG = {4: "7z", 5: "a"}  # letters of a GRID name that stand for words of two syllables: seven, zero, again
TALK = (
    "sample.wav", "dev00.wav", "katiesteve_mono.wav", "multilingual.mp3",
    "enrollment_audio_katie.wav", "enrollment_audio_steve.wav",
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A recording with the number of syllables of its text, `None` where it is not known or cut off."""

    name: str
    speaker: str
    samples: Samples
    syllables: int | None


def acted(shared: Path) -> Iterator[Said]:
    """EMO-DB (speakers E…) and RAVDESS (R…). EMO-DB's files are cut to 2.0 s: only those that end in silence count."""
    for path in sorted((shared / "media/emodb16k").glob("*.flac")):
        samples = load(path)
        whole = path.stem[2:5] in EMODB and _ends_in_silence(samples)
        yield Said(path.stem, f"E{path.stem[:2]}", samples, EMODB[path.stem[2:5]] if whole else None)
    for path in sorted((shared / "media/ravdess16k").glob("*.flac")):
        yield Said(path.stem, f"R{path.stem[-2:]}", load(path), RAVDESS)


def read(shared: Path) -> Iterator[Said]:
    """GRID sentences and a speech of known words."""
    for path in sorted((shared / "media/grid").glob("*.mpg")):
        code = path.stem[-6:]
        longer = sum(code[place] in letters for place, letters in GRID_LONG.items())
        yield Said(path.stem, "GRID", load(path), 6 + longer)
    yield Said("jfk", "JFK", load(shared / "media/speech/jfk.flac"), JFK)


def talk(shared: Path) -> Iterator[Said]:
    """Conversations, monologues and two acted clips with a camera."""
    for name in TALK:
        yield Said(name, name, load(shared / "media/speech" / name), None)
    for path in sorted((shared / "media/mead").glob("*.mp4")):
        yield Said(path.stem, "MEAD", load(path), None)


def laugh(samples: Samples, random: np.random.Generator) -> Samples:
    """4 to 9 beats, 3.5 to 6 a second, of a loud vowel cut from `samples`, with breath between them."""
    track = pitch(samples)
    voiced = track.time[track.voiced]
    level = levels(samples)
    strength = level[np.clip((voiced * 100).astype(int), 0, len(level) - 1)]
    middle = float(random.choice(voiced[np.argsort(strength)[-15:]]))
    width, period = random.uniform(0.07, 0.11), random.uniform(0.17, 0.29)
    vowel = samples[max(0, round((middle - width / 2) * RATE)) : round((middle + width / 2) * RATE)]
    vowel = (vowel * np.hanning(len(vowel)) ** 0.7).astype(np.float32)
    beats, at = int(random.integers(4, 10)), 0.3
    sound = np.zeros(round((beats * period * 1.4 + 1) * RATE))
    for number in range(beats):
        spoken = np.interp(np.arange(0, len(vowel) - 1, random.uniform(0.94, 1.06)), np.arange(len(vowel)), vowel)
        breath = random.normal(0, 1, 1600) * np.hanning(1600) * np.abs(vowel).max() * 0.06
        first = round(at * RATE)
        sound[first : first + len(spoken)] += 0.9**number * random.uniform(0.8, 1.2) * spoken
        sound[first + len(spoken) : first + len(spoken) + len(breath)] += breath
        at += period * (1 + random.normal(0, 0.08))
    return (sound + random.normal(0, np.abs(vowel).max() * 0.003, len(sound))).astype(np.float32)


def sigh(random: np.random.Generator, snr: float) -> Samples:
    """0.7 to 1.8 s of noise through an open mouth, swelling and dying away, `snr` dB over a steady noise."""
    noise = random.normal(0, 1, round(random.uniform(0.7, 1.8) * RATE))
    hertz, spectrum = np.fft.rfftfreq(len(noise), 1 / RATE), np.fft.rfft(noise)
    mouth = 1 + sum(np.exp(-(((hertz - f) / 250) ** 2)) for f in (random.uniform(500, 900), random.uniform(1200, 1900)))
    breath = np.fft.irfft(spectrum * mouth / np.sqrt(1 + (hertz / 1500) ** 2), len(noise))
    time = np.linspace(0, 1, len(noise))
    breath *= np.minimum(1, time / 0.2) * np.exp(-2.5 * np.maximum(0, time - 0.2))
    whole = np.concatenate([np.zeros(8000), breath / np.abs(breath).max() / 10, np.zeros(8000)])
    steady = np.sqrt(np.mean((breath / np.abs(breath).max() / 10) ** 2)) / 10 ** (snr / 20)
    return (whole + random.normal(0, steady, len(whole))).astype(np.float32)


def _ends_in_silence(samples: Samples) -> bool:
    level = levels(samples)
    return len(level) - int(np.flatnonzero(level > loud(level) - 25)[-1]) > 12
