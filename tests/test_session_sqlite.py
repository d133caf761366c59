"""The SQLite file of sessions: who may read it, what is left in it, who else has it open, what is refused."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from session_contract import BEGAN, holds, info, keep, killed, record

from emoagent.bridges.sessions import sqlite, sqlite_schema
from emoagent.bridges.sessions.sqlite import SqliteStore
from emoagent.errors import BackendUnreachable, OutputError, ResourceLimit, UsageError

HERE = Path(__file__).parent
CHILD = """
import os, signal, sys
from pathlib import Path
from session_contract import info, keep, record
from emoagent.bridges.sessions.sqlite import SqliteStore
store = SqliteStore(Path(sys.argv[1]))
"""
WRITES = """
store.create(info("a"))
for turn in range(1, 100000):
    keep(store, "a", [turn])
    store.append("a", record("a", turn))
    print(turn, flush=True)
"""
DELETES = """
store._scrub = lambda: os.kill(os.getpid(), signal.SIGKILL)
store.delete("a")
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "sessions.sqlite"


@pytest.fixture
def store(file: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(file)
    yield store
    store.close()


def _modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.iterdir()]}


def _bytes(file: Path) -> bytes:
    return b"".join(path.read_bytes() for path in file.parent.iterdir())


def test_only_its_owner_may_read_it(store: SqliteStore, file: Path) -> None:
    store.create(info("a"))
    keep(store, "a", ["hello"])
    assert _modes(file.parent) == {
        "new folder": 0o700, "sessions.sqlite": 0o600, "sessions.sqlite-wal": 0o600, "sessions.sqlite-shm": 0o600,
    }  # fmt: skip


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    file = tmp_path / "sessions.sqlite"
    file.touch()
    file.chmod(0o644)
    store = SqliteStore(file)
    store.create(info("a"))
    assert set(_modes(tmp_path).values()) - {_modes(tmp_path)[tmp_path.name]} == {0o600}
    store.close()


def test_no_byte_of_a_deleted_session_is_left(store: SqliteStore, file: Path) -> None:
    """Long and short texts grow and shrink in turn, so that SQLite moves rows between and within its pages."""
    draw, names = random.Random(3), [f"call-{number:02}x" for number in range(10)]
    for name in names:
        store.create(info(name))
    turns = dict.fromkeys(names, 0)
    for _ in range(200):
        name = draw.choice(names)
        turns[name] += 1
        store.append(name, record(name, turns[name], f"said in {name} " * draw.choice((1, 3, 40, 300))))
        keep(store, name, [f"remembered of {name}"] * draw.choice((1, 5, 50, 400)))
        store.prune(name)
        store.replace(name, record(name, turns[name], f"heard in {name} " * draw.choice((1, 3, 40, 300))))
    assert all(_bytes(file).count(name.encode()) > 10 for name in names)
    for name in draw.sample(names, len(names)):
        store.delete(name)
        assert _bytes(file).count(name.encode()) == 0


def test_cleaning_up_leaves_no_byte_either(store: SqliteStore, file: Path) -> None:
    store.create(info("old", keep_days=1))
    store.append("old", record("old", 1, "said long ago"))
    keep(store, "old", ["said long ago"])
    assert b"said long ago" in _bytes(file)
    assert store.gc(BEGAN.replace(year=2030)) == 1
    assert b"said long ago" not in _bytes(file)


def test_a_deletion_that_was_killed_is_ended_later(store: SqliteStore, file: Path) -> None:
    for name in ("a", "b"):
        store.create(info(name))
        store.append(name, record(name, 1, f"said in {name} " * 30))
    store.close()
    with _child(DELETES, file) as child:
        assert child.wait(60) == -signal.SIGKILL
    again = SqliteStore(file)
    assert [found.id for found in again.sessions()] == ["b"]
    assert b"said in a" in _bytes(file)  # else this shows nothing
    assert again.gc(BEGAN) == 0
    assert b"said in a" not in _bytes(file)
    again.close()


