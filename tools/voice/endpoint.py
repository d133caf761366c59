"""Where a turn begins and ends in sound that never stops: an energy detector over a noise floor that follows the room.

A frame sounds where it is `ABOVE` dB over the floor, the quietest tenth of the last seconds (Marzinzik & Kollmeier 2002
track the floor by minima in the same spirit). It says when somebody may be talking, not who, and nothing of what.
"""

from __future__ import annotations

from collections import deque
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FRAME = 320  # samples: 20 ms at 16 kHz
SECONDS = FRAME / 16_000  # of a frame
ABOVE = 12.0  # dB over the floor that count as sound
QUIETEST, LOUDEST = -65.0, -30.0  # dBFS between which a floor is believed
REMEMBERED = 400  # frames that the floor is taken from: 8 s
NEEDED = 25  # frames until a floor is known: 0.5 s
ONSET, WINDOW = 6, 10  # so many of the last ten frames sound: a click is no beginning

Change = Literal["begins", "ends"]


class Endpoints:
    """Listens to one microphone. `pause`: seconds of silence after which a turn is over."""

    def __init__(self, pause: float = 0.8) -> None:
        self._pause = max(1, round(pause / SECONDS))
        self._levels: deque[float] = deque(maxlen=REMEMBERED)
        self._latest: deque[bool] = deque(maxlen=WINDOW)
        self._rest: NDArray[np.int16] = np.zeros(0, np.int16)
        self._silent = 0
        self.talking = False

    @property
    def silence(self) -> float:
        """Seconds since the last frame that sounded; 0 while it does."""
        return self._silent * SECONDS

    def reset(self) -> None:
        """The turn was ended by somebody else: who goes on speaking begins another. The room is remembered."""
        self.talking = False
        self._latest.clear()

    def hear(self, samples: NDArray[np.int16]) -> Change | None:
        """The next samples, (n,) at 16 kHz: the last change in them. Give less than a pause at a time."""
        joined = np.concatenate([self._rest, samples])
        whole = len(joined) // FRAME * FRAME
        self._rest, change = joined[whole:], None
        for frame in joined[:whole].reshape(-1, FRAME):
            change = self._frame(_level(frame)) or change
        return change

    def _frame(self, level: float) -> Change | None:
        sounds = level > self._floor() + ABOVE
        self._levels.append(level)
        self._latest.append(sounds)
        self._silent = 0 if sounds else self._silent + 1
        if not self.talking and sum(self._latest) >= ONSET:
            self.talking = True
            return "begins"
        if self.talking and self._silent >= self._pause:
            self.reset()
            return "ends"
        return None

    def _floor(self) -> float:
        if len(self._levels) < NEEDED:
            return QUIETEST + ABOVE
        return min(LOUDEST, max(QUIETEST, float(np.percentile(self._levels, 10))))


def _level(frame: NDArray[np.int16]) -> float:
    """RMS in dBFS, a constant offset taken out."""
    power = float(np.var(frame.astype(np.float64))) / 32768**2
    return 10 * float(np.log10(max(power, 1e-10)))
