"""A turn that is taken in while it goes on: the work is done as sound and frames come, and the deadline counts from
when it is over."""

from __future__ import annotations

import time
import weakref
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from emoagent.affect import AffectTurn, Sense
from emoagent.bridges.turn_input import MOST_SOUND, Given, TakenIn, given_of, refuse_media, require
from emoagent.errors import UsageError
from emoagent.tools.media.frame import Frame
from emoagent.tools.media.sound import Sound
from emoagent.tools.voice.ear import Ear

if TYPE_CHECKING:
    from emoagent.bridges.session import Session
    from emoagent.tools.media.frame import Picture

BEHIND = 12  # frames that may wait; any more are left out
GATHERED = 0.5  # seconds of sound that are listened to at a time


class Listening:
    """What one person says just now. `audio` and `frame` never wait; to be finished or cancelled. To be used by one
    thread at a time."""

    def __init__(self, session: Session, person: str) -> None:
        self._session, self._person = session, person
        self._stack = ExitStack()
        self._live = self._stack.enter_context(session.analyzer.live.held(session.id))
        self._release = weakref.finalize(self, self._stack.close)
        self._taken_in = TakenIn(session.moment(self._live), Ear())
        self._pieces, self._unheard, self._seconds = list[Sound](), list[Sound](), 0.0

    @property
    def seconds(self) -> float:
        """How much sound has come in."""
        return self._seconds

    def audio(self, sound: Sound) -> None:
        """The next piece of the sound, of any length; beyond the first 60 s nothing is kept.

        Raises `NoConsent`, `Refused`, and `UsageError` once the turn is over.
        """
        self._may("voice")
        room = MOST_SOUND - self._seconds
        if room > 0 and len(sound.samples):
            piece = sound.first(room)
            self._pieces.append(piece)
            self._unheard.append(piece)
            self._seconds += piece.seconds
            self._hear()

    def frame(self, rgb: Picture, time: float) -> None:
        """A picture, `time` seconds after the turn began; times ascend. Where frames come faster than they can be
        looked at, some are left out. Raises as `audio`."""
        self._may("face")
        shown = Frame(time, rgb)
        if time > MOST_SOUND or self._live.lanes["face"].waiting >= BEHIND:
            self._taken_in.skipped += 1
            return
        at = self._taken_in.start + shown.time
        looked = self._live.lanes["face"].submit(partial(self._live.watch, at, rgb))
        looked.add_done_callback(self._taken_in.looked)
        self._taken_in.until = max(self._taken_in.until or 0.0, shown.time)

    def finish(self, text: str | None = None, turn_id: str | None = None, deadline: float | None = None) -> AffectTurn:
        """The turn is over: its affect, within `deadline` seconds from now. `text`: its words, where they are known.
        Raises as `Session.turn`."""
        began = time.perf_counter()
        return self._taken(self._complete(text, turn_id, deadline), began)

    async def afinish(
        self, text: str | None = None, turn_id: str | None = None, deadline: float | None = None
    ) -> AffectTurn:
        """As `finish`, without holding up the event loop."""
        began = time.perf_counter()
        given = self._complete(text, turn_id, deadline)
        return await self._session.analyzer.threads.call(partial(self._taken, given, began))

    def cancel(self) -> None:
        """It was none after all: nothing is analysed or kept. What has been seen is still what the person looks like
        at rest."""
        self._release()
        self._pieces.clear()

    def _complete(self, text: str | None, turn_id: str | None, deadline: float | None) -> Given:
        """All that has come in. From here on the turn is over; the session is let go of once it is judged."""
        self._go_on()
        self._taken_in.rest = tuple(self._unheard)
        allowed = self._session.allowed(deadline)
        given = given_of(text, self._sound(), (), self._person, turn_id, allowed, self._taken_in)
        self._release.detach()
        return given

    def _taken(self, given: Given, began: float) -> AffectTurn:
        with self._stack:
            return self._session.take(given, began)

    def _hear(self) -> None:
        """Has the ear listen to what has gathered, unless it is behind."""
        lane = self._live.lanes["voice"]
        if sum(piece.seconds for piece in self._unheard) >= GATHERED and lane.waiting < BEHIND:
            lane.submit(partial(_listen, self._taken_in.ear, tuple(self._unheard)))
            self._unheard.clear()

    def _go_on(self) -> None:
        if not self._release.alive:
            raise UsageError("this turn is over", hint="listen again for the next one")

    def _may(self, sense: Sense) -> None:
        self._go_on()
        require(self._session.info.consent, sense)
        refuse_media(self._session.analyzer.settings, [sense])

    def _sound(self) -> Sound | None:
        """All of it; pieces of different kinds are brought to 16 kHz first."""
        if not self._pieces:
            return None
        kinds = {(piece.rate, piece.samples.dtype, piece.samples.shape[1:]) for piece in self._pieces}
        pieces = self._pieces if len(kinds) == 1 else [piece.at_16k() for piece in self._pieces]
        joined: Any = np.concatenate([piece.samples for piece in pieces])
        return Sound(joined, pieces[0].rate)


def _listen(ear: Ear, pieces: Sequence[Sound]) -> None:
    for piece in pieces:
        ear.add(piece)
