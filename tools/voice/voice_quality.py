"""How a voice sounds beside its pitch and loudness: how clear or rough it is, and how steep its spectrum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.voice.loudness import RATE
from emoagent.tools.voice.pitch import PitchTrack
from emoagent.tools.voice.spectrum import Spectrum

NAN = float("nan")
LEAST = 5  # voiced frames without which nothing is said
CYCLES = 4  # periods around the middle of a frame that are compared
STRAY = 0.15  # how far a cycle may be from the frame's period, as a share of it
MOST_HNR = 40.0  # dB; more cannot be told from perfect

Samples = NDArray[np.float64]


@dataclass(frozen=True)
class VoiceQuality:
    """Medians over the voiced frames; NaN where there are too few."""

    hnr: float  # dB, harmonics to noise (Boersma 1993): low in a breathy, rough or creaky voice
    jitter: float  # ratio, change of the period from one cycle to the next
    shimmer: float  # dB, change of the amplitude from one cycle to the next
    hammarberg: float  # dB, strongest of 0-2 kHz against strongest of 2-5 kHz: falls with vocal effort
    slope: float  # dB per kHz from 500 to 1500 Hz (eGeMAPS, Eyben et al. 2016)


def voice_quality(samples: NDArray[np.float32], track: PitchTrack, spectrum: Spectrum) -> VoiceQuality:
    """Measures the voiced frames of `samples`, (n,) in -1..1 at 16 kHz. Never raises on sound without voice."""
    cycles = [_cycles(samples, t, f) for t, f in zip(track.time[track.voiced], track.f0[track.voiced], strict=True)]
    found = np.array([c for c in cycles if c is not None])
    enough = len(found) >= LEAST
    hnr, jitter, shimmer = (float(v) for v in np.median(found, axis=0)) if enough else (NAN, NAN, NAN)
    return VoiceQuality(hnr, jitter, shimmer, *_tilt(spectrum))


def _cycles(samples: NDArray[np.float32], time: float, f0: float) -> tuple[float, float, float] | None:
    """HNR, jitter and shimmer of one frame, from the likeness of neighbouring cycles of the waveform."""
    period = RATE / f0
    reach = round(CYCLES / 2 * period * (1 + STRAY)) + 2
    middle = round(time * RATE)
    if middle < reach or middle + reach >= len(samples):
        return None
    wave = samples[middle - reach : middle + reach + 1].astype(np.float64)
    starts = reach + np.round(np.array([-1.5, -0.5, 0.5]) * period).astype(int)
    matches = [_match(wave, int(start), period) for start in starts[:2]]
    likeness = float(np.mean([m[0] for m in matches]))
    lags, gains = [m[1] for m in matches], [m[2] for m in matches]
    hnr = MOST_HNR if likeness >= 1 else 10 * np.log10(max(likeness, 1e-3) / (1 - likeness))
    return min(hnr, MOST_HNR), abs(lags[1] - lags[0]) / period, float(np.mean(np.abs(gains)))


def _match(wave: Samples, start: int, period: float) -> tuple[float, float, float]:
    """The cycle after the one at `start`: its correlation with it, its lag in samples, its gain in dB."""
    length = round(period)
    one = wave[start : start + length]
    lags = np.arange(round(period * (1 - STRAY)), round(period * (1 + STRAY)) + 1)
    lags = lags[start + lags + length <= len(wave)]
    others = np.lib.stride_tricks.sliding_window_view(wave, length)[start + lags]
    energy, power = float(one @ one), np.einsum("ij,ij->i", others, others)
    likeness = others @ one / np.sqrt(np.maximum(energy * power, 1e-30))
    best = int(np.argmax(likeness))
    gain = 10 * np.log10(max(float(power[best]), 1e-30) / max(energy, 1e-30))
    return float(likeness[best]), float(lags[best]) + _vertex(likeness, best), gain


def _vertex(values: Samples, at: int) -> float:
    """Where the parabola through a maximum and its neighbours has its top, in steps from the maximum."""
    if not 0 < at < len(values) - 1:
        return 0.0
    before, top, after = values[at - 1 : at + 2]
    bend = before - 2 * top + after
    return float(0.5 * (before - after) / bend) if bend < 0 else 0.0


def _tilt(spectrum: Spectrum) -> tuple[float, float]:
    """The Hammarberg index and the slope of the mean spectrum."""
    if not spectrum.frames:
        return NAN, NAN
    hertz, level = spectrum.hertz, 10 * np.log10(np.maximum(spectrum.power, 1e-30))
    hammarberg = level[(hertz >= 50) & (hertz < 2000)].max() - level[(hertz >= 2000) & (hertz < 5000)].max()
    inside = (hertz >= 500) & (hertz < 1500)
    return float(hammarberg), float(np.polyfit(hertz[inside] / 1000, level[inside], 1)[0])
