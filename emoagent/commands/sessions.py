"""`emoagent sessions`: the conversations that are stored, for whoever runs the server or the bot."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from emoagent.affect import SENSES
from emoagent.bridges.http.config import load_config
from emoagent.bridges.sessions.open import open_store
from emoagent.commands.listing import show
from emoagent.errors import NotFound

if TYPE_CHECKING:
    from emoagent.bridges.sessions.store import SessionInfo, SessionStore

COLUMNS = ("session", "turns", "last used", "kept until", "consent", "owner", "created")
MOST = 2**31 - 1


def listing(database: str | None, owner: str | None, limit: int, *, as_json: bool) -> None:
    """Prints the sessions, last used first; none where nothing has been stored yet."""
    try:
        with _opened(database) as store:
            rows = [_row(info) for info in store.sessions(owner, limit)]
    except NotFound:
        rows = []
    show(COLUMNS, rows, as_json=as_json, hidden=("created",))


def delete(database: str | None, names: Sequence[str], owner: str | None) -> None:
    """Deletes the named sessions, and all of an owner. Raises `NotFound`, when it has deleted those that are there."""
    missing = list[str]()
    with _opened(database) as store:
        wanted = [*names, *(_of(store, owner) if owner is not None else ())]
        for name in wanted:
            try:
                store.delete(name)
            except NotFound:
                missing.append(name)
    sys.stdout.write(f"{len(wanted) - len(missing)} deleted\n")
    if missing:
        raise NotFound(f"there is no session {', '.join(map(repr, missing))}", hint="emoagent sessions list")


def clean(database: str | None) -> None:
    """Deletes the sessions whose time is over."""
    try:
        with _opened(database) as store:
            gone = store.gc(datetime.now(UTC))
    except NotFound:
        gone = 0
    sys.stdout.write(f"{gone} deleted\n")


@contextmanager
def _opened(database: str | None) -> Iterator[SessionStore]:
    store = open_store(database or load_config(host="127.0.0.1").address, create=False)
    try:
        yield store
    finally:
        store.close()


def _of(store: SessionStore, owner: str) -> list[str]:
    return [info.id for info in store.sessions(owner, MOST)]


def _row(info: SessionInfo) -> tuple[str, ...]:
    until = info.used + timedelta(days=info.keep_days) if info.keep_days is not None else None
    consent = " ".join(sense for sense in SENSES if info.consent.allows(sense))
    return (
        info.id, str(info.turns), _time(info.used), _time(until) if until else "deleted", consent or "none",
        info.owner, _time(info.created),
    )  # fmt: skip


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
