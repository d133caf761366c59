"""Sessions in PostgreSQL, for servers of which several share one database.

Statements are sent again while the server is away, for at most `PATIENCE` seconds: each may be done twice without harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from threading import Lock
from typing import Any, TypeVar

import psycopg
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
from langgraph.checkpoint.postgres import PostgresSaver
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool

from emoagent.bridges.sessions.postgres_faults import PATIENCE, failed, patiently
from emoagent.bridges.sessions.postgres_schema import SCHEMA, migrate
from emoagent.bridges.sessions.saving import Threaded, of_a_session, serializer
from emoagent.bridges.sessions.tables import Query, SqlStore
from emoagent.errors import UsageError

T = TypeVar("T")
POOL = 10  # connections, at most
START = 10.0  # seconds for which the first connection is waited
USUAL: dict[str, Any] = {"connect_timeout": 5, "tcp_user_timeout": 15_000, "application_name": "emoagent"}  # s, ms
WAIT = 2.0  # seconds for which one of the connections is waited, before one tries again
AGAIN = 3.0  # seconds after which an attempt to connect begins anew: its pauses double without end


class PostgresStore(SqlStore):
    """A `SessionStore` in the database at `address`, in a schema of its own; its tables are made or brought up to date.

    `pool`: connections at most. `patience`: seconds for which a server that went away is waited.
    Raises `UsageError` where the address makes no sense, `BackendUnreachable` where nobody answers there.
    """

    LOCK = " FOR NO KEY UPDATE"  # lets checkpoints of the session be written meanwhile

    def __init__(self, address: str, *, pool: int = POOL, patience: float = PATIENCE, schema: str = SCHEMA) -> None:
        self._patience, self._lock = patience, Lock()
        self._saver: PostgresSaver | None = None
        settings = _settings(address)
        with failed():
            migrate(settings, schema)
            self._pool = _pool(settings, pool, schema)

    @property
    def saver(self) -> PostgresSaver:
        """The checkpointer for the graph of a turn; made when it is first asked for, since that takes a second."""
        with self._lock:
            if self._saver is None:
                self._saver = _Saver(self._pool, self._patience)
            return self._saver

    def prune(self, session: str) -> None:
        """Removes all but the latest checkpoint of the session."""
        self.saver.prune([session])

    def close(self) -> None:
        """Gives back the connections."""
        self._pool.close()

    def _run(self, work: Callable[[Query], T]) -> T:
        def once(again: bool) -> T:
            with self._pool.connection() as connection, connection.transaction(), connection.cursor() as cursor:
                return work(Query(lambda statement, values: _rows(cursor, statement, values), again))

        with failed():
            return patiently(once, self._patience)

    def _deleted(self, query: Query) -> None:
        """Nothing is left to be done."""

    def _scrub(self) -> None:
        """Rows are gone at once; when their bytes are written over is the server's business (its VACUUM)."""


def _rows(cursor: Any, statement: str, values: tuple[object, ...]) -> list[Any]:
    cursor.execute(statement.replace("?", "%s"), values)
    return cursor.fetchall() if cursor.description else []


def _settings(address: str) -> dict[str, Any]:
    """What the address says, and after what times a silent server counts as away. The driver's own error would repeat
    the address, with the password."""
    try:
        return {**USUAL, **conninfo_to_dict(address)}
    except psycopg.Error:
        hint = "postgresql://user@host:5432/database; the password by PGPASSWORD or ~/.pgpass"
        raise UsageError("the address of the database cannot be read", hint=hint) from None


def _pool(settings: dict[str, Any], size: int, schema: str) -> Any:
    def configure(connection: Any) -> None:
        connection.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(schema)))

    pool = ConnectionPool(
        kwargs={**settings, "autocommit": True, "prepare_threshold": 0},
        min_size=1,
        max_size=size,
        timeout=WAIT,
        reconnect_timeout=AGAIN,
        open=False,
        configure=configure,
        check=ConnectionPool.check_connection,
        name="emoagent-sessions",
    )
    pool.open(wait=True, timeout=START)
    return pool


class _Saver(Threaded, PostgresSaver):
    """LangGraph's, with a connection for each thread that needs one, and with patience."""

    def __init__(self, pool: Any, patience: float) -> None:
        PostgresSaver.__init__(self, pool, serde=serializer())
        self.lock = nullcontext()  # type: ignore[assignment]   # it is there for a single connection
        self._patience = patience

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        return self._patiently(lambda: PostgresSaver.get_tuple(self, config))

    def list(self, config: RunnableConfig | None, **which: Any) -> Iterator[CheckpointTuple]:
        return iter(self._patiently(lambda: tuple(PostgresSaver.list(self, config, **which))))

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        with of_a_session(config, psycopg.errors.ForeignKeyViolation):
            return self._patiently(lambda: PostgresSaver.put(self, config, checkpoint, metadata, new_versions))

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        with of_a_session(config, psycopg.errors.ForeignKeyViolation):
            self._patiently(lambda: PostgresSaver.put_writes(self, config, writes, task_id, task_path))

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        self._patiently(lambda: PostgresSaver.prune(self, thread_ids, strategy=strategy))

    def delete_thread(self, thread_id: str) -> None:
        self._patiently(lambda: PostgresSaver.delete_thread(self, thread_id))

    def _patiently(self, work: Callable[[], T]) -> T:
        with failed():
            return patiently(lambda _: work(), self._patience)
