"""What comes in of one person's turn while it is going on, handed to the analyzer as it comes.

A turn is opened by sound: the first there is, or where speech begins. Between turns the last half second of sound and
the last seconds of pictures are kept, in memory, for the turn that may come. Nothing is kept of a turn that is over.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.media.sound import Sound

if TYPE_CHECKING:
    from emoagent.bridges.listening import Listening
    from emoagent.bridges.session import Session
    from emoagent.tools.media.frame import Picture
    from emoagent.tools.voice.endpoint import Endpoints

RATE = 16_000
LEAD = 0.5  # seconds of sound before speech is noticed that belong to the turn
TAIL = 0.2  # seconds of silence that are handed on at once; more of it only when speech goes on
GLANCE = 3.0  # seconds of pictures that belong to a turn without sound
PICTURES = 30  # that are kept of those
PART = RATE // 10  # samples that are listened to at a time


@dataclass(frozen=True)
class Progress:
    """`seconds` of sound and `frames` that the turn has been given; whether somebody speaks."""

    speaking: bool = False
    seconds: float = 0.0
    frames: int = 0


class LiveTurn:
    """One turn after another of `person`. `endpoints`: finds where they begin and end; None: the caller knows.

    Safe to be used by several threads. Times are seconds on the caller's clock.
    """

    def __init__(self, session: Session, person: str, endpoints: Endpoints | None) -> None:
        self.session, self.person, self.endpoints = session, person, endpoints
        self._lock = RLock()
        self._held: deque[tuple[float, Sound]] = deque()
        self._seen: deque[tuple[float, Picture]] = deque(maxlen=PICTURES)
        self._listening: Listening | None = None
        self._began = self._seconds = 0.0
        self._frames = 0

    @property
    def progress(self) -> Progress:
        """How far the turn is."""
        talking = self.endpoints.talking if self.endpoints else self._listening is not None
        return Progress(talking, self._seconds, self._frames)

    def hear(self, samples: NDArray[np.int16], at: float) -> int | None:
        """The next samples, (n,) at 16 kHz, the first of them at `at`: how many of them end the turn, if they do. The
        others have not been heard then and belong to the next one."""
        with self._lock:
            for start in range(0, len(samples), PART):
                part = samples[start : start + PART]
                if self._part(part, at + start / RATE):
                    return start + len(part)
        return None

    def see(self, rgb: Picture, at: float) -> None:
        """A picture; the times ascend."""
        with self._lock:
            if self._listening is not None:
                self._show(rgb, at)
                return
            self._seen.append((at, rgb))
            while at - self._seen[0][0] > GLANCE:
                self._seen.popleft()

    def over(self) -> Listening:
        """The turn as it stands, to be finished; what comes from now on belongs to the next one."""
        with self._lock:
            listening = self._listening or self._opened(self._seen[0][0] if self._seen else 0.0)
            self._forget()
            return listening

    def aside(self) -> Listening:
        """A turn of its own, for what is typed; the one that is being spoken goes on."""
        with self._lock:
            return self.over() if self._listening is None else self.session.listen(self.person)

    def cancel(self) -> None:
        """Throws away what has come so far."""
        with self._lock:
            listening = self._listening
            self._forget()
        if listening is not None:
            listening.cancel()

    def _part(self, samples: NDArray[np.int16], at: float) -> bool:
        change = self.endpoints.hear(samples) if self.endpoints else None
        self._held.append((at, Sound(samples, RATE)))
        if self._listening is None:
            if self.endpoints and change != "begins":
                self._keep(LEAD)
                return False
            self._opened(self._held[0][0])
        if self.endpoints is None or self.endpoints.silence <= TAIL:
            self._hand_on()
        return change == "ends"

    def _opened(self, at: float) -> Listening:
        self._began = at
        self._listening = self.session.listen(self.person)
        for seen, rgb in self._seen:
            self._show(rgb, seen)
        self._seen.clear()
        return self._listening

    def _show(self, rgb: Picture, at: float) -> None:
        if self._listening is not None and at >= self._began:
            self._listening.frame(rgb, at - self._began)
            self._frames += 1

    def _hand_on(self) -> None:
        while self._held and self._listening is not None:
            sound = self._held.popleft()[1]
            self._listening.audio(sound)
            self._seconds += sound.seconds

    def _keep(self, seconds: float) -> None:
        while sum(sound.seconds for _, sound in self._held) > seconds:
            self._held.popleft()

    def _forget(self) -> None:
        self._listening, self._seconds, self._frames = None, 0.0, 0
        self._held.clear()
        self._seen.clear()
        if self.endpoints:
            self.endpoints.reset()
