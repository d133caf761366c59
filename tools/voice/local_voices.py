"""Which of up to three unnamed voices are heard in each chunk of 10 s, frame by frame, also where two speak at once.

Voice 0 of one chunk has nothing to do with voice 0 of the next; `tools/voice/diarization.py` finds out who is who.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emoagent.schema import Span
from emoagent.tools.media.audio import Audio
from emoagent.tools.weights.network import Network

RATE = 16_000
CHUNK = 10 * RATE
FRAME = 270  # samples from one frame to the next, 16.9 ms
FRAME_SECONDS = FRAME / RATE
FIRST = 495.5 / RATE  # seconds, the middle of a chunk's first frame
STEP = 296  # frames from one chunk to the next, 5 s
LOCAL = 3
SETS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]], np.float32)

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Chunk:
    """`first`: number of its first frame in the whole clip. `samples`: (n,), not padded.

    `heard`, (frames, 3): whether each local voice is heard; `chance`, (frames, 3): how probable that is.
    """

    first: int
    samples: Floats
    heard: NDArray[np.bool_]
    chance: Floats


def chunks(audio: Audio, network: Network) -> Iterator[Chunk]:
    """Chunks in order, each half over the one before, until the sound ends. `network`: the segmentation network."""
    total = round(audio.duration * RATE)
    for number in range(max(1, 1 + -(-(total - CHUNK) // (STEP * FRAME)))):
        first = number * STEP
        start = first * FRAME / RATE
        yield _chunk(first, audio.read(Span(start=start, end=start + CHUNK / RATE)), network)


def time_of(frame: float) -> float:
    """Seconds from the start of the clip to the beginning of a frame."""
    return max(0.0, FIRST + (frame - 0.5) * FRAME_SECONDS)


def _chunk(first: int, samples: Floats, network: Network) -> Chunk:
    padded = np.pad(samples, (0, CHUNK - len(samples)))
    sets = network.run(padded[None, None])[0]
    frames = min(len(sets), -(-len(samples) // FRAME))
    sets = sets[:frames]
    return Chunk(first, samples, SETS[sets.argmax(axis=1)] > 0, sets @ SETS)
