"""Sessions in memory and in SQLite; PostgreSQL has the same tests in tests/integration/test_postgres.py."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel
from session_contract import Contract, record

from emoagent.bridges.sessions.memory import MemoryStore
from emoagent.bridges.sessions.open import open_store
from emoagent.bridges.sessions.saving import serializer
from emoagent.bridges.sessions.sqlite import SqliteStore
from emoagent.errors import ExtraMissing, NotFound, UsageError
from emoagent.graphs.turn_state import Heard


class TestMemory(Contract):
    @pytest.fixture
    def store(self) -> Iterator[MemoryStore]:
        store = MemoryStore()
        yield store
        store.close()


class TestSqlite(Contract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[SqliteStore]:
        store = SqliteStore(tmp_path / "sessions.sqlite")
        yield store
        store.close()


class Person(BaseModel):
    """Not one of our records."""

    name: str


def test_a_checkpoint_brings_nothing_foreign_to_life() -> None:
    ours, foreign = record("a", 1), Person(name="Ada")
    read = serializer().loads_typed(serializer().dumps_typed([ours, foreign]))
    assert read[0] == ours
    assert not isinstance(read[1], Person)


def test_the_graph_of_a_turn_finds_its_state_again() -> None:
    heard = Heard(text="hello", given=("text",))
    assert serializer().loads_typed(serializer().dumps_typed(heard)) == heard


@pytest.mark.parametrize("address", ["", "chats.db", "sqlite:///", "mysql://u:secret-word@host/db", "redis://"])
def test_an_address_that_makes_no_sense_is_refused(address: str) -> None:
    with pytest.raises(UsageError) as refused:
        open_store(address)
    assert "secret" not in refused.value.message + refused.value.hint


def test_without_the_driver_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("emoagent.bridges.sessions.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ExtraMissing) as missing:
        open_store("postgresql://somebody@localhost/chats")
    assert "emoagent[postgres]" in missing.value.hint


def test_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert isinstance(open_store(), MemoryStore)
    assert isinstance(open_store("memory:"), MemoryStore)
    for address in ("sqlite:///here/a.sqlite", f"sqlite:///{tmp_path}/there.sqlite"):
        with pytest.raises(NotFound):
            open_store(address, create=False)
        open_store(address).close()
        open_store(address, create=False).close()
    assert (tmp_path / "here" / "a.sqlite").is_file()
    assert (tmp_path / "there.sqlite").is_file()
