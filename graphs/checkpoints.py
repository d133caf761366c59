"""Checkpoints in an SQLite file of the run folder; only our own records and names may be stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite import SqliteSaver

from emoagent import schema
from emoagent.graphs import state

FILE = "checkpoints.sqlite"


@contextmanager
def checkpoints(folder: Path) -> Iterator[SqliteSaver]:
    """The checkpointer of the run in `folder`."""
    allowed = [value for module in (schema, state) for value in vars(module).values() if isinstance(value, type)]
    serializer = JsonPlusSerializer(allowed_msgpack_modules=[(c.__module__, c.__name__) for c in allowed])
    with closing(sqlite3.connect(folder / FILE, check_same_thread=False)) as connection:
        yield SqliteSaver(connection, serde=serializer)
