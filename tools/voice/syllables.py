"""Where the syllables are: nuclei found in the sound alone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.voice.loudness import HOP_SECONDS, Levels, peaks, smoothed
from emoagent.tools.voice.pitch import PitchTrack
from emoagent.tools.voice.spectrum import Bands, band_levels

VOWELS = (300.0, 3300.0)  # Hz, where vowels have their energy and hisses and murmurs little
EDGES = (200.0, 400.0, 650.0, 950.0, 1300.0, 1750.0, 2300.0, 3000.0, 3800.0)  # Hz, about equal steps on the ear's scale
DEEPEST = 50.0  # dB below the loudest band where a band counts as empty
REACH = 4  # frames before and after between which the spectrum is compared
CHANGE = 0.3  # how much a changing spectrum counts against a nucleus
DIP = 2.5  # dB between two nuclei
VOICED = 0.2  # confidence in a pitch that a nucleus needs; less than for a pitch, as in de Jong & Wempe
SMOOTHING = 5  # frames of 10 ms
FRAME_PERIOD = 0.016  # seconds between frames of pitch


def nuclei(samples: NDArray[np.float32], level: Levels, track: PitchTrack, threshold: float) -> NDArray[np.float64]:
    """Times of the syllable nuclei in seconds.

    `samples`: (n,) at 16 kHz; `level`: its levels; `track`: its pitch; `threshold`: dBFS under which it is silent.

    After de Jong & Wempe (2009): voiced peaks between which the level dips. But it is the level of the vowels' band, as
    in the rate measures of Pfitzinger (1996) and Morgan & Fosler-Lussier (1998), less a share of the change of the
    spectrum: a nucleus is where the mouth holds still, so that two vowels with a sonorant between them are two.
    """
    if not len(level):
        return np.zeros(0)
    strength = smoothed(_strength(samples), SMOOTHING)
    sounding = level >= threshold
    found = [i for i in peaks(strength) if sounding[i] and _voiced_at(track, i)]
    kept: list[int] = []
    for i in found:
        if not kept or strength[[kept[-1], i]].min() - strength[kept[-1] : i + 1].min() >= DIP:
            kept.append(i)
        elif strength[i] > strength[kept[-1]]:
            kept[-1] = i
    return middle(np.array(kept, dtype=np.float64))


def middle(index: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """The time in the middle of a frame of 25 ms, in seconds."""
    return np.asarray(index) * HOP_SECONDS + 0.0125


def _strength(samples: NDArray[np.float32]) -> Levels:
    """How much each frame is like the middle of a vowel, in dB."""
    found = band_levels(samples, [VOWELS, *pairwise(EDGES)])
    return np.asarray(found[:, 0] - CHANGE * _change(found[:, 1:]))


def _change(bands: Bands) -> Levels:
    """Root mean square difference in dB between the spectra 40 ms before and after each frame."""
    padded = np.pad(np.maximum(bands, bands.max() - DEEPEST), ((REACH, REACH), (0, 0)), mode="edge")
    return np.asarray(np.sqrt(np.mean(np.square(padded[2 * REACH :] - padded[: -2 * REACH]), axis=1)))


def _voiced_at(track: PitchTrack, frame: int) -> bool:
    if not len(track.time):
        return False
    nearest = int(np.clip(round(float(middle(frame)) / FRAME_PERIOD), 0, len(track.time) - 1))
    return bool(track.confidence[max(0, nearest - 1) : nearest + 2].max() >= VOICED)
