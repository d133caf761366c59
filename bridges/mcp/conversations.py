"""The conversations that a client has told turn by turn. The models are loaded with the first turn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from emoagent.affect import AffectTurn, Consent, Sense
from emoagent.bridges.threads import stored
from emoagent.bridges.turn_input import refuse_media, require
from emoagent.errors import NoConsent, NotFound
from emoagent.schema import Trace
from emoagent.settings import Settings

if TYPE_CHECKING:
    from emoagent.bridges.session import Session
    from emoagent.bridges.turns import TurnAnalyzer
    from emoagent.tools.media.frame import Frame
    from emoagent.tools.media.sound import Sound

SECONDS = 61.0  # of sound that are decoded; 60 are used
DEADLINE = 10.0  # seconds: whoever calls a tool waits, and rather has all modalities


class Conversations:
    """`database`: where they are kept; None: in memory. A client sees all of them: it is one user's server."""

    def __init__(self, database: str | None, settings: Settings) -> None:
        self._database, self._settings = database, settings
        self._opened: TurnAnalyzer | None = None
        self._lock = Lock()

    def turn(
        self,
        session: str | None,
        text: str | None,
        audio: Path | None,
        pictures: Sequence[tuple[float, bytes]] = (),
        *,
        person: str,
        turn_id: str | None,
        consent: Sequence[Sense] | None,
    ) -> AffectTurn:
        """Analyses a turn. `pictures`: files with their times, in seconds from its start. Raises `NoConsent` where a
        new session does not say what the person has agreed to, else as `Session.turn`."""
        talk, used = self._session(session, consent), _used(audio, pictures)
        refuse_media(self._settings, used)
        for sense in used:
            require(talk.info.consent, sense)
        return talk.turn(text, _heard(audio), _seen(pictures), person=person, turn_id=turn_id, deadline=DEADLINE)

    def trace(self, session: str) -> Trace:
        """What is known of a session. Raises `NotFound`."""
        return stored(self._analyzer().get(session))

    def close(self) -> None:
        """Gives everything back."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _session(self, session: str | None, consent: Sequence[Sense] | None) -> Session:
        analyzer = self._analyzer()
        if session is not None and consent is None:
            try:
                return analyzer.get(session)
            except NotFound:
                pass
        if consent is None:
            raise NoConsent(
                "it is not said what the person has agreed to have analysed",
                hint='give consent with the first turn of a session, e.g. ["text"] or ["text", "voice"]',
            )
        agreed = Consent(**dict.fromkeys(consent, True), given=datetime.now(UTC))
        return analyzer.open(session, consent=agreed)

    def _analyzer(self) -> TurnAnalyzer:
        from emoagent.bridges.turns import TurnAnalyzer

        with self._lock:
            if self._opened is None:
                self._opened = TurnAnalyzer(self._database, settings=self._settings)
            return self._opened


def _used(audio: Path | None, pictures: Sequence[object]) -> list[Sense]:
    there: dict[Sense, bool] = {"voice": audio is not None, "face": bool(pictures)}
    return [sense for sense, given in there.items() if given]


def _heard(audio: Path | None) -> Sound | None:
    from emoagent.tools.media.sound import sound_of

    return None if audio is None else sound_of(audio, SECONDS)


def _seen(files: Sequence[tuple[float, bytes]]) -> list[Frame]:
    from emoagent.tools.media.picture_decoder import pictures

    return [pictures().frame(time, data) for time, data in files]
