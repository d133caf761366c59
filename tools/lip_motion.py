"""How well the motion of a mouth fits the sound: one score for one face track and one stretch of time.

Two cues. Speed: a mouth that talks changes its opening by about 0.2 to 0.6 eye distances a second, a mouth that rests
or smiles by less. Sync: the opening of jaw and lips rises and falls with the loudness of the speech band, up to
0.2 s apart. On GRID and MEAD a face fits its own sound better than another clip's in three of four pairs only, so that
sync decides little and speed carries most of the weight (docs/design/action-units.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emoagent.schema import Span
from emoagent.tools.audio import Audio
from emoagent.tools.face_geometry import FEATURES
from emoagent.tools.face_series import FaceSeries

Floats = NDArray[np.float64]

STEP = 0.08  # seconds; the grid on which mouths are compared, so that the frame rate does not matter
HOP = 0.02  # seconds; the grid of the sound
MAX_LAG = 0.2  # seconds by which sound and picture may be apart
SLOW = 1.0  # seconds; slower changes are posture, not syllables
BAND = (300.0, 3400.0)  # hertz
MIN_SEEN = 0.3  # seconds; less of a face says nothing
TALKING_SPEED, SPEED_SPREAD = 0.22, 0.3  # eye distances per second; natural logarithm
PLAIN_SPEED = 0.6  # of that, where the landmark model has no blendshapes: it follows the lips less closely
SYNC_MIDDLE, SYNC_SPREAD = 0.3, 0.12  # correlation
SOUNDLESS = 0.7  # what speed alone may claim where there is no sound


@dataclass(frozen=True)
class LipFit:
    """`score` 0..1; `speed` in eye distances per second; `sync` a correlation, None without sound; `seen` seconds."""

    track: int
    score: float
    speed: float
    sync: float | None
    seen: float


@dataclass(frozen=True)
class Envelope:
    """Loudness of the speech band, compressed (square root of the RMS): (n,) seconds, (n,) level."""

    time: Floats
    level: Floats


def envelope(audio: Audio, span: Span) -> Envelope | None:
    """The envelope of `span` and `MAX_LAG` around it; None where there is no sound then or only silence."""
    start = max(0.0, span.start - MAX_LAG)
    samples = audio.read(Span(start=start, end=span.end + MAX_LAG)).astype(np.float64)
    hop = round(HOP * audio.rate)
    frames = len(samples) // hop
    if frames < 10:
        return None
    spectrum = np.fft.rfft(samples)
    pitch = np.fft.rfftfreq(len(samples), 1 / audio.rate)
    spectrum[(pitch < BAND[0]) | (pitch > BAND[1])] = 0
    voice = np.fft.irfft(spectrum, len(samples))[: frames * hop].reshape(frames, hop)
    level = _running_mean(np.sqrt(np.sqrt((voice**2).mean(axis=1))), 5)
    if level.max() < 1e-2:  # an RMS of 0.0001, -80 dB
        return None
    return Envelope(start + (np.arange(frames, dtype=np.float64) + 0.5) * HOP, level)


def lip_fit(series: FaceSeries, track: int, span: Span, sound: Envelope | None) -> LipFit | None:
    """How well this track's mouth fits the sound during `span`; None if the face is hardly seen then."""
    rows = series.rows(track)
    rows = rows[(series.time[rows] >= span.start) & (series.time[rows] < span.end)]
    rows = rows[np.isfinite(series.features[rows, _LIPS])]
    time = series.time[rows]
    if len(rows) < 4 or time[-1] - time[0] < MIN_SEEN:
        return None
    grid = np.arange(time[0], time[-1], STEP)
    lips, outer, jaw = (np.interp(grid, time, series.features[rows, c]) for c in (_LIPS, _OUTER, _JAW))
    seconds = float(grid[-1] - grid[0])
    speed = _speed(grid, lips, sound)
    typical = TALKING_SPEED * (1.0 if np.isfinite(series.blendshapes[rows]).any() else PLAIN_SPEED)
    moves = _sigmoid((np.log(max(speed, 1e-4)) - np.log(typical)) / SPEED_SPREAD)
    if sound is None:
        return LipFit(track, SOUNDLESS * moves, speed, None, seconds)
    sync = 0.6 * _sync(grid, jaw, sound) + 0.4 * _sync(grid, outer, sound)
    certain = seconds / (seconds + 1.0)
    fits = 0.5 + certain * (_sigmoid((sync - SYNC_MIDDLE) / SYNC_SPREAD) - 0.5)
    return LipFit(track, moves * (0.4 + 0.6 * fits), speed, sync, seconds)


def _speed(grid: Floats, lips: Floats, sound: Envelope | None) -> float:
    """Mean change of the opening per second, counted while there is sound (the loud half of its range)."""
    change = np.abs(np.diff(lips)) / STEP
    if sound is None:
        return float(change.mean())
    level = np.interp(grid[:-1] + STEP / 2, sound.time, sound.level)
    quiet, loud = np.quantile(sound.level, [0.05, 0.95])
    sounding = level >= quiet + 0.3 * (loud - quiet)
    return float(change[sounding].mean()) if sounding.sum() >= 3 else float(change.mean())


def _sync(grid: Floats, opening: Floats, sound: Envelope) -> float:
    """Highest correlation over the lags, both without their slow part."""
    mouth = opening - _running_mean(opening, round(SLOW / STEP))
    best = -1.0
    for lag in np.arange(-MAX_LAG, MAX_LAG + STEP / 4, STEP / 2):
        level = np.interp(grid + lag, sound.time, sound.level)
        best = max(best, _correlation(mouth, level - _running_mean(level, round(SLOW / STEP))))
    return best


def _correlation(a: Floats, b: Floats) -> float:
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 1e-9 else 0.0


def _running_mean(values: Floats, width: int) -> Floats:
    odd = width | 1
    smooth = np.convolve(np.pad(values, odd // 2, mode="edge"), np.full(odd, 1 / odd), mode="valid")
    return np.asarray(smooth, np.float64)


def _sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


_LIPS, _OUTER, _JAW = (FEATURES.index(name) for name in ("lip_aperture", "lip_aperture_outer", "jaw_drop"))
