"""Audible breath: long noise without pitch, in one swell, as in a sigh or a deep breath before speaking."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.voice.loudness import HOP_SECONDS, Levels, levels, noise_floor, smoothed
from emoagent.tools.voice.pitch import PitchTrack, runs
from emoagent.tools.voice.spectrum import band_levels
from emoagent.tools.voice.syllables import FRAME_PERIOD, middle

SHORTEST, LONGEST = 0.45, 2.5  # seconds; the noise of a consonant lasts less, that of a place or of applause more
ABOVE = 9.0  # dB over the noise
PITCHED = 0.2  # confidence in a pitch from which a frame is no breath
DEEPEST = 18.0  # dB under the loudest part where a breath is over
WAVERING = 2.0  # dB by which the level may depart from one swell and fall: talk, steps and clatter go up and down
HISS = 3.0  # dB by which 4-8 kHz may outweigh 0.3-4 kHz: an [s] is a hiss, a breath is not
RUMBLE = 6.0  # dB by which 0-300 Hz may outweigh 0.3-4 kHz: wind and handling noise
BANDS = ((50.0, 300.0), (300.0, 4000.0), (4000.0, 8000.0))


@dataclass(frozen=True)
class Breath:
    """Seconds from the start of the samples; `above`: dB over the noise; `fall`: dB from the loudest to the end."""

    start: float
    end: float
    above: float
    fall: float


def breaths(samples: NDArray[np.float32], track: PitchTrack, floor: float | None = None) -> list[Breath]:
    """The long breaths in `samples`, (n,) in -1..1 at 16 kHz, whose pitch is `track`; `floor`: noise in dBFS."""
    level = levels(samples)
    if not len(level):
        return []
    noise = noise_floor(level) if floor is None else floor
    smooth = smoothed(level, 15)
    windy = (smooth >= noise + ABOVE) & ~_pitched(track, len(level))
    found = []
    for first, end in (_core(smooth, *run) for run in runs(_closed(windy))):
        if SHORTEST <= (end - first) * HOP_SECONDS <= LONGEST and _is_breath(samples, level, first, end):
            part = smooth[first:end]
            fall = float(part.max() - part[-5:].mean())
            found.append(Breath(_at(first), _at(end), float(part.mean() - noise), fall))
    return found


def _core(smooth: Levels, first: int, end: int) -> tuple[int, int]:
    """The part from the first to the last frame within reach of the loudest."""
    near = np.flatnonzero(smooth[first:end] >= smooth[first:end].max() - DEEPEST)
    return first + int(near[0]), first + int(near[-1]) + 1


def _is_breath(samples: NDArray[np.float32], level: Levels, first: int, end: int) -> bool:
    low, mid, high = band_levels(samples[first * 160 : end * 160 + 240], BANDS).mean(axis=0)
    part = smoothed(level[first:end], 9)
    time = np.linspace(-1, 1, len(part))
    swell = np.polyval(np.polyfit(time, part, 2), time)
    even = float(np.abs(part - swell).mean()) <= WAVERING
    return even and float(high - mid) <= HISS and float(low - mid) <= RUMBLE


def _pitched(track: PitchTrack, count: int) -> NDArray[np.bool_]:
    """Which of `count` frames of the level are near a frame that has a pitch."""
    if not len(track.time):
        return np.zeros(count, dtype=np.bool_)
    sure = np.convolve(track.confidence >= PITCHED, np.ones(3), "same") > 0
    at = np.clip(np.rint(middle(np.arange(count, dtype=np.float64)) / FRAME_PERIOD).astype(int), 0, len(sure) - 1)
    return np.asarray(sure[at])


def _closed(flags: NDArray[np.bool_], most: int = 4) -> NDArray[np.bool_]:
    """Without the gaps of up to `most` frames."""
    closed = flags.copy()
    for first, end in runs(~flags):
        if first > 0 and end < len(flags) and end - first <= most:
            closed[first:end] = True
    return closed


def _at(frame: int) -> float:
    return round(frame * HOP_SECONDS, 3)
