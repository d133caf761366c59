"""The tables in PostgreSQL, in numbered steps; the table `migrations` says which have been taken, and when.

All lie in one schema: ours, and beside them those of langgraph-checkpoint-postgres, which brings up to date its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

import psycopg
from langgraph.checkpoint.postgres import PostgresSaver
from psycopg import sql
from psycopg.rows import tuple_row

from emoagent.errors import BackendUnreachable, UsageError

SCHEMA = "emoagent"
LOCK = 0x454D4F41  # number of the advisory lock; with that of the schema it is nobody else's
PATIENCE = 60.0  # seconds for which another process may migrate
MIGRATIONS = (
    """
    CREATE TABLE sessions (
        id text PRIMARY KEY, owner text NOT NULL, consent text NOT NULL,
        created double precision NOT NULL, used double precision NOT NULL,
        keep_days double precision, turns integer NOT NULL
    );
    CREATE INDEX sessions_by_use ON sessions (used);
    CREATE TABLE turns (
        session text NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        turn integer NOT NULL, turn_id text NOT NULL, record text NOT NULL,
        PRIMARY KEY (session, turn), UNIQUE (session, turn_id)
    );
    """,
    # Checkpoints go with their session, and come for none that is gone.
    """
    DELETE FROM checkpoints WHERE thread_id NOT IN (SELECT id FROM sessions);
    DELETE FROM checkpoint_blobs WHERE thread_id NOT IN (SELECT id FROM sessions);
    DELETE FROM checkpoint_writes WHERE thread_id NOT IN (SELECT id FROM sessions);
    ALTER TABLE checkpoints ADD CONSTRAINT checkpoints_of_a_session
        FOREIGN KEY (thread_id) REFERENCES sessions (id) ON DELETE CASCADE;
    ALTER TABLE checkpoint_blobs ADD CONSTRAINT blobs_of_a_session
        FOREIGN KEY (thread_id) REFERENCES sessions (id) ON DELETE CASCADE;
    ALTER TABLE checkpoint_writes ADD CONSTRAINT writes_of_a_session
        FOREIGN KEY (thread_id) REFERENCES sessions (id) ON DELETE CASCADE;
    """,
)


def migrate(settings: Mapping[str, Any], schema: str = SCHEMA, upto: int = len(MIGRATIONS)) -> None:
    """Makes the schema where it is not there, and takes the steps that it lacks, up to number `upto`, one process after
    the other. Raises `UsageError` where it is of a later version, and the driver's errors."""
    connecting: Any = psycopg.Connection.connect(**{**settings, "autocommit": True}, row_factory=tuple_row)
    with connecting as connection, _alone(connection, schema):
        _make(connection, schema)
        PostgresSaver(connection).setup()
        for step in range(_taken(connection), upto):
            with connection.transaction():
                connection.execute(MIGRATIONS[step])
                connection.execute("INSERT INTO migrations (step) VALUES (%s)", (step + 1,))


@contextmanager
def _alone(connection: Any, schema: str) -> Iterator[None]:
    """Asks for the lock again and again: a statement that waits for it would keep an index from being made, which
    waits for all statements that began before it."""
    lock, end = (LOCK, schema), monotonic() + PATIENCE
    while not connection.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", lock).fetchone()[0]:
        if monotonic() > end:
            raise BackendUnreachable("another process has been migrating the database for a minute", hint="try again")
        sleep(0.1)
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", lock)


def _make(connection: Any, schema: str) -> None:
    """Who may not make a schema can be given one that is empty."""
    name = sql.Identifier(schema)
    if connection.execute("SELECT to_regnamespace(%s)", (schema,)).fetchone()[0] is None:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(name))
    connection.execute(sql.SQL("SET search_path TO {}").format(name))
    made = "CREATE TABLE IF NOT EXISTS migrations (step integer PRIMARY KEY, taken timestamptz NOT NULL DEFAULT now())"
    connection.execute(made)


def _taken(connection: Any) -> int:
    (taken,) = connection.execute("SELECT coalesce(max(step), 0) FROM migrations").fetchone()
    if taken > len(MIGRATIONS):
        raise UsageError("the database is of a later version of emoagent", hint="upgrade emoagent")
    return int(taken)
