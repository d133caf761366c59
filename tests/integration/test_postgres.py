"""Sessions in a real PostgreSQL: the contract of all stores, earlier versions, restarts under load, killed clients.

EMOAGENT_TEST_POSTGRES names the folder of its programs, e.g. /usr/lib/postgresql/15/bin.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
PROGRAMS = os.environ.get("EMOAGENT_TEST_POSTGRES")
if not PROGRAMS:
    pytest.skip("EMOAGENT_TEST_POSTGRES does not name the programs of PostgreSQL", allow_module_level=True)
pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")

from hypothesis import HealthCheck, settings  # noqa: E402
from postgres_server import PASSWORD, Postgres, postgres  # noqa: E402
from session_contract import BEGAN, Contract, holds, info, keep, kept, killed, record  # noqa: E402
from session_machine import Sessions  # noqa: E402

from emoagent.bridges.sessions.open import open_store  # noqa: E402
from emoagent.bridges.sessions.postgres import PostgresStore, _settings  # noqa: E402
from emoagent.bridges.sessions.postgres_schema import MIGRATIONS, migrate  # noqa: E402
from emoagent.errors import BackendUnreachable, UsageError  # noqa: E402

TABLES = ("sessions", "turns", "checkpoints", "checkpoint_blobs", "checkpoint_writes")
CHILD = """
import sys
from session_contract import info, keep, record
from emoagent.bridges.sessions.postgres import PostgresStore
store = PostgresStore(sys.argv[1])
store.create(info("a"))
for turn in range(1, 100000):
    keep(store, "a", [turn])
    store.append("a", record("a", turn))
    store.prune("a")
    print(turn, flush=True)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    assert PROGRAMS
    with postgres(Path(PROGRAMS)) as running:
        yield running


@pytest.fixture
def address(server: Postgres) -> Iterator[str]:
    """An empty database. It is removed again: a server that has crashed looks through all there are."""
    name = f"test_{uuid.uuid4().hex}"
    server.sql(f"CREATE DATABASE {name}")
    yield server.address(name)
    server.sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def store(address: str) -> Iterator[PostgresStore]:
    store = PostgresStore(address)
    yield store
    store.close()


def _rows(server: Postgres, address: str, *names: str) -> int:
    database = address.rpartition("/")[2]
    return sum(int(server.sql(f"SELECT count(*) FROM emoagent.{name}", database)) for name in names or TABLES)


class TestPostgres(Contract):
    """The fixture `store` is that of this file."""


