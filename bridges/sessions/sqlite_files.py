"""The file of an SQLite database: readable by its owner alone; and what SQLite's errors mean."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emoagent.errors import BackendUnreachable, EmoagentError, OutputError, ResourceLimit, UsageError, out_of_space

BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def private(path: Path) -> Path:
    """The whole path of the file, which is there afterwards, with mode 0600; SQLite gives its other files the same.

    Raises `OutputError` where it cannot be made or belongs to somebody else, `ResourceLimit` where the disk is full.
    """
    whole = path.expanduser().resolve()
    try:
        whole.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(whole, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            if os.name == "posix" and os.fstat(handle).st_mode & 0o077:
                os.fchmod(handle, 0o600)
        finally:
            os.close(handle)
    except OSError as error:
        if full := out_of_space(error, str(whole)):
            raise full from error
        hint = "name a file that you may write"
        raise OutputError(f"the database cannot be used: {error.strerror}", hint=hint, where=str(whole)) from error
    return whole


@contextmanager
def failed(path: Path) -> Iterator[None]:
    """Turns an error of SQLite into one of ours."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.Error as error:
        raise _meant(error, str(path)) from error


def busy(error: BaseException) -> bool:
    """Whether another connection is at it, so that one may try again."""
    return _code(error) in BUSY


def _code(error: BaseException) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF  # the rest says more exactly which


def _meant(error: sqlite3.Error, where: str) -> EmoagentError:
    code = _code(error)
    if code == sqlite3.SQLITE_FULL:
        return ResourceLimit("no space left on the disk for the database", hint="free some space", where=where)
    if code in BUSY:
        return BackendUnreachable("another program keeps the database locked", hint="try again", where=where)
    if code == sqlite3.SQLITE_NOTADB:
        return UsageError("the file is not an SQLite database", hint="name another file", where=where)
    if code == sqlite3.SQLITE_CORRUPT:
        hint = "take a copy from before, or remove the file: all sessions in it are lost then"
        return UsageError("the database is damaged", hint=hint, where=where)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return OutputError("the database cannot be written", hint="name a file that you may write", where=where)
    return BackendUnreachable(f"the database does not answer: {error}", where=where)
