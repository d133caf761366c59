"""Sessions in one SQLite file that only its owner may read: the default.

All threads of a process share one connection, one at a time; other processes wait for at most `PATIENCE` seconds.
What is deleted leaves the file and its write-ahead log before the call returns.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from time import monotonic, sleep
from typing import Any, TypeVar

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
from langgraph.checkpoint.sqlite import SqliteSaver
from tenacity import retry, retry_if_exception, stop_after_delay, wait_random

from emoagent.bridges.sessions.saving import Threaded, of_a_session, serializer
from emoagent.bridges.sessions.sqlite_files import busy, failed, private
from emoagent.bridges.sessions.sqlite_schema import PRUNE, migrate
from emoagent.bridges.sessions.tables import Query, SqlStore
from emoagent.errors import BackendUnreachable

T = TypeVar("T")
PATIENCE = 10.0  # seconds for which another process may keep the file locked
SETTINGS = ("foreign_keys = ON", "secure_delete = ON", "synchronous = FULL", "journal_mode = WAL")


class SqliteStore(SqlStore):
    """A `SessionStore` in the file `path`, made where it is not there, with mode 0600.

    Raises `OutputError` where it cannot be made or read, `UsageError` where it is another program's file.
    """

    def __init__(self, path: Path) -> None:
        self.path = private(path)
        self._lock = RLock()
        self._saver: SqliteSaver | None = None
        with failed(self.path):
            self._connection = _connect(self.path)

    @property
    def saver(self) -> SqliteSaver:
        """The checkpointer for the graph of a turn; made when it is first asked for, since that takes a second."""
        with self._lock:
            if self._saver is None:
                self._saver = _Saver(self._connection, self._lock, self.path)
            return self._saver

    def prune(self, session: str) -> None:
        """Removes all but the latest checkpoint of the session."""

        def work(query: Query) -> None:
            for sql in PRUNE:
                query(sql, *[session] * sql.count("?"))

        self._run(work)

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._connection.close()

    def _run(self, work: Callable[[Query], T]) -> T:
        with self._lock, failed(self.path), self._transaction():
            return work(Query(lambda sql, values: self._connection.execute(sql, values).fetchall()))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.commit()

    def _deleted(self, query: Query) -> None:
        query("UPDATE scrubbing SET deletions = deletions + 1")

    def _scrub(self) -> None:
        """Writes the file anew: pages keep copies of rows that were moved within them, which zeros do not reach."""
        with self._lock, failed(self.path):
            deletions, scrubbed = self._connection.execute("SELECT deletions, scrubbed FROM scrubbing").fetchone()
            if scrubbed == deletions:
                return
            self._connection.execute("VACUUM")
            if not self._log_emptied(monotonic() + PATIENCE):
                message = "what was deleted is still in the write-ahead log: another program reads the database"
                raise BackendUnreachable(message, hint="emoagent sessions gc, once that is over", where=str(self.path))
            with self._transaction():
                self._connection.execute("UPDATE scrubbing SET scrubbed = max(scrubbed, ?)", (deletions,))

    def _log_emptied(self, until: float) -> bool:
        """SQLite waits for readers, but not for another process that does the same: tries until that time is over."""
        while self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            if monotonic() >= until:
                return False
            sleep(0.05)
        return True


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level="IMMEDIATE", check_same_thread=False)
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


@retry(retry=retry_if_exception(busy), stop=stop_after_delay(PATIENCE), wait=wait_random(0.01, 0.05), reraise=True)
def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """SQLite itself does not wait where two begin to write ahead at the same time."""
    for setting in SETTINGS:
        connection.execute(f"PRAGMA {setting}").fetchall()
    migrate(connection, path)


class _Saver(Threaded, SqliteSaver):
    """LangGraph's, on the connection of the store and under its lock."""

    def __init__(self, connection: sqlite3.Connection, lock: RLock, path: Path) -> None:
        SqliteSaver.__init__(self, connection, serde=serializer())
        self.lock = lock  # type: ignore[assignment]
        self._path = path

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        with failed(self._path):
            return SqliteSaver.get_tuple(self, config)

    def list(self, config: RunnableConfig | None, **which: Any) -> Iterator[CheckpointTuple]:
        with failed(self._path):  # at once: an iterator that is left half-way would keep the lock
            return iter(tuple(SqliteSaver.list(self, config, **which)))

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        with failed(self._path), of_a_session(config, sqlite3.IntegrityError):
            return SqliteSaver.put(self, config, checkpoint, metadata, new_versions)

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        with failed(self._path), of_a_session(config, sqlite3.IntegrityError):
            SqliteSaver.put_writes(self, config, writes, task_id, task_path)
