"""Sessions as rows: what SQLite and PostgreSQL have in common. Times are seconds since 1970, records are JSON.

Everything of a session hangs on its row by foreign keys, its checkpoints as well: where the row goes, all of it goes,
and what comes late for a session that is gone finds no place any more.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from emoagent.affect import Consent, TurnRecord
from emoagent.bridges.sessions.store import SessionInfo
from emoagent.errors import Clash, NotFound

T = TypeVar("T")
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
MOST = 2**31 - 1  # turns of a session
COLUMNS = "id, owner, consent, created, used, keep_days, turns"
DAY = 86400.0


@dataclass(frozen=True)
class Query:
    """Runs a statement within a transaction and gives all rows. `again`: the connection was lost the time before, so
    that what is asked for may have been done already."""

    execute: Callable[[str, tuple[object, ...]], list[Any]]
    again: bool = False

    def __call__(self, sql: str, *values: object) -> list[Any]:
        return self.execute(sql, values)


class SqlStore(ABC):
    """A `SessionStore` but for what depends on the database. `LOCK`: what a SELECT says to keep the row as it is."""

    LOCK = ""

    @abstractmethod
    def _run(self, work: Callable[[Query], T]) -> T:
        """The result of `work`, done in one transaction."""

    @abstractmethod
    def _deleted(self, query: Query) -> None:
        """Remembers that there is something to scrub, should the process end before that."""

    @abstractmethod
    def _scrub(self) -> None:
        """Removes what deleted rows have left behind in files, if there are any."""

    def create(self, info: SessionInfo) -> SessionInfo:
        """A new session. Raises `Clash` where there is one of this id."""
        new = info.model_copy(update={"turns": 0})
        values = (new.id, new.owner, new.consent.model_dump_json(), stamp(new.created), stamp(new.used), new.keep_days)

        def work(query: Query) -> SessionInfo:
            sql = f"INSERT INTO sessions ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, 0) ON CONFLICT (id) DO NOTHING"
            if query(f"{sql} RETURNING id", *values):
                return new
            there = _info(query, new.id)
            if query.again and there == new:
                return new
            raise taken(new.id)

        return self._run(work)

    def get(self, session: str, owner: str = "") -> SessionInfo:
        """Raises `NotFound`, for a session of somebody else's as well."""
        return self._run(lambda query: owned(_info(query, session), session, owner))

    def sessions(self, owner: str | None = None, limit: int = 100) -> Sequence[SessionInfo]:
        """Last used first."""
        where, values = ("", ()) if owner is None else ("WHERE owner = ?", (owner,))
        sql = f"SELECT {COLUMNS} FROM sessions {where} ORDER BY used DESC, id LIMIT ?"
        return self._run(lambda query: [_told(row) for row in query(sql, *values, bounded(limit))])

    def consent(self, session: str, consent: Consent) -> SessionInfo:
        """Raises `NotFound`."""
        sql = f"UPDATE sessions SET consent = ?, used = ? WHERE id = ? RETURNING {COLUMNS}"
        values = (consent.model_dump_json(), now(), known(session))
        rows = self._run(lambda query: query(sql, *values))
        if not rows:
            raise no_session(session)
        return _told(rows[0])

    def append(self, session: str, record: TurnRecord) -> TurnRecord:
        """Keeps a new turn; see `SessionStore`."""
        return self._run(lambda query: self._append(query, known(session), record))

    def _append(self, query: Query, session: str, record: TurnRecord) -> TurnRecord:
        rows = query(f"SELECT turns FROM sessions WHERE id = ?{self.LOCK}", session)
        if not rows:
            raise no_session(session)
        affect = record.affect
        if kept := query("SELECT record FROM turns WHERE session = ? AND turn_id = ?", session, affect.turn_id):
            return _record(kept[0])
        in_order(affect.turn, rows[0][0])
        sql = "INSERT INTO turns (session, turn, turn_id, record) VALUES (?, ?, ?, ?)"
        query(sql, session, affect.turn, affect.turn_id, record.model_dump_json())
        query("UPDATE sessions SET turns = ?, used = ? WHERE id = ?", affect.turn, now(), session)
        return record

    def replace(self, session: str, record: TurnRecord) -> None:
        """Raises `NotFound` where there is no such turn."""
        affect = record.affect
        sql = "UPDATE turns SET record = ? WHERE session = ? AND turn = ? AND turn_id = ? RETURNING turn"
        values = (record.model_dump_json(), known(session), affect.turn, affect.turn_id)
        if not self._run(lambda query: query(sql, *values)):
            raise no_turn(session, affect.turn)

    def turn(self, session: str, turn: int) -> TurnRecord:
        """Raises `NotFound`."""
        if not 1 <= turn <= MOST:
            raise no_turn(session, turn)
        sql = "SELECT record FROM turns WHERE session = ? AND turn = ?"
        rows = self._run(lambda query: query(sql, known(session), turn))
        if not rows:
            raise no_turn(session, turn)
        return _record(rows[0])

    def by_id(self, session: str, turn_id: str) -> TurnRecord | None:
        """The turn to which the caller gave this id."""
        if not storable(turn_id):
            return None
        sql = "SELECT record FROM turns WHERE session = ? AND turn_id = ?"
        rows = self._run(lambda query: query(sql, known(session), turn_id))
        return _record(rows[0]) if rows else None

    def turns(self, session: str, after: int = 0, limit: int = 1000) -> Sequence[TurnRecord]:
        """In order; none where there is no such session."""
        sql = "SELECT record FROM turns WHERE session = ? AND turn > ? ORDER BY turn LIMIT ?"
        values = (known(session), bounded(after), bounded(limit))
        return [_record(row) for row in self._run(lambda query: query(sql, *values))]

    def delete(self, session: str) -> None:
        """Raises `NotFound`."""

        def work(query: Query) -> None:
            if not query("DELETE FROM sessions WHERE id = ? RETURNING id", known(session)) and not query.again:
                raise no_session(session)
            self._deleted(query)

        self._run(work)
        self._scrub()

    def gc(self, now: datetime) -> int:
        """Deletes the sessions whose time is over; how many."""
        sql = "DELETE FROM sessions WHERE keep_days IS NOT NULL AND used + keep_days * ? <= ? RETURNING id"

        def work(query: Query) -> int:
            gone = len(query(sql, DAY, stamp(now)))
            if gone:
                self._deleted(query)
            return gone

        gone = self._run(work)
        self._scrub()
        return gone

    def ping(self) -> None:
        """Raises `BackendUnreachable` where the database does not answer."""
        self._run(lambda query: query("SELECT 1"))


