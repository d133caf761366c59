"""Recordings as samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def load(path: Path) -> NDArray[np.float32]:
    """The sound of a file, (n,) in -1..1 at 16 kHz mono."""
    import av

    resampler = av.AudioResampler("s16", "mono", 16_000)
    with av.open(str(path)) as container:
        frames = [new for frame in container.decode(audio=0) for new in resampler.resample(frame)]
        frames += resampler.resample(None)
    samples: NDArray[np.int16] = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    return np.asarray(samples / np.float32(32768), np.float32)
