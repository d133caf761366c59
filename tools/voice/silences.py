"""Where nothing sounds: the silences in a stretch of sound, and the gap between two turns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.voice.loudness import HOP_SECONDS, SILENT, levels, loud, noise_floor, silence_below
from emoagent.tools.voice.pitch import runs

LEAST_SNR = 10.0  # dB under which silence cannot be told from speech
SHORTEST_SOUND = 0.06  # seconds; a shorter sound inside a silence is a click


def silences(samples: NDArray[np.float32], shortest: float = 0.2) -> list[tuple[float, float]] | None:
    """Start and end, in seconds, of all silences of `samples`, (n,) in -1..1 at 16 kHz, of at least `shortest` seconds.

    Those at the start and the end count. `None` where loud parts and noise are less than 10 dB apart: then nothing
    can be said. Sound that is silent throughout is one silence.
    """
    level = levels(samples)
    floor = noise_floor(level)
    if not len(level):
        return None
    if loud(level) <= SILENT:
        return [(0.0, len(samples) / 16000)]
    if loud(level) - floor < LEAST_SNR:
        return None
    sounding = (level >= silence_below(level, floor)) & (level > SILENT)
    for first, end in runs(sounding):
        sounding[first:end] = (end - first) * HOP_SECONDS >= SHORTEST_SOUND
    found = [(round(first * HOP_SECONDS, 3), round(end * HOP_SECONDS, 3)) for first, end in runs(~sounding)]
    return [(start, end) for start, end in found if end - start >= shortest - 1e-9]
