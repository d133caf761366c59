"""The tables of the SQLite file, in numbered steps; its `user_version` says how many have been taken."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from emoagent.errors import UsageError

OURS = 0x454D4F41  # application_id of the file
MIGRATIONS = (
    """
    CREATE TABLE sessions (
        id TEXT PRIMARY KEY NOT NULL, owner TEXT NOT NULL, consent TEXT NOT NULL,
        created REAL NOT NULL, used REAL NOT NULL, keep_days REAL, turns INTEGER NOT NULL
    );
    CREATE INDEX sessions_by_use ON sessions (used);
    CREATE TABLE scrubbing (deletions INTEGER NOT NULL, scrubbed INTEGER NOT NULL);
    INSERT INTO scrubbing VALUES (0, 0);
    CREATE TABLE turns (
        session TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        turn INTEGER NOT NULL, turn_id TEXT NOT NULL, record TEXT NOT NULL,
        PRIMARY KEY (session, turn), UNIQUE (session, turn_id)
    );
    """,
    # The two tables of langgraph-checkpoint-sqlite, so that they hang on the session.
    """
    CREATE TABLE checkpoints (
        thread_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        checkpoint_ns TEXT NOT NULL DEFAULT '', checkpoint_id TEXT NOT NULL, parent_checkpoint_id TEXT,
        type TEXT, checkpoint BLOB, metadata BLOB,
        PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id)
    );
    CREATE TABLE writes (
        thread_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        checkpoint_ns TEXT NOT NULL DEFAULT '', checkpoint_id TEXT NOT NULL, task_id TEXT NOT NULL,
        task_path TEXT NOT NULL DEFAULT '', idx INTEGER NOT NULL, channel TEXT NOT NULL, type TEXT, value BLOB,
        PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
    );
    """,
)

# Of each name space the latest stays; those of a sub-graph's calls (`node:task`) only since the latest of the graph.
PRUNE = (
    """
    DELETE FROM checkpoints WHERE thread_id = ? AND (
        checkpoint_id < (SELECT max(c.checkpoint_id) FROM checkpoints c
                         WHERE c.thread_id = checkpoints.thread_id AND c.checkpoint_ns = checkpoints.checkpoint_ns)
        OR instr(checkpoint_ns, ':') > 0
            AND checkpoint_id < (SELECT max(c.checkpoint_id) FROM checkpoints c
                                 WHERE c.thread_id = checkpoints.thread_id AND c.checkpoint_ns = ''))
    """,
    """
    DELETE FROM writes WHERE thread_id = ? AND NOT EXISTS (
        SELECT 1 FROM checkpoints c WHERE c.thread_id = writes.thread_id
        AND c.checkpoint_ns = writes.checkpoint_ns AND c.checkpoint_id = writes.checkpoint_id)
    """,
)


def migrate(connection: sqlite3.Connection, path: Path, upto: int = len(MIGRATIONS)) -> None:
    """Takes the steps that the file lacks, up to number `upto`. Raises `UsageError` where it is not ours, or newer."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        taken = _version(connection, path)
        for step in range(taken, upto):
            for statement in filter(str.strip, MIGRATIONS[step].split(";")):
                connection.execute(statement)
        if taken < upto:
            connection.execute(f"PRAGMA application_id = {OURS}")
            connection.execute(f"PRAGMA user_version = {upto}")
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _version(connection: sqlite3.Connection, path: Path) -> int:
    (taken,), (owner,) = (
        connection.execute(f"PRAGMA {name}").fetchone() for name in ("user_version", "application_id")
    )
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and owner != OURS:
        raise UsageError("this is the database of another program", hint="name another file", where=str(path))
    if taken > len(MIGRATIONS):
        raise UsageError("the database is of a later version of emoagent", hint="upgrade emoagent", where=str(path))
    return int(taken)