def test_no_session_sees_another(server: Postgres) -> None:
    class InPostgres(Sessions):
        def __init__(self) -> None:
            super().__init__()
            server.sql("DROP SCHEMA IF EXISTS emoagent CASCADE")
            self.store = PostgresStore(server.address(), pool=2)

        def teardown(self) -> None:
            self.store.close()

    InPostgres.TestCase.settings = settings(
        max_examples=6,
        stateful_step_count=20,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    InPostgres.TestCase().runTest()


def test_no_row_of_a_deleted_session_is_left(server: Postgres, address: str, store: PostgresStore) -> None:
    for name in ("a", "b"):
        store.create(info(name, keep_days=1 if name == "b" else None))
        store.append(name, record(name, 1))
        keep(store, name, [name])
        keep(store, name, [name], "sub")
    assert _rows(server, address) > 10
    store.delete("a")
    assert store.gc(BEGAN.replace(year=2130)) == 1
    assert _rows(server, address) == 0


@pytest.mark.parametrize("step", range(len(MIGRATIONS) + 1))
def test_an_earlier_version_is_brought_up_to_date(server: Postgres, address: str, step: int) -> None:
    migrate(_settings(address), upto=step)
    database = address.rpartition("/")[2]
    if step:
        text = record("a", 1).model_dump_json()
        server.sql("INSERT INTO emoagent.sessions VALUES ('a', '', '{}', 0.5, 1.5, NULL, 1)", database)
        server.sql(f"INSERT INTO emoagent.turns VALUES ('a', 1, 'id-1', '{text}')", database)
    if step == 1:  # without foreign keys yet: one of a session that is gone
        values = "('gone', '', '1', NULL, NULL, '{}', '{}')"
        server.sql(f"INSERT INTO emoagent.checkpoints VALUES {values}", database)
    store = PostgresStore(address)
    assert [turn.affect.turn for turn in store.turns("a")] == ([1] if step else [])
    assert _rows(server, address, "checkpoints") == 0
    assert _rows(server, address, "migrations") == len(MIGRATIONS)
    if step:
        keep(store, "a", ["hello"])
        store.delete("a")
    store.close()
    PostgresStore(address).close()  # once more: there is nothing to do
    assert _rows(server, address, "migrations") == len(MIGRATIONS)


def test_several_servers_may_start_at_once(server: Postgres, address: str) -> None:
    with ThreadPoolExecutor(6) as threads:
        stores = list(threads.map(lambda _: PostgresStore(address, pool=2), range(6)))
    stores[0].create(info("a"))
    assert all(store.get("a").id == "a" for store in stores)
    for store in stores:
        store.close()
    assert _rows(server, address, "migrations") == len(MIGRATIONS)


def test_a_later_version_is_left_alone(server: Postgres, address: str) -> None:
    PostgresStore(address).close()
    server.sql("INSERT INTO emoagent.migrations (step) VALUES (99)", address.rpartition("/")[2])
    with pytest.raises(UsageError, match="later version"):
        PostgresStore(address)


def test_the_schema_may_be_made_by_somebody_else(server: Postgres, address: str) -> None:
    database, role = address.rpartition("/")[2], f"guest_{uuid.uuid4().hex}"
    server.sql(f"CREATE ROLE {role} LOGIN PASSWORD 'word'; REVOKE CREATE ON DATABASE {database} FROM PUBLIC", database)
    guest = f"postgresql://{role}:word@127.0.0.1:{server.port}/{database}"
    with pytest.raises(UsageError, match="permission denied"):
        PostgresStore(guest)
    server.sql(f"CREATE SCHEMA emoagent AUTHORIZATION {role}", database)
    store = PostgresStore(guest)
    store.create(info("a"))
    store.close()


def test_no_error_tells_the_password(server: Postgres) -> None:
    right = server.address()
    for address in (right.replace(PASSWORD, "wrong-word"), f"{right}-none", right.replace(f":{server.port}", ":x1 y")):
        with pytest.raises((UsageError, BackendUnreachable)) as refused:
            open_store(address)
        said = repr(refused.value.envelope()) + repr(refused.value.__cause__)
        assert not any(word in said for word in (PASSWORD, "wrong-word"))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
def test_a_restart_under_load_is_survived(server: Postgres, address: str, how: signal.Signals) -> None:
    """Twenty conversations go on while the server is stopped and started twice; the second way is like a crash."""
    store, until = PostgresStore(address, patience=60.0), time.monotonic() + 120

    def converse(number: int) -> int:
        name, turn = f"call-{number}", 0
        store.create(info(name))
        while not over and time.monotonic() < until:
            turn += 1
            keep(store, name, [turn])
            assert store.append(name, record(name, turn)) == record(name, turn)
            store.prune(name)
        return turn

    over = list[bool]()
    with ThreadPoolExecutor(20) as threads:
        talking = [threads.submit(converse, number) for number in range(20)]
        for _ in range(2):
            time.sleep(1.0)
            server.stop(how)
            time.sleep(1.0)
            server.start()
        time.sleep(1.0)
        over.append(True)
        turns = [one.result() for one in talking]
    for number, last in enumerate(turns):
        name = f"call-{number}"
        assert [turn.affect.turn for turn in store.turns(name)] == list(range(1, last + 1))
        assert kept(store, name) == [last]
    store.close()


def test_a_server_that_stays_away_is_told(server: Postgres, address: str) -> None:
    store = PostgresStore(address, patience=0.5)
    store.create(info("a"))
    server.stop()
    try:
        with pytest.raises(BackendUnreachable):
            store.get("a")
        with pytest.raises(BackendUnreachable):
            kept(store, "a")
    finally:
        server.start()
    patient = PostgresStore(address)
    assert patient.get("a").id == "a"
    patient.close()
    store.close()


def test_what_was_acknowledged_survives_a_killed_client(address: str) -> None:
    command = [sys.executable, "-c", CHILD, address]
    here = Path(__file__).parents[1]
    told = os.environ | {"PYTHONPATH": str(here)}
    child = subprocess.Popen(command, env=told, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    acknowledged = killed(child, 40)
    store = PostgresStore(address)
    holds(store, "a", acknowledged)
    store.close()
