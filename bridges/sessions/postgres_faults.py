"""What PostgreSQL's errors mean, and which of them pass if one tries again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import psycopg
from psycopg import errors
from psycopg_pool import PoolTimeout
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_exponential, wait_random

from emoagent.errors import BackendUnreachable, EmoagentError, ResourceLimit, UsageError

T = TypeVar("T")
PATIENCE = 30.0  # seconds
LASTING = (
    errors.DiskFull, errors.InvalidPassword, errors.InvalidAuthorizationSpecification, errors.InvalidCatalogName,
    errors.QueryCanceled, errors.ReadOnlySqlTransaction,
)  # fmt: skip


def patiently(work: Callable[[bool], T], patience: float = PATIENCE) -> T:
    """The result of `work`, tried again while the server is away or two transactions are in each other's way.
    It is told whether it has been tried before, and may then have been done already."""
    waiting = wait_exponential(multiplier=0.05, max=1.0) + wait_random(0, 0.1)
    trying = Retrying(retry=retry_if_exception(_passing), stop=stop_after_delay(patience), wait=waiting, reraise=True)
    for attempt in trying:
        with attempt:
            return work(attempt.retry_state.attempt_number > 1)
    raise AssertionError("the last attempt returns or raises")


def _passing(error: BaseException) -> bool:
    if isinstance(error, LASTING):
        return False
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | PoolTimeout)


@contextmanager
def failed() -> Iterator[None]:
    """Turns an error of the driver into one of ours; that a session is not there any more is left as it is."""
    try:
        yield
    except errors.ForeignKeyViolation:
        raise
    except psycopg.Error as error:
        raise _meant(error) from error


def _meant(error: psycopg.Error) -> EmoagentError:
    """The driver tells host, port and user in its message, never the password."""
    said = str(error).strip().partition("\n")[0]
    if isinstance(error, errors.DiskFull):
        return ResourceLimit("no space left on the disk of the database server", hint="free some space there")
    if isinstance(error, psycopg.ProgrammingError):
        return UsageError(f"the database refuses it: {said}", hint="the user must own the schema, see docs")
    if isinstance(error, psycopg.DataError):
        return UsageError(f"the database cannot hold it: {said}")
    return BackendUnreachable(f"the database does not answer: {said}", hint="is it running, and the address right?")