def known(session: str) -> str:
    """The id, where a session can have it. Raises `NotFound`."""
    if not ID.fullmatch(session):
        raise no_session(session)
    return session


def owned(info: SessionInfo | None, session: str, owner: str) -> SessionInfo:
    """The session, where it is the owner's. Raises `NotFound`."""
    if info is None or info.owner != owner:
        raise no_session(session)
    return info


def in_order(turn: int, last: int) -> None:
    """Raises `Clash` unless `turn` follows upon `last`."""
    if turn != last + 1:
        hint = "two turns were given at once: give them one after the other"
        raise Clash(f"turn {turn} does not follow upon turn {last}", hint=hint)


def no_session(session: str) -> NotFound:
    """There is none, or it is somebody else's: these look alike."""
    return NotFound(f"there is no session {session[:128]!r}", hint="it may have been deleted, or its time is over")


def no_turn(session: str, turn: int) -> NotFound:
    """The session, if there is one, has no such turn."""
    return NotFound(f"session {session[:128]!r} has no turn {turn}")


def taken(session: str) -> Clash:
    """The id belongs to a session that is there."""
    return Clash(f"there is a session {session!r} already", hint="choose another id, or let one be made up")


def storable(text: str) -> bool:
    """Whether a database can hold it: no NUL, no half of a surrogate pair."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def bounded(number: int) -> int:
    """A number as a database takes it."""
    return max(0, min(number, MOST))


def now() -> float:
    """Seconds since 1970."""
    return datetime.now(UTC).timestamp()


def stamp(moment: datetime) -> float:
    """Seconds since 1970; a time without a zone is UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _info(query: Query, session: str) -> SessionInfo | None:
    rows = query(f"SELECT {COLUMNS} FROM sessions WHERE id = ?", known(session))
    return _told(rows[0]) if rows else None


def _told(row: Sequence[Any]) -> SessionInfo:
    session, owner, consent, created, used, keep_days, turns = row
    return SessionInfo(
        id=session,
        owner=owner,
        consent=Consent.model_validate_json(consent),
        created=datetime.fromtimestamp(created, UTC),
        used=datetime.fromtimestamp(used, UTC),
        keep_days=keep_days,
        turns=turns,
    )


def _record(row: Sequence[Any]) -> TurnRecord:
    return TurnRecord.model_validate_json(row[0])
