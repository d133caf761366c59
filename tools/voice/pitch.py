"""Pitch of a voice: SwiftF0 (Nieradzik 2025, MIT), a small convolutional network whose ONNX model is in its wheel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from swift_f0 import PitchResult, PitchStream, SwiftF0

RATE = 16_000
LOWEST, HIGHEST = 60.0, 650.0  # Hz; speech, shouting included; below 60 Hz mains hum is taken for a voice
VOICED = 0.5  # confidence from which SwiftF0 is calibrated to call a frame voiced
BLOCK = 2 * RATE  # samples given to the model at a time; 12 MB, where a minute at once takes 130
SHORTEST_RUN = 3  # frames; a shorter voiced run is a click, not a glottal source


@dataclass(frozen=True)
class PitchTrack:
    """n frames, one every 16 ms."""

    time: NDArray[np.float64]  # (n,) seconds, the middle of each frame
    f0: NDArray[np.float64]  # (n,) Hz, NaN where the frame is not voiced
    confidence: NDArray[np.float64]  # (n,) 0..1

    @property
    def voiced(self) -> NDArray[np.bool_]:
        """(n,) where there is a pitch."""
        return np.isfinite(self.f0)


def pitch(samples: NDArray[np.float32]) -> PitchTrack:
    """The pitch of `samples`, (n,) in -1..1 at 16 kHz mono. No samples: no frames."""
    coming = ComingPitch()
    coming.add(samples)
    return coming.track()


class ComingPitch:
    """The pitch of sound that is still coming: block by block, which gives what one call gives and keeps the model's
    memory small. For one thread at a time."""

    def __init__(self) -> None:
        self._stream: PitchStream | None = None
        self._blocks: list[PitchResult] = []
        self._rest: NDArray[np.float32] = np.zeros(0, np.float32)

    def add(self, samples: NDArray[np.float32]) -> None:
        """The next samples, (n,) in -1..1 at 16 kHz mono; every two seconds the model is asked."""
        waiting = np.concatenate([self._rest, samples])
        whole = len(waiting) // BLOCK * BLOCK
        for start in range(0, whole, BLOCK):
            self._push(waiting[start : start + BLOCK])
        self._rest = waiting[whole:]

    def track(self) -> PitchTrack:
        """All of it; nothing can be added any more."""
        from swift_f0 import concat

        if len(self._rest):
            self._push(self._rest)
        if self._stream is None:
            return PitchTrack(np.zeros(0), np.zeros(0), np.zeros(0))
        found = concat([*self._blocks, self._stream.flush()])
        voiced = _without_short_runs(found.confidence >= VOICED)
        return PitchTrack(found.timestamps, np.where(voiced, found.pitch_hz, np.nan), found.confidence)

    def _push(self, block: NDArray[np.float32]) -> None:
        if self._stream is None:
            self._stream = _detector().stream(fmin=LOWEST, fmax=HIGHEST)
        self._blocks.append(self._stream.push(block, RATE))


def runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and one-past-last index of every unbroken run of true in `flags`, in order."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _without_short_runs(voiced: NDArray[np.bool_]) -> NDArray[np.bool_]:
    kept = np.zeros_like(voiced)
    for first, end in runs(voiced):
        kept[first:end] = end - first >= SHORTEST_RUN
    return kept


@cache
def _detector() -> SwiftF0:
    """One thread that sleeps between calls: the other agents run at the same time. 20 ms to make, safe to share."""
    import onnxruntime  # type: ignore[import-untyped,unused-ignore]

    onnxruntime.set_default_logger_severity(3)
    onnxruntime.disable_telemetry_events()
    from swift_f0 import SwiftF0

    return SwiftF0(threads=1, spin=False)
