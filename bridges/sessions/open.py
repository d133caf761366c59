"""Opens the place for sessions that an address names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from emoagent.errors import ExtraMissing, NotFound, UsageError

if TYPE_CHECKING:
    from emoagent.bridges.sessions.store import SessionStore

SQLITE, POSTGRES = "sqlite:///", ("postgresql://", "postgres://")
FILE = "sessions.sqlite"


def default_database() -> str:
    """The address of the file that is used where nothing else is said, in the user's folder for data."""
    from platformdirs import user_data_path

    return file_in(user_data_path("emoagent"))


def file_in(folder: Path) -> str:
    """The address of the file for sessions in `folder`."""
    return f"{SQLITE}{folder.expanduser().resolve() / FILE}"


def open_store(address: str | None = None, *, create: bool = True) -> SessionStore:
    """The place that `address` names.

    `None` or `memory:` keeps nothing; `sqlite:///folder/file` is a file, with a fourth slash one from the root;
    `postgresql://user@host/database` a server. `create`: whether a file that is not there is made.
    Raises `UsageError` for any other address, `NotFound` for a file that is not there, `ExtraMissing` where the driver
    is not installed, and what the store itself raises. No message holds the address: there may be a password in it.
    """
    if address is None or address == "memory:":
        from emoagent.bridges.sessions.memory import MemoryStore

        return MemoryStore()
    if address.startswith(SQLITE) and len(address) > len(SQLITE):
        return _file(Path(address.removeprefix(SQLITE)), create=create)
    if address.startswith(POSTGRES):
        return _server(address)
    hint = "memory:, sqlite:///folder/file, or postgresql://user@host/database"
    raise UsageError("this is not the address of a database for sessions", hint=hint)


def _server(address: str) -> SessionStore:
    try:
        from emoagent.bridges.sessions.postgres import PostgresStore
    except ImportError as error:
        raise ExtraMissing("langgraph-checkpoint-postgres", "postgres") from error
    return PostgresStore(address)


def _file(path: Path, *, create: bool) -> SessionStore:
    from emoagent.bridges.sessions.sqlite import SqliteStore

    if not create and not path.expanduser().exists():
        raise NotFound("there is no such database", hint="nothing has been stored yet", where=str(path))
    return SqliteStore(path)
