"""Which conversation a run of somebody's agent belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from re import fullmatch
from typing import TYPE_CHECKING

from emoagent.affect import Consent
from emoagent.bridges.session_trace import session_trace
from emoagent.errors import NotFound
from emoagent.schema import Trace

if TYPE_CHECKING:
    from emoagent.bridges.session import Session
    from emoagent.bridges.turns import TurnAnalyzer


class Threads:
    """`session`: the one conversation there is; None: one for each thread. Where there is neither, a conversation lasts
    for one turn. `consent`: of new sessions."""

    def __init__(
        self, analyzer: TurnAnalyzer, session: str | None = None, owner: str = "", consent: Consent | None = None
    ) -> None:
        self.analyzer, self._session, self._owner, self._consent = analyzer, session, owner, consent

    @contextmanager
    def entered(self, thread: str | None) -> Iterator[Session]:
        """The session of a thread. Raises what opening it raises."""
        name = self._named(thread)
        session = self.analyzer.open(name, owner=self._owner, consent=self._consent)
        try:
            yield session
        finally:
            if name is None:
                session.delete()

    def known(self, thread: str | None) -> Session | None:
        """The session of a thread, if it has one."""
        name = self._named(thread)
        try:
            return None if name is None else self.analyzer.get(name, self._owner)
        except NotFound:
            return None

    def trace(self, thread: str | None) -> Trace:
        """All turns of a thread. Raises `NotFound`."""
        session = self.known(thread)
        if session is None:
            raise NotFound("this conversation has no turns that are kept", hint="give the agent a thread_id")
        return stored(session)

    def _named(self, thread: str | None) -> str | None:
        name = self._session or thread
        return name and session_id(name)


def stored(session: Session) -> Trace:
    """The turns of a session as they are kept, in the shape of a trace."""
    return session_trace(session.id, tuple(session.records()))


def session_id(thread: str) -> str:
    """The name of a thread where it may be that of a session, else a fingerprint of it."""
    if fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}", thread):
        return thread
    return f"thread-{sha256(thread.encode(errors='replace')).hexdigest()[:32]}"
