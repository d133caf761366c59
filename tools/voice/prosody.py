"""What can be measured of how something was said: pitch, loudness, rate, pauses, vocal effort."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.voice.loudness import (
    HOP_SECONDS,
    SILENT,
    Levels,
    levels,
    loud,
    mean_level,
    noise_floor,
    silence_below,
)
from emoagent.tools.voice.pitch import RATE, PitchTrack, pitch, runs
from emoagent.tools.voice.spectrum import spectrum_at
from emoagent.tools.voice.syllables import FRAME_PERIOD, middle, nuclei

NAN = float("nan")
SHORTEST_PAUSE = 0.2  # seconds; shorter silences are stops and breath groups (Goldman-Eisler 1968 and after)
SHORTEST_SOUND = 0.06  # seconds; a shorter sound inside a silence is a click
LEAST_VOICED = 0.08  # seconds of voiced sound without which there is no pitch to speak of
LEAST_SNR = 10.0  # dB under which silence cannot be told from speech
LEAST_CHANGE = 3.0  # dB; sound that changes less is a hum or a hiss, not speech
FINAL = 0.4  # seconds at the end in which the final slope is measured


@dataclass(frozen=True)
class Prosody:
    """One utterance. A number that cannot be measured is NaN."""

    duration: float  # seconds of sound that was measured
    voiced: float  # seconds of voiced speech
    median_f0: float  # Hz
    f0_range: float  # semitones between the quartiles of the pitch
    final_slope: float  # semitones per second over the last 0.4 s that are voiced
    level: float  # dBFS, mean energy of what is not silent
    level_range: float  # dB between the quartiles of what is not silent
    noise: float  # dBFS
    snr: float  # dB between the loud parts and the noise
    syllables: float  # nuclei
    rate: float  # syllable nuclei per second of speaking, pauses left out
    pause_share: float  # of the time between the first and the last sound, 0..1
    longest_pause: float  # seconds; 0 where there is none
    pauses: int | None  # silences of 0.2 s or more inside; None where silence cannot be told from speech
    effort: float  # dB, voiced energy of 1-5 kHz over that of 50-1000 Hz (alpha ratio of eGeMAPS, Eyben et al. 2016)


def prosody(samples: NDArray[np.float32], floor: float | None = None, track: PitchTrack | None = None) -> Prosody:
    """Measures one utterance.

    `samples`: (n,) in -1..1, 16 kHz mono. `floor`: level of the noise in dBFS where it is known from the sound around
    the utterance; otherwise the utterance's own quietest frames are taken. `track`: its pitch, if it is known. Never
    raises on silence, noise or sound that is too short: what is not there is NaN.
    """
    level = levels(samples)
    noise = noise_floor(level) if floor is None else floor
    threshold = silence_below(level, noise)
    track = track or pitch(samples if len(level) else samples[:0])
    track = audible(track, level, threshold)
    sounding = _sounding(level, threshold)
    snr = loud(level) - noise
    speaking, pauses = _pauses(sounding, snr)
    seconds = float(track.voiced.sum()) * FRAME_PERIOD if snr >= LEAST_CHANGE else 0.0
    has_voice = seconds >= LEAST_VOICED
    spectrum = spectrum_at(samples, track.time[track.voiced] if has_voice else np.zeros(0))
    semitones = 12 * np.log2(track.f0[track.voiced]) if has_voice else np.zeros(0)
    count = len(nuclei(samples, level, track, threshold)) if has_voice else 0
    return Prosody(
        duration=len(samples) / RATE,
        voiced=seconds,
        median_f0=float(np.median(track.f0[track.voiced])) if has_voice else NAN,
        f0_range=_quartile_range(semitones),
        final_slope=_final_slope(track) if has_voice else NAN,
        level=mean_level(level[sounding]),
        level_range=_quartile_range(level[sounding]),
        noise=noise,
        snr=snr,
        syllables=float(count) if has_voice else NAN,
        rate=count / (speaking - sum(pauses or ())) if has_voice and speaking else NAN,
        pause_share=sum(pauses) / speaking if pauses is not None and speaking else NAN,
        longest_pause=max(pauses, default=0.0) if pauses is not None else NAN,
        pauses=None if pauses is None else len(pauses),
        effort=spectrum.ratio((50, 1000), (1000, 5000)),
    )


def audible(track: PitchTrack, level: Levels, threshold: float) -> PitchTrack:
    """A pitch under the silence threshold (dBFS) belongs to somebody or something in the background: none is left."""
    if not len(track.time):
        return track
    at = np.clip(np.rint((track.time - middle(0)) / HOP_SECONDS).astype(int), 0, len(level) - 1)
    return PitchTrack(track.time, np.where(level[at] >= threshold, track.f0, np.nan), track.confidence)


def _sounding(level: Levels, threshold: float) -> NDArray[np.bool_]:
    sounding = (level >= threshold) & (level > SILENT)
    for first, end in runs(sounding):
        sounding[first:end] = (end - first) * HOP_SECONDS >= SHORTEST_SOUND
    return sounding


def _pauses(sounding: NDArray[np.bool_], snr: float) -> tuple[float, list[float] | None]:
    """Seconds from the first to the last sound, and the length of every pause between."""
    where = np.flatnonzero(sounding)
    if not len(where):
        return 0.0, None
    inside = ~sounding[where[0] : where[-1] + 1]
    lengths = [(end - first) * HOP_SECONDS for first, end in runs(inside)]
    pauses = [length for length in lengths if length >= SHORTEST_PAUSE - 1e-9]
    return len(inside) * HOP_SECONDS, pauses if snr >= LEAST_SNR else None


def _quartile_range(values: NDArray[np.float64]) -> float:
    if len(values) < 5:
        return NAN
    low, high = np.percentile(values, [25, 75])
    return float(high - low)


def _final_slope(track: PitchTrack) -> float:
    """Least squares over the voiced frames of the last 0.4 s of voice; octave jumps left out."""
    last = track.time[track.voiced][-1]
    chosen = track.voiced & (track.time > last - FINAL)
    semitones = 12 * np.log2(track.f0[chosen])
    near = np.abs(semitones - np.median(semitones)) < 7
    time = track.time[chosen][near]
    if len(time) < 8:
        return NAN
    return float(np.polyfit(time - time[0], semitones[near], 1)[0])
