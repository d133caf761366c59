"""What a place for conversations must offer. Three do: `memory`, `sqlite`, `postgres`.

A session is one conversation. Its turns are records (`emoagent.affect.TurnRecord`); what the graph of a turn remembers
of it lies in the checkpoints of `saver`, under the session's id as the thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from langgraph.checkpoint.base import BaseCheckpointSaver
from pydantic import Field

from emoagent.affect import Consent, TurnRecord
from emoagent.schema import Record


class SessionInfo(Record):
    """What is known of a session besides its turns. `owner`: whose it is, a fingerprint of the key; empty: nobody's."""

    id: str = Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")
    owner: str = ""
    consent: Consent = Consent()
    created: datetime
    used: datetime
    keep_days: float | None = Field(default=None, gt=0, description="days after the last use; None: until deleted")
    turns: int = Field(default=0, ge=0)


class SessionStore(Protocol):
    """Keeps sessions. Everything is durable once the call returns. Safe to be used by several threads at once.

    A session of another owner does not exist for the caller: `NotFound`, like one that never was.
    Raises `BackendUnreachable` where the database does not answer, `ResourceLimit` where the disk is full.
    """

    @property
    def saver(self) -> BaseCheckpointSaver[Any]:
        """The checkpointer for the graph of a turn."""

    def create(self, info: SessionInfo) -> SessionInfo:
        """A new session. Raises `Clash` where there is one of this id, be it somebody else's."""

    def get(self, session: str, owner: str = "") -> SessionInfo:
        """Raises `NotFound`."""

    def sessions(self, owner: str | None = None, limit: int = 100) -> Sequence[SessionInfo]:
        """The sessions of `owner` (None: of everybody), last used first."""

    def consent(self, session: str, consent: Consent) -> SessionInfo:
        """Replaces what has been agreed to."""

    def append(self, session: str, record: TurnRecord) -> TurnRecord:
        """Keeps a new turn, whose number is that of the last plus one. The same `turn_id` again: what was kept for it
        is given back, and nothing changes. Raises `Clash` for any other number, `NotFound` where the session has been
        deleted meanwhile."""

    def replace(self, session: str, record: TurnRecord) -> None:
        """Puts a turn that was judged again in the place of the one of the same number."""

    def turn(self, session: str, turn: int) -> TurnRecord:
        """Raises `NotFound`."""

    def by_id(self, session: str, turn_id: str) -> TurnRecord | None:
        """The turn to which the caller gave this id."""

    def turns(self, session: str, after: int = 0, limit: int = 1000) -> Sequence[TurnRecord]:
        """The turns with a number above `after`, in order."""

    def prune(self, session: str) -> None:
        """Removes all but the latest checkpoint of the session."""

    def delete(self, session: str) -> None:
        """Removes the session, its turns and its checkpoints, so that the bytes are gone from the database's files."""

    def gc(self, now: datetime) -> int:
        """Deletes the sessions whose time is over; how many."""

    def ping(self) -> None:
        """Raises `BackendUnreachable` where the database does not answer."""

    def close(self) -> None:
        """Gives back connections."""
