"""Rhythmic bursts in the sound, as in laughter: short beats of one kind at an even pace, with breath between them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.voice.loudness import Levels, levels, loud, noise_floor, peaks, smoothed
from emoagent.tools.voice.spectrum import Bands, band_levels
from emoagent.tools.voice.syllables import middle

FASTEST, SLOWEST = 0.12, 0.34  # seconds between beats; 4 to 5 a second are typical (Bachorowski, Smoski & Owren 2001)
FEWEST = 4  # beats; fewer are met in any speech
DIP = 8.0  # dB between beats
ABOVE = 12.0  # dB over the noise
DEEPEST = 25.0  # dB under the loudest
UNEVEN = 1.5  # ratio of neighbouring intervals
VARIATION = 0.22  # coefficient of variation of the intervals
UNLIKE = 4.5  # dB, root mean square difference of neighbouring beats' spectra; syllables of speech differ more
SMOOTHING = 5  # frames of 10 ms
EDGES = (150.0, 400.0, 650.0, 950.0, 1300.0, 1750.0, 2300.0, 3000.0, 4000.0, 5500.0)  # Hz


@dataclass(frozen=True)
class Burst:
    """`beats`: (n,) seconds from the start of the samples; `start`, `end`: half an interval before and after them."""

    beats: NDArray[np.float64]
    unlike: float  # dB, how much neighbouring beats differ

    @property
    def interval(self) -> float:
        """Mean seconds between beats."""
        return float(np.diff(self.beats).mean())

    @property
    def start(self) -> float:
        """Seconds."""
        return max(0.0, float(self.beats[0]) - self.interval / 2)

    @property
    def end(self) -> float:
        """Seconds."""
        return float(self.beats[-1]) + self.interval / 2


def bursts(samples: NDArray[np.float32], floor: float | None = None) -> list[Burst]:
    """The rhythmic bursts in `samples`, (n,) in -1..1 at 16 kHz, in time order.

    `floor`: level of the noise in dBFS; else that of the samples. A burst has at least four beats, three to eight a
    second, evenly spaced, each 8 dB over the gaps beside it, and each with much the same spectrum as the one before:
    laughter repeats one vowel or breath (Bachorowski et al. 2001), where the syllables of speech differ.
    """
    level = levels(samples)
    if not len(level):
        return []
    beats, dips = _beats(smoothed(level, SMOOTHING), noise_floor(level) if floor is None else floor)
    if len(beats) < FEWEST:
        return []
    unlike = _unlike(band_levels(samples, list(pairwise(EDGES))), beats)
    return [burst for burst in _runs(middle(beats.astype(np.float64)), dips, unlike) if _even(burst)]


def _beats(smooth: Levels, floor: float) -> tuple[NDArray[np.intp], Levels]:
    """Frames of the peaks that stand out, and how deep in dB the level falls before each."""
    least = max(floor + ABOVE, loud(smooth) - DEEPEST)
    kept, dips = list[int](), list[float]()
    for i in peaks(smooth):
        if smooth[i] < least:
            continue
        dip = smooth[[kept[-1], i]].min() - smooth[kept[-1] : i + 1].min() if kept else np.inf
        if dip >= DIP:
            kept.append(i)
            dips.append(float(dip))
        elif smooth[i] > smooth[kept[-1]]:
            kept[-1] = i
    return np.array(kept, dtype=np.intp), np.array(dips)


def _unlike(bands: Bands, beats: NDArray[np.intp]) -> Levels:
    """(n - 1,) dB between the spectra of neighbouring beats, their levels made equal."""
    shape = np.array([bands[max(0, i - 2) : i + 3].mean(axis=0) for i in beats])
    shape = np.maximum(shape, shape.max(axis=1, keepdims=True) - 40)
    shape -= shape.mean(axis=1, keepdims=True)
    return np.asarray(np.sqrt(np.square(np.diff(shape, axis=0)).mean(axis=1)))


def _runs(times: Levels, dips: Levels, unlike: Levels) -> list[Burst]:
    """The longest runs of beats that follow each other evenly and alike."""
    runs, gaps = [[0]], np.diff(times)
    for i, gap in enumerate(gaps):
        linked = FASTEST <= gap <= SLOWEST and unlike[i] <= UNLIKE
        even = len(runs[-1]) < 2 or 1 / UNEVEN <= gap / gaps[i - 1] <= UNEVEN
        if linked and even:
            runs[-1].append(i + 1)
        else:
            runs.append([i, i + 1] if linked else [i + 1])
    return [Burst(times[run], float(unlike[run[:-1]].mean())) for run in runs if len(run) >= FEWEST]


def _even(burst: Burst) -> bool:
    gaps = np.diff(burst.beats)
    return bool(gaps.std() <= VARIATION * gaps.mean())
