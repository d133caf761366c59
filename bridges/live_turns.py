"""The turns of one person in a sound that never stops, as voice frameworks have it: they detect who speaks when.

It lies between an adapter and `Session.listen`. Nothing here waits: what comes is handed on, or held until it is known
whether it belongs to a turn. Silence before a turn and after its last word is left out. The clock is the sound's own,
since on a busy machine sound and pictures come late, but together; without any sound, it is the machine's.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from emoagent.affect import USER, AffectTurn, Sense
from emoagent.bridges.turn_input import MOST_TEXT
from emoagent.errors import EmoagentError
from emoagent.settings import FORBIDDEN_CONTEXTS

if TYPE_CHECKING:
    from emoagent.bridges.listening import Listening
    from emoagent.bridges.session import Session
    from emoagent.tools.media.frame import Picture
    from emoagent.tools.media.sound import Sound

LEAD = 0.5  # seconds of sound before a turn that belong to it: a detector needs a while until it is sure
PATIENCE = 10.0  # seconds of sound that are kept until a turn is opened for it, or goes on after a pause
RATE_OF_PICTURES = 5.0  # per second, at most

log = logging.getLogger("emoagent.bridges")


class LiveTurns:
    """The turns of `person` in `session`. To be used from one event loop.

    `pictures`: how many frames per second are looked at. What the person has not agreed to, or must not be inferred in
    the context of the settings, is not even collected; what cannot be used is left out, and the log says so.
    """

    def __init__(
        self, session: Session, person: str = USER, pictures: float = RATE_OF_PICTURES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.session, self.person = session, person
        self._clock, self._between = clock, 1 / pictures if pictures > 0 else float("inf")
        self._listening: Listening | None = None
        self._held: deque[Sound] = deque()
        self._words: list[str] = []
        self._heard = self._began = self._looked = self._held_for = 0.0  # seconds
        self._voiced = self._silent = False
        self._one_by_one = asyncio.Lock()

    @property
    def going_on(self) -> bool:
        """Whether a turn is."""
        return self._listening is not None

    def hear(self, sound: Callable[[], Sound]) -> None:
        """The next piece of the sound, in a turn or not."""
        self._tried(lambda: self._take(sound()))

    def see(self, picture: Callable[[], Picture | None]) -> None:
        """A frame of the camera, which is asked for only where one is due; `None` cannot be read."""
        now, listening = self._now(), self._listening
        due = listening is not None and not self._silent and now - self._looked >= self._between
        if listening is not None and due and self._may("face"):
            self._looked = now
            self._tried(lambda: _shown(listening, picture(), now - self._began))

    def voiced(self) -> None:
        """The detector says that a voice begins; a turn may be opened for it a while later."""
        self._silent, self._voiced = False, True
        if self._listening is None:
            self._keep_last(LEAD)
        else:
            self._release()

    def unvoiced(self) -> None:
        """The detector says that the voice has stopped, perhaps for a pause."""
        self._silent = True

    def begin(self) -> None:
        """A turn begins, with what has been held; one that is going on goes on."""
        if self._listening is None:
            self._listening = self.session.listen(self.person)
            self._began, self._looked = self._now() - self._held_for, -float("inf")
            self._release()

    def words(self, text: str) -> None:
        """What was said, or a part of it: final, not interim."""
        if text.strip():
            self._words.append(text.strip())

    def cancel(self) -> None:
        """The turn is none after all."""
        listening = self._reset()
        if listening is not None:
            listening.cancel()

    def end(self, text: str | None = None, turn_id: str | None = None) -> Coroutine[Any, Any, AffectTurn | None]:
        """The turn is over from this call on, not only once what it gives is awaited.

        `text`: all its words, where they are known better than from `words`; of very many the first 4,000 characters
        are used. Gives `None` where nothing was said, or where it could not be analysed: a conversation does not stop
        for that.
        """
        said = " ".join(self._words) if text is None else text.strip()
        return self._judged(self._reset(), said[:MOST_TEXT] if said and self._may("text") else None, turn_id)

    async def reply(self, text: str) -> None:
        """What the assistant has answered: the next turn is read after it."""
        if text.strip():
            async with self._one_by_one:
                try:
                    await asyncio.to_thread(self.session.reply, text)
                except EmoagentError as error:
                    log.warning("an answer was not kept: %s: %s", error.code, error.message)

    async def _judged(self, listening: Listening | None, said: str | None, turn_id: str | None) -> AffectTurn | None:
        if said is None and (listening is None or not listening.seconds):
            if listening is not None:
                listening.cancel()
            return None
        async with self._one_by_one:
            try:
                if listening is None:
                    return await self.session.aturn(said, person=self.person, turn_id=turn_id)
                return await listening.afinish(said, turn_id=turn_id)
            except EmoagentError as error:
                log.warning("a turn was not analysed: %s: %s", error.code, error.message)
                return None

    def _may(self, sense: Sense) -> bool:
        forbidden = sense != "text" and self.session.analyzer.settings.context in FORBIDDEN_CONTEXTS
        return not forbidden and self.session.info.consent.allows(sense)

    def _tried(self, work: Callable[[], None]) -> None:
        try:
            work()
        except EmoagentError as error:
            log.warning("left out: %s: %s", error.code, error.message)

    def _now(self) -> float:
        return self._heard or self._clock()

    def _take(self, sound: Sound) -> None:
        self._heard += sound.seconds
        if not self._may("voice"):
            return
        if self._listening is not None and not self._silent:
            self._listening.audio(sound)
            return
        self._held.append(sound)
        self._held_for += sound.seconds
        self._keep_last(PATIENCE if self._voiced or self._listening is not None else LEAD)

    def _keep_last(self, seconds: float) -> None:
        while self._held and self._held_for - self._held[0].seconds >= seconds:
            self._held_for -= self._held.popleft().seconds

    def _release(self) -> None:
        while self._held and self._listening is not None:
            self._listening.audio(self._held.popleft())
        self._held_for = 0.0

    def _reset(self) -> Listening | None:
        listening, self._listening = self._listening, None
        self._held.clear()
        self._words, self._held_for, self._voiced, self._silent = [], 0.0, False, False
        return listening


def _shown(listening: Listening, rgb: Picture | None, time: float) -> None:
    if rgb is not None:
        listening.frame(rgb, time)
