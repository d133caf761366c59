"""What a voice sounds like: a unit vector of 192 numbers for up to 2 s of one person's speech.

Voices of the same person point the same way. The numbers identify a person, so they stay in memory: nothing here or
around it writes them anywhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emoagent.tools.weights.network import Network

RATE = 16_000
FRAME, HOP, TRANSFORM = 400, 160, 512  # samples: 25 ms every 10 ms
BANDS, SIZE = 80, 192
LONGEST = 200  # frames
EMPHASIS = 0.97
LOWEST_HZ = 20.0
FAINTEST = 2.0**-23  # energy below which nothing is told apart

Floats = NDArray[np.float32]


class Voiceprint:
    """Embeds by the network of `emoagent.tools.weights.speaker_network`."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def embed(self, windows: Sequence[Floats]) -> Floats:
        """Unit vectors, (n, 192), of windows of `features`, each (2 to 200 frames, 80)."""
        vectors = np.zeros((len(windows), SIZE), np.float32)
        by_length = defaultdict(list)
        for number, window in enumerate(windows):
            by_length[len(window)].append(number)
        for numbers in by_length.values():
            centred = np.stack([windows[n] - windows[n].mean(axis=0) for n in numbers])
            vectors[numbers] = unit(self._network.run(centred))
        return vectors


def features(samples: Floats) -> Floats:
    """Logarithms of mel energies, (m, 80), of the 25 ms frames that start every 10 ms, as Kaldi computes them.

    `samples`: (n,) in -1..1 at 16 kHz. Fewer than one frame: m = 0.
    """
    if len(samples) < FRAME:
        return np.zeros((0, BANDS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP].astype(np.float32)
    frames = frames - frames.mean(axis=1, keepdims=True)
    frames = frames - np.float32(EMPHASIS) * np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    spectrum = np.fft.rfft(frames * _WINDOW, TRANSFORM, axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    return np.asarray(np.log(np.maximum(power.astype(np.float32) @ _FILTERS.T, np.float32(FAINTEST))), np.float32)


def unit(vectors: Floats) -> Floats:
    """The vectors, (n, d), brought to length 1; zeros stay zeros."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9), np.float32)


def _filters() -> Floats:
    """Triangles of height 1, (80, 257), evenly spaced on the mel scale from 20 Hz to 8 kHz."""
    edges = np.linspace(_mel(LOWEST_HZ), _mel(RATE / 2), BANDS + 2)
    bins = _mel(np.fft.rfftfreq(TRANSFORM, 1 / RATE))
    rise = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    return np.asarray(np.maximum(0, np.minimum(rise, fall)), np.float32)


def _mel(hertz: ArrayLike) -> NDArray[np.float64]:
    return np.asarray(1127 * np.log1p(np.asarray(hertz) / 700))


_WINDOW = ((0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / (FRAME - 1))) ** 0.85).astype(np.float32)
_FILTERS = _filters()
