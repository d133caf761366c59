"""How the energy of the sound is spread over frequency, in the same 25 ms frames as `tools/voice/loudness.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.voice.loudness import FRAME, HOP, RATE, SILENT

SIZE = 512  # points of the transform
BLOCK = 512  # frames transformed at a time: 1 MB
HERTZ: NDArray[np.float64] = np.fft.rfftfreq(SIZE, 1 / RATE).astype(np.float64)

Bands = NDArray[np.float64]


def band_levels(samples: NDArray[np.float32], edges: Sequence[tuple[float, float]]) -> Bands:
    """Level of each band in each frame, (m, bands) dB against a full-scale sine, never under -100.

    `samples`: (n,) in -1..1 at 16 kHz; `edges`: (low, high) in Hz, high not included. The m frames are those of
    `loudness.levels`. Fewer samples than one frame: m = 0.
    """
    # Sums, for a product of matrices wakes BLAS's threads, which then spin for a tenth of a second.
    bins = [slice(*np.searchsorted(HERTZ, band)) for band in edges]
    power = [np.stack([block[:, some].sum(axis=1) for some in bins], axis=1) for block in _spectra(samples)]
    if not power:
        return np.zeros((0, len(edges)))
    scale = 2 / (np.sum(np.hanning(FRAME) ** 2) * SIZE)  # a mean power, whatever window and padding
    return np.asarray(np.maximum(10 * np.log10(np.maximum(np.concatenate(power) * 2 * scale, 1e-30)), SILENT))


def _spectra(samples: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """Power spectra, (some frames, 257) at a time."""
    if len(samples) < FRAME:
        return
    window = np.hanning(FRAME).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
    for first in range(0, len(frames), BLOCK):
        some = frames[first : first + BLOCK]
        centred = some - some.mean(axis=1, keepdims=True)
        yield np.square(np.abs(np.fft.rfft(centred * window, SIZE, axis=1))).astype(np.float32)


@dataclass(frozen=True)
class Spectrum:
    """The summed power of some frames of 32 ms. `frames` is 0 where there were too few."""

    hertz: NDArray[np.float64]  # (257,)
    power: NDArray[np.float64]  # (257,)
    frames: int

    def ratio(self, low: tuple[float, float], high: tuple[float, float]) -> float:
        """Energy of the band `high` over that of `low`, in dB. NaN where one is empty."""
        one, other = (float(self.power[(self.hertz >= a) & (self.hertz < b)].sum()) for a, b in (low, high))
        return float(10 * np.log10(other / one)) if self.frames and one > 0 and other > 0 else float("nan")


def spectrum_at(samples: NDArray[np.float32], times: NDArray[np.float64], least: int = 5) -> Spectrum:
    """The spectrum around `times` in seconds; under `least` frames there is none."""
    starts = np.rint(times * RATE).astype(int) - SIZE // 2
    starts = starts[(starts >= 0) & (starts + SIZE <= len(samples))]
    power = np.zeros(SIZE // 2 + 1)
    if len(starts) < least:
        return Spectrum(HERTZ, power, 0)
    for some in np.array_split(starts, len(starts) // 256 + 1):
        frames = samples[some[:, None] + np.arange(SIZE)] * np.hanning(SIZE).astype(np.float32)
        power += np.square(np.abs(np.fft.rfft(frames, axis=1))).sum(axis=0)
    return Spectrum(HERTZ, power, len(starts))
