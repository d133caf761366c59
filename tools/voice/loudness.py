"""How loud the sound is over time, where it is silent, and how loud the noise under it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
FRAME, HOP = 400, 160  # samples: 25 ms every 10 ms
BLOCK = 80  # samples, what frames and hops are made of
HOP_SECONDS = HOP / RATE
SILENT = -100.0  # dBFS given to digital silence, below the last bit of 16-bit sound
DEEPEST = 25.0  # dB below the loud parts where silence starts at the latest (de Jong & Wempe 2009)
NOISE_SHARE = 0.6  # of the way down from loud to noise where silence starts in noisier sound

Levels = NDArray[np.float64]


def levels(samples: NDArray[np.float32]) -> Levels:
    """RMS level, (m,) dBFS (0: a full-scale square wave), of the 25 ms frames that start every 10 ms.

    `samples`: (n,) in -1..1 at 16 kHz. Fewer samples than one frame: m = 0. A frame's mean is taken out, so that a
    constant offset is no sound.
    """
    if len(samples) < FRAME:
        return np.zeros(0)
    blocks = samples[: len(samples) // BLOCK * BLOCK].reshape(-1, BLOCK)
    mean = _frames(blocks.sum(axis=1, dtype=np.float64)) / FRAME
    power = _frames(np.einsum("ij,ij->i", blocks, blocks, dtype=np.float64)) / FRAME - np.square(mean)
    return np.asarray(np.maximum(10 * np.log10(np.maximum(power, 1e-30)), SILENT))


def _frames(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums over whole frames from the sums over blocks."""
    return np.asarray(np.lib.stride_tricks.sliding_window_view(sums, FRAME // BLOCK)[:: HOP // BLOCK].sum(axis=1))


def noise_floor(level: Levels) -> float:
    """Level of the noise in dBFS: the 5th percentile of the frames. NaN without frames.

    Even running speech dips to the noise in its stops, so this needs no pause; sound with speech in less than the
    frames' quietest twentieth only raises it.
    """
    return float(np.percentile(level, 5)) if len(level) else float("nan")


def loud(level: Levels) -> float:
    """Level of the loud parts in dBFS: the 95th percentile of the frames. NaN without frames."""
    return float(np.percentile(level, 95)) if len(level) else float("nan")


def silence_below(level: Levels, floor: float) -> float:
    """The level in dBFS under which a frame is silent, given the noise floor in dBFS.

    25 dB under the loud parts, but never nearer to the noise than 0.4 of the distance between the two.
    """
    top = loud(level)
    return top - min(DEEPEST, NOISE_SHARE * max(0.0, top - floor))


def mean_level(level: Levels) -> float:
    """Mean of the frames' energies, in dBFS. NaN without frames."""
    return float(10 * np.log10(np.mean(10 ** (level / 10)))) if len(level) else float("nan")


def smoothed(values: Levels, width: int) -> Levels:
    """`values` under a Hann window of `width` frames, an odd number; the ends are repeated outwards."""
    window = np.hanning(width + 2)[1:-1]
    padded = np.pad(values, width // 2, mode="edge")
    return np.asarray(np.convolve(padded, window / window.sum(), mode="valid"), dtype=np.float64)


def peaks(values: Levels) -> list[int]:
    """Where `values` are higher than just before and not lower than just after, in order."""
    padded = np.concatenate([[-np.inf], values, [-np.inf]])
    return [int(i) for i in np.flatnonzero((padded[1:-1] > padded[:-2]) & (padded[1:-1] >= padded[2:]))]
