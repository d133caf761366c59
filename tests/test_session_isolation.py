"""No owner and no session sees another's, whatever is done in whatever order; and what is deleted is gone."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from session_machine import Sessions

from emoagent.bridges.sessions.memory import MemoryStore
from emoagent.bridges.sessions.sqlite import SqliteStore

SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)


class InMemory(Sessions):
    def __init__(self) -> None:
        super().__init__()
        self.store = self.memory = MemoryStore()

    def teardown(self) -> None:
        self.store.close()
        saver = self.memory.saver
        assert not any((saver.storage, saver.blobs, saver.writes))


class InSqlite(Sessions):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = SqliteStore(Path(self.folder.name) / "sessions.sqlite")
        self.look = self._bytes

    def _bytes(self) -> bytes:
        return b"".join(path.read_bytes() for path in Path(self.folder.name).iterdir())

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()


TestInMemory = InMemory.TestCase
TestInMemory.settings = settings(max_examples=20, stateful_step_count=25, suppress_health_check=SLOW)
TestInSqlite = InSqlite.TestCase
TestInSqlite.settings = settings(max_examples=10, stateful_step_count=25, suppress_health_check=SLOW)
