"""The sound of a clip as 16 kHz mono samples, decoded once into the workspace and read from there in pieces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoagent.schema import Clip, Span
from emoagent.tools.workspace import workspace

RATE = 16_000


class Audio:
    """Samples on disk: reading a span costs only that span. Not mapped, for mapped pages count as memory in use."""

    rate = RATE
    start = 0.0  # seconds at which it begins

    def __init__(self, path: Path) -> None:
        self._path, self._count = path, path.stat().st_size // 2

    @property
    def duration(self) -> float:
        """Seconds of sound."""
        return self._count / RATE

    def all(self) -> NDArray[np.int16]:
        """All samples, (n,) 16-bit."""
        return np.fromfile(self._path, "<i2").astype(np.int16, copy=False)

    def read(self, span: Span) -> NDArray[np.float32]:
        """The samples of `span`, (n,) in -1..1; shorter where the sound ends earlier."""
        return np.divide(self.read_int16(span), 32768, dtype=np.float32)

    def read_int16(self, span: Span) -> NDArray[np.int16]:
        """The samples of `span`, (n,) 16-bit."""
        first, last = (min(round(t * RATE), self._count) for t in (span.start, span.end))
        return np.fromfile(self._path, "<i2", count=last - first, offset=2 * first).astype(np.int16, copy=False)


class HeldAudio(Audio):
    """Sound that is in memory alone: `samples` (n,) in -1..1, the first of which is heard at `start` seconds."""

    def __init__(self, samples: NDArray[Any], start: float = 0.0) -> None:
        self._samples: NDArray[np.float32] = np.asarray(samples, np.float32)
        self.start, self._count = start, len(samples)

    @property
    def duration(self) -> float:
        """The second at which it ends."""
        return self.start + self._count / RATE

    def all(self) -> NDArray[np.int16]:
        """All samples, (n,) 16-bit."""
        return np.clip(np.rint(self._samples * 32768), -32768, 32767).astype(np.int16)

    def read(self, span: Span) -> NDArray[np.float32]:
        """The samples of `span`, (n,) in -1..1; fewer where there are no more."""
        return self._samples[self._within(span)]

    def read_int16(self, span: Span) -> NDArray[np.int16]:
        """The samples of `span`, (n,) 16-bit."""
        return HeldAudio(self.read(span)).all()

    def _within(self, span: Span) -> slice:
        begin = round(self.start * RATE)
        first, last = (min(max(0, round(t * RATE) - begin), self._count) for t in (span.start, span.end))
        return slice(first, last)


def audio_of(clip: Clip) -> Audio:
    """The sound of the clip that the current run analyses.

    Raises `MediaError` if it cannot be decoded. Ask for it only where `clip.audio` is not `None`.
    """
    from emoagent.tools.media.files import extract_audio

    return Audio(workspace().derived("audio.s16", lambda path: extract_audio(workspace().source, path, clip)))
