"""An utterance's voice as one row of numbers, in the manner of eGeMAPS (Eyben et al. 2016): for learning.

The names of the columns say what each is. A number that cannot be measured is NaN.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.voice.loudness import Levels, levels, noise_floor, silence_below
from emoagent.tools.voice.pitch import PitchTrack, pitch
from emoagent.tools.voice.prosody import Prosody, prosody
from emoagent.tools.voice.spectrum import band_levels, spectrum_at
from emoagent.tools.voice.voice_quality import voice_quality

MELS = 26
LOWEST, HIGHEST = 60.0, 7600.0  # Hz
CEPSTRA = 13
FAINTEST = 60.0  # dB under the loudest band at which a band counts as empty

Row = dict[str, float]


def log_mel(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """(m, 26) dB in bands of equal width on the mel scale, in the frames of `loudness.levels`."""
    low, high = (float(2595 * np.log10(1 + hertz / 700)) for hertz in (LOWEST, HIGHEST))
    mels = np.linspace(low, high, MELS + 1)
    edges = 700 * (10 ** (mels / 2595) - 1)
    return band_levels(samples, list(pairwise(edges.tolist())))


def mel_statistics(samples: NDArray[np.float32]) -> Row:
    """Mean and standard deviation of each log-mel band over all frames: the plainest description of a sound."""
    bands = log_mel(samples)
    named = {"mean": bands.mean(axis=0), "sd": bands.std(axis=0)}
    return {f"mel{i}_{name}": float(v) for name, values in named.items() for i, v in enumerate(values)}


def voice_features(samples: NDArray[np.float32]) -> Row:
    """About 120 functionals of `samples`, (n,) in -1..1 at 16 kHz; at least one frame of 25 ms."""
    level = levels(samples)
    sounding = level >= silence_below(level, noise_floor(level))
    track = pitch(samples)
    measured = prosody(samples, track=track)
    quality = voice_quality(samples, track, spectrum_at(samples, track.time[track.voiced]))
    row = _prosodic(measured) | _contour(track) | _loudness(level[sounding])
    row |= {name: float(getattr(quality, name)) for name in ("hnr", "jitter", "shimmer", "hammarberg", "slope")}
    return row | _spectral(log_mel(samples)[sounding])


def _prosodic(measured: Prosody) -> Row:
    names = ("f0_range", "final_slope", "level", "level_range", "rate", "pause_share", "longest_pause", "effort")
    row = {name: float(getattr(measured, name)) for name in names}
    row["voiced_share"] = measured.voiced / measured.duration
    return row


def _contour(track: PitchTrack) -> Row:
    """Percentiles of the pitch in semitones over 1 Hz, and how fast it moves."""
    names = ("f0_p5", "f0_p20", "f0_p50", "f0_p80", "f0_p95", "f0_rise", "f0_fall", "f0_move")
    semitones = 12 * np.log2(track.f0)
    moves = np.diff(semitones)
    moves = moves[np.isfinite(moves) & (np.abs(moves) < 4)]
    if len(moves) < 5:
        return dict.fromkeys(names, float("nan"))
    values = [*np.nanpercentile(semitones, (5, 20, 50, 80, 95)), *np.percentile(moves, (90, 10)), np.abs(moves).mean()]
    return {name: float(value) for name, value in zip(names, values, strict=True)}


def _loudness(level: Levels) -> Row:
    if len(level) < 5:
        return dict.fromkeys(("level_p20", "level_p80", "level_move"), float("nan"))
    low, high = np.percentile(level, (20, 80))
    return {"level_p20": float(low), "level_p80": float(high), "level_move": float(np.abs(np.diff(level)).mean())}


def _spectral(bands: NDArray[np.float64]) -> Row:
    """Level-free shape of the spectrum: bands against their mean, cepstra, and how fast these move."""
    floored = np.maximum(bands, bands.max() - FAINTEST)
    shape = floored - floored.mean(axis=1, keepdims=True)
    cepstra = shape @ np.cos(np.pi / MELS * (np.arange(MELS) + 0.5)[:, None] * np.arange(1, CEPSTRA))
    moves = np.abs(np.diff(cepstra, axis=0))
    parts = {
        "shape_mean": shape.mean(axis=0),
        "shape_sd": shape.std(axis=0),
        "cepstrum_mean": cepstra.mean(axis=0),
        "cepstrum_sd": cepstra.std(axis=0),
        "cepstrum_move": moves.mean(axis=0) if len(moves) else np.full(CEPSTRA - 1, np.nan),
    }
    return {f"{name}{i}": float(v) for name, values in parts.items() for i, v in enumerate(values)}