def test_what_was_acknowledged_survives_a_kill(file: Path) -> None:
    acknowledged = killed(_child(WRITES, file), 20)
    store = SqliteStore(file)
    holds(store, "a", acknowledged)
    store.close()


def _child(script: str, file: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD + script, file], env=os.environ | {"PYTHONPATH": str(HERE)},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def test_several_programs_share_a_file(file: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        stores = list(threads.map(SqliteStore, [file] * 4))

    def converse(number: int) -> None:
        store, name = stores[number % 4], f"call-{number}"
        store.create(info(name))
        for turn in range(1, 6):
            keep(store, name, [turn])
            store.append(name, record(name, turn, name))
        if number % 3 == 0:
            store.delete(name)

    with ThreadPoolExecutor(12) as threads:
        list(threads.map(converse, range(12)))
    assert len(stores[0].sessions()) == 8
    assert all(len(stores[1].turns(found.id)) == 5 for found in stores[2].sessions())
    for store in stores:
        store.close()


def test_a_file_that_stays_locked_is_told(store: SqliteStore, file: Path) -> None:
    store._connection.execute("PRAGMA busy_timeout = 10")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BackendUnreachable, match="locked"):
            store.create(info("a"))
        other.execute("ROLLBACK")
    store.create(info("a"))


def test_a_reader_that_keeps_deleted_bytes_is_told(
    store: SqliteStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "PATIENCE", 0.0)
    store._connection.execute("PRAGMA busy_timeout = 10")
    store.create(info("call-1"))
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM sessions").fetchall()
        with pytest.raises(BackendUnreachable, match="another program reads"):
            store.delete("call-1")
        other.execute("ROLLBACK")
    assert b"call-1" in _bytes(file)
    assert store.gc(BEGAN) == 0
    assert b"call-1" not in _bytes(file)


def test_a_full_disk_is_told_and_nothing_is_torn(store: SqliteStore) -> None:
    store.create(info("a"))
    (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(ResourceLimit, match="no space"):
        store.append("a", record("a", 1, "long " * 5000))
    with pytest.raises(ResourceLimit, match="no space"):
        keep(store, "a", ["long " * 5000])
    store._connection.execute("PRAGMA max_page_count = 100000")
    assert store.append("a", record("a", 1)) == record("a", 1)


@pytest.mark.parametrize("step", range(1, len(sqlite_schema.MIGRATIONS) + 1))
def test_a_file_of_an_earlier_version_is_brought_up_to_date(file: Path, step: int) -> None:
    file.parent.mkdir()
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        sqlite_schema.migrate(connection, file, step)
        connection.execute("INSERT INTO sessions VALUES ('a', 'k', '{}', 0.5, 1.5, NULL, 1)")
        values = record("a", 1).model_dump_json()
        connection.execute("INSERT INTO turns VALUES ('a', 1, 'id-1', ?)", (values,))
    store = SqliteStore(file)
    assert list(store.turns("a")) == [record("a", 1)]
    keep(store, "a", ["hello"])
    store.delete("a")
    store.close()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(sqlite_schema.MIGRATIONS),)


def test_files_that_are_not_ours_are_left_alone(tmp_path: Path) -> None:
    text, foreign, later = (tmp_path / name for name in ("text", "foreign", "later"))
    text.write_text("no database " * 100, encoding="utf-8")
    with closing(sqlite3.connect(foreign)) as connection:
        connection.execute("CREATE TABLE sessions (id)")
    SqliteStore(later).close()
    with closing(sqlite3.connect(later)) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = [path.read_bytes() for path in (text, later)]
    for path, why in ((text, "not an SQLite"), (foreign, "another program"), (later, "later version")):
        with pytest.raises(UsageError, match=why):
            SqliteStore(path)
    assert [path.read_bytes() for path in (text, later)] == before


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "file" / "sessions.sqlite", tmp_path):
        with pytest.raises(OutputError, match="cannot be used"):
            SqliteStore(place)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_of_somebody_else_is_told() -> None:
    with pytest.raises(OutputError):
        SqliteStore(Path("/etc/passwd"))
