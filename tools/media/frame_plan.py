"""Which of the decoded frames are worth looking at: all where somebody may be speaking or something moves, else few.

It decides from what is past, so that nothing that is said of an utterance depends on what follows it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from emoagent.tools.media.shot_cuts import Thumbnail

if TYPE_CHECKING:
    from emoagent.tools.media.audio import Audio

SLOW = 0.24  # seconds between frames where it is quiet and still; every third of those at the full rate
MOVES = 12.0  # change of any place on a face since the last frame looked at, 0..255 per colour; a still face: 5 to 8
AFTER_MOTION, AFTER_SOUND, AFTER_CUT = 0.4, 0.5, 0.5  # seconds at the full rate that follow
WINDOW = 0.08  # seconds of sound whose loudness is one number
FLOOR_SECONDS, HIGHEST_FLOOR = 10.0, -45.0  # the quietest window of so many seconds is the floor; dB of full scale
ABOVE_FLOOR, LOUD, SILENT = 6.0, -32.0, -60.0  # dB: speech rises above the floor; always heard; never heard
PIECE = 10.0  # seconds of sound that are read at once


class SoundGate:
    """Whether there is sound that may be speech. It would rather take noise for speech than speech for noise."""

    def __init__(self, audio: Audio) -> None:
        self._audio, self._levels = audio, np.zeros(0)
        self._piece, self._done = -1, 0
        self._floor: deque[float] = deque(maxlen=round(FLOOR_SECONDS / WINDOW))
        self._heard = -1e9

    def may_speak(self, time: float) -> bool:
        """Whether sound was heard at `time` (ascending seconds) or shortly before."""
        last = int(time / WINDOW)
        while self._done <= last:
            self._floor.append(self._level(self._done))
            floor = min(HIGHEST_FLOOR, *self._floor) if len(self._floor) > 1 else HIGHEST_FLOOR
            level = self._floor[-1]
            if level > LOUD or level > max(SILENT, floor + ABOVE_FLOOR):
                self._heard = self._done * WINDOW
            self._done += 1
        return time - self._heard <= AFTER_SOUND

    def _level(self, window: int) -> float:
        """The loudness of a window in dB of full scale."""
        per_piece = round(PIECE / WINDOW)
        if window // per_piece != self._piece:
            self._piece = window // per_piece
            self._levels = _levels(self._audio, self._piece * PIECE)
        at = window % per_piece
        return float(self._levels[at]) if at < len(self._levels) else -120.0


class FramePlan:
    """Says of one frame after the other whether to look at it. Without sound only motion counts."""

    def __init__(self, audio: Audio | None = None) -> None:
        self._gate = SoundGate(audio) if audio is not None else None
        self._look: Thumbnail | None = None
        self._last = self._moved = self._cut = -1e9

    def wants(
        self, time: float, look: Thumbnail, faces: Iterable[Sequence[float]], *, cut: bool = False, busy: bool = False
    ) -> bool:
        """Whether to look at the frame at `time` (ascending seconds). `faces`: boxes as fractions of the picture, as
        last seen; `cut`: a shot begins with the frame; `busy`: a face has just come or is being looked for."""
        if cut:
            self._cut = time
        if self._look is None or self._moves(look - self._look, faces):
            self._moved = time
        speaks = self._gate is not None and self._gate.may_speak(time)
        lively = busy or speaks or time - self._moved <= AFTER_MOTION or time - self._cut <= AFTER_CUT
        if not lively and time - self._last < SLOW - 1e-3:
            return False
        self._last, self._look = time, look
        return True

    def _moves(self, change: Thumbnail, faces: Iterable[Sequence[float]]) -> bool:
        height, width = change.shape[:2]
        for x, y, across, down in faces:
            rows = slice(max(0, int(y * height)), max(int(y * height) + 1, round((y + down) * height)))
            columns = slice(max(0, int(x * width)), max(int(x * width) + 1, round((x + across) * width)))
            part = np.abs(change[rows, columns]).mean(axis=2)
            if part.size and float(part.max()) > MOVES:
                return True
        return False


def _levels(audio: Audio, start: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    from emoagent.schema import Span

    samples = audio.read(Span(start=start, end=start + PIECE)).astype(np.float64)
    size = round(WINDOW * audio.rate)
    whole = samples[: len(samples) // size * size].reshape(-1, size)
    return np.asarray(10 * np.log10(np.maximum((whole**2).mean(axis=1), 1e-12)))
