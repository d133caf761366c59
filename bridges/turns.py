"""One call for each turn of a conversation: words, sound and frames in, the expressed emotion out.

from emoagent import TurnAnalyzer

with TurnAnalyzer() as analyzer:
    session = analyzer.open()
    print(session.turn("I can't believe you did that!").label)
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from threading import Lock
from types import TracebackType
from typing import Self

from emoagent.affect import SENSES, Consent
from emoagent.bridges.live_session import Live, LiveSessions, Threads
from emoagent.bridges.session import Session
from emoagent.bridges.sessions.open import open_store
from emoagent.bridges.sessions.store import SessionInfo, SessionStore
from emoagent.errors import Clash, NotFound, UsageError
from emoagent.graphs.turn import turn_graph
from emoagent.settings import Settings, load_settings
from emoagent.tools.telemetry import Tracing

DEADLINE = 0.3  # seconds
LONGEST_DEADLINE = 60.0
EVERYTHING = Consent.model_validate(dict.fromkeys(SENSES, True))


class TurnAnalyzer:
    """Analyses turns of any number of conversations; may be used by several threads at once.

    `store`: where sessions are kept. `None`: in memory; else an open store, or an address like `sqlite:///chats.sqlite`
    or `postgresql://…`. `deadline`: seconds after a turn's input is complete within which it is answered; what is not
    ready by then abstains, and is told with the next turn. `held`: how many sessions are held in memory with how their
    people have sounded and looked so far; of others, what was judged is known, from the store. `at_once`: turns that
    are worked on or wait; any more raise `ResourceLimit`.

    Raises `UsageError`, and what opening the store raises.
    """

    def __init__(
        self,
        store: SessionStore | str | None = None,
        *,
        settings: Settings | None = None,
        deadline: float = DEADLINE,
        held: int = 100,
        at_once: int = 64,
    ) -> None:
        self.settings = settings or load_settings()
        self.deadline = checked_deadline(deadline)
        self.tracing = Tracing(self.settings.otel)
        self._own = store is None or isinstance(store, str)
        self.store: SessionStore = open_store(store) if store is None or isinstance(store, str) else store
        self.graph = turn_graph(self.store.saver)
        self.threads = Threads(at_once)
        self.live = LiveSessions(lambda: Live(self.threads), held, at_once)
        self._warming, self._warm = Lock(), False

    def warm(self) -> None:
        """Loads the models, so that the first turn is no slower than the others. The first turn does it as well."""
        with self._warming:
            if not self._warm:
                from emoagent.bridges.warming import warm_up

                warm_up(self.settings)
                self._warm = True

    def open(
        self,
        session: str | None = None,
        *,
        owner: str = "",
        consent: Consent | None = None,
        keep_days: float | None = None,
    ) -> Session:
        """A new conversation, or the one of this id, if there is one and it is the owner's.

        `consent`: what the person has agreed to; where it is not said, the caller vouches for all of it in a new
        session, and nothing changes in one that is resumed. `keep_days`: of a new session, days after the last use.
        Raises `Clash` where the id is somebody else's, `UsageError` for one that is none.
        """
        known = self._known(session, owner)
        if known is None:
            try:
                return Session(self, self.store.create(_info(session, owner, consent or EVERYTHING, keep_days)))
            except Clash:  # somebody else's, or opened by another thread just now
                known = self._known(session, owner)
                if known is None:
                    raise
        if consent is not None and consent != known.info.consent:
            known.agree(consent)
        return known

    def get(self, session: str, owner: str = "") -> Session:
        """The conversation of this id. Raises `NotFound` where there is none that is the owner's."""
        return Session(self, self.store.get(session, owner))

    def _known(self, session: str | None, owner: str) -> Session | None:
        try:
            return None if session is None else self.get(session, owner)
        except NotFound:
            return None

    def close(self) -> None:
        """Ends the work and, where this opened it, the store; what is under way is finished."""
        self.threads.close()
        self.live.close()
        if self._own:
            self.store.close()
        self.tracing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def checked_deadline(seconds: float) -> float:
    """Raises `UsageError` where it is none."""
    if not 0 <= seconds <= LONGEST_DEADLINE:
        raise UsageError(f"a deadline of {seconds} s", hint=f"0 to {LONGEST_DEADLINE:.0f} seconds")
    return seconds


def _info(session: str | None, owner: str, consent: Consent, keep_days: float | None) -> SessionInfo:
    from pydantic import ValidationError

    now = datetime.now(UTC)
    name = uuid.uuid4().hex if session is None else session
    try:
        return SessionInfo(id=name, owner=owner, consent=consent, created=now, used=now, keep_days=keep_days)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        hint = "an id has at most 128 letters, digits, and . _ : - after the first"
        raise UsageError(f"a session cannot be opened so: {where}: {first['msg']}", hint=hint) from error
