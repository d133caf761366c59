"""Praat as an oracle for the voice (praat-parselmouth, GPL-3.0): for measurements only, never a part of the project."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
Floats = NDArray[np.float64]


def pitch_at(samples: NDArray[np.float32], times: Floats) -> Floats:
    """F0 in Hz by autocorrelation (75 to 600 Hz) at `times`; NaN where Praat calls it unvoiced."""
    track = _sound(samples).to_pitch_ac(time_step=0.01, pitch_floor=75.0, pitch_ceiling=600.0)
    return np.array([track.get_value_at_time(t) for t in times])


def intensity_at(samples: NDArray[np.float32], times: Floats) -> Floats:
    """Intensity in dB (to 100 Hz) at `times`; NaN outside."""
    contour = _sound(samples).to_intensity(100.0)
    return np.array([contour.get_value(t) for t in times])


def nuclei(samples: NDArray[np.float32]) -> int:
    """Syllable nuclei in the manner of de Jong & Wempe (2009): peaks of the intensity within 25 dB of the 99th
    percentile, followed by a dip of 2 dB, where there is a pitch."""
    sound = _sound(samples)
    contour = sound.to_intensity(50.0)
    level, times = contour.values[0], contour.xs()
    least = max(np.quantile(level, 0.99) - 25, level.min())
    inner = (level[1:-1] > level[:-2]) & (level[1:-1] >= level[2:]) & (level[1:-1] > least)
    peaks = np.flatnonzero(inner) + 1
    ends = [*peaks[1:], len(level) - 1]
    dips = [p for p, end in zip(peaks, ends, strict=True) if level[p] - level[p : end + 1].min() > 2]
    voice = sound.to_pitch_ac(time_step=0.02, pitch_floor=30.0, pitch_ceiling=450.0, voicing_threshold=0.25)
    return int(sum(np.isfinite(voice.get_value_at_time(times[p])) for p in dips))


def _sound(samples: NDArray[np.float32]) -> Any:
    import parselmouth  # type: ignore[import-not-found,unused-ignore]

    return parselmouth.Sound(samples.astype(np.float64), RATE)
