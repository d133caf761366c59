"""The sound of one turn while it comes: brought to 16 kHz and listened to as it goes, so that little is left to do when
the turn is over."""

from __future__ import annotations

from threading import Lock

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.media.audio import RATE
from emoagent.tools.media.sound import Resampler, Sound
from emoagent.tools.voice.pitch import ComingPitch, PitchTrack, pitch

LONGEST = 60.0  # seconds; what comes after them is left out
FRAME = 256  # samples of a frame of pitch

Samples = NDArray[np.float32]


class Ear:
    """Safe to be used by several threads, which wait for each other: the pitch of two seconds takes some 30 ms."""

    def __init__(self) -> None:
        self._pieces: list[Samples] = []
        self._count = 0
        self._kind: tuple[int, str, int] | None = None
        self._resampler: Resampler | None = None
        self._pitch = ComingPitch()
        self._track: PitchTrack | None = None
        self._busy = Lock()

    @property
    def seconds(self) -> float:
        """How much has come in, at 16 kHz."""
        return self._count / RATE

    def add(self, sound: Sound) -> None:
        """The next piece, of any length and kind."""
        with self._busy:
            kind = (sound.rate, sound.samples.dtype.str, sound.samples.shape[-1] if sound.samples.ndim > 1 else 1)
            if kind != self._kind:
                self._flush()
                self._kind = kind
                self._resampler = None if sound.rate == RATE and sound.samples.ndim == 1 else Resampler(sound.rate)
            more = sound.samples if self._resampler is None else self._resampler.more(sound.samples)
            self._take(Sound(more, RATE))

    def sound(self) -> Sound:
        """All of it, 16 kHz mono float32. What comes afterwards is left out."""
        with self._busy:
            self._flush()
            self._track = self._track or self._pitch.track()
            return Sound(np.concatenate([np.zeros(0, np.float32), *self._pieces]), RATE)

    def pitch(self, samples: Samples) -> PitchTrack:
        """The pitch of `samples`, which are those of `sound`, or all but the last few."""
        track = self._track
        if track is None or not 0 <= self._count - len(samples) <= FRAME:
            return pitch(samples)
        frames = slice(max(1, len(samples) // FRAME))
        return PitchTrack(track.time[frames], track.f0[frames], track.confidence[frames])

    def _flush(self) -> None:
        if self._resampler is not None:
            self._take(Sound(self._resampler.rest(), RATE))
            self._resampler = None
        self._kind = None

    def _take(self, sound: Sound) -> None:
        room = round(LONGEST * RATE) - self._count
        if self._track is None and room > 0:
            samples = np.asarray(sound.at_16k().samples[:room], np.float32)
            self._pitch.add(samples)
            self._pieces.append(samples)
            self._count += len(samples)
