"""A real `emoagent serve` is killed under load, again and again: what it has acknowledged is there afterwards.

With SQLite, and, where EMOAGENT_TEST_POSTGRES names the folder of PostgreSQL's programs, with PostgreSQL, which is then
restarted under load, too.
"""

from __future__ import annotations

import importlib
import os
import random
import secrets
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import ROOT
from postgres_server import Postgres, postgres

pytestmark = pytest.mark.slow

SESSIONS = 8
KILLS = 3
SAID = ("I won, can you believe it?", "Leave me alone.", "It rains again.", "I am so sorry about it.")
KEY = secrets.token_hex(16)
HEADERS = {"Authorization": f"Bearer {KEY}"}
PLENTY = {"rate": 1000, "burst": 1000, "turns_at_once": 32}


@pytest.fixture(autouse=True)
def from_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT), *sys.path])


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """An empty folder for a server with SQLite."""
    return tmp_path


@pytest.fixture
def cluster() -> Iterator[Postgres]:
    """A PostgreSQL of its own."""
    programs = os.environ.get("EMOAGENT_TEST_POSTGRES")
    if not programs:
        pytest.skip("no PostgreSQL (set EMOAGENT_TEST_POSTGRES to the folder of its programs)")
    with postgres(Path(programs)) as running:
        yield running


@dataclass
class Talker:
    """One session's client. `acknowledged`: of each turn's id, the number that the server said; `refused`: statuses."""

    name: str
    acknowledged: dict[str, int] = field(default_factory=dict)
    refused: list[int] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    asked: int = 1

    def talk(self, url: str, over: threading.Event) -> None:
        """Turn after turn until the server is gone; the turn that got no answer is asked for first the next time."""
        with httpx.Client(base_url=url, headers=HEADERS, timeout=30, trust_env=False) as client:
            while not over.is_set():
                try:
                    response = client.post("/v1/turns", json=self._turn())
                except httpx.TransportError:
                    return
                if response.status_code == 200:
                    self._take(response.json())
                else:
                    self.refused.append(response.status_code)
                    time.sleep(0.2)

    def _turn(self) -> dict[str, Any]:
        return {
            "session": self.name,
            "turn_id": f"t{self.asked}",
            "text": f"{SAID[self.asked % len(SAID)]} {self.name}",
        }

    def _take(self, answer: dict[str, Any]) -> None:
        if (answer["session"], answer["turn"], answer["turn_id"]) != (self.name, self.asked, f"t{self.asked}"):
            self.wrong.append(f"turn {self.asked} was answered as {answer['turn_id']}, number {answer['turn']}")
        self.acknowledged[answer["turn_id"]] = answer["turn"]
        self.asked += 1


def test_what_sqlite_has_acknowledged_survives(files: Path) -> None:
    _killed_again_and_again(files, None)
    opened = sqlite3.connect(files / "server.sqlite")
    assert opened.execute("pragma integrity_check").fetchall() == [("ok",)]
    opened.close()


def test_what_postgres_has_acknowledged_survives(cluster: Postgres, tmp_path: Path) -> None:
    talkers = _killed_again_and_again(tmp_path, cluster.address())
    kept = cluster.sql("select count(*) from emoagent.turns")
    assert int(kept) >= sum(len(talker.acknowledged) for talker in talkers)


def test_postgres_is_restarted_under_load(cluster: Postgres, tmp_path: Path) -> None:
    """The server goes on: a turn either waits for the database, or is refused with 503, and no answer was too much."""
    talkers = [Talker(f"talk-{number}") for number in range(SESSIONS)]
    with _served(tmp_path, cluster.address()) as server:
        _begin(server.url, talkers)
        over, threads = _talking(server.url, talkers)
        for _ in range(2):
            _progress(talkers)
            cluster.stop()
            time.sleep(0.5)
            cluster.start()
        _progress(talkers)
        over.set()
        for thread in threads:
            thread.join()
        _check(server.url, talkers)
    assert {status for talker in talkers for status in talker.refused} <= {503}


def _killed_again_and_again(folder: Path, database: str | None) -> list[Talker]:
    talkers = [Talker(f"talk-{number}") for number in range(SESSIONS)]
    chance = random.Random(7)
    for number in range(KILLS + 1):
        with _served(folder, database) as server:
            if number == 0:
                _begin(server.url, talkers)
            else:
                _check(server.url, talkers)
            over, threads = _talking(server.url, talkers)
            _progress(talkers)
            time.sleep(chance.uniform(0, 1))
            server.kill()
            over.set()
            for thread in threads:
                thread.join()
    with _served(folder, database) as server:
        _check(server.url, talkers)
    return talkers


def _progress(talkers: list[Talker]) -> None:
    """Waits until each has been given two more answers."""
    wanted = {talker.name: len(talker.acknowledged) + 2 for talker in talkers}
    until = time.monotonic() + 120
    while any(len(talker.acknowledged) < wanted[talker.name] for talker in talkers):
        assert time.monotonic() < until, [talker.wrong or talker.refused[-3:] for talker in talkers]
        time.sleep(0.05)


def _check(url: str, talkers: list[Talker]) -> None:
    """Every acknowledged turn is kept, under its number, with its words; at most the one under way came on top."""
    with httpx.Client(base_url=url, headers=HEADERS, timeout=30, trust_env=False) as client:
        for talker in talkers:
            assert talker.wrong == []
            assert set(talker.refused) <= {503}
            kept = client.get(f"/v1/sessions/{talker.name}/turns?limit=1000").json()["turns"]
            assert [turn["turn"] for turn in kept] == list(range(1, len(kept) + 1))
            assert {turn["turn_id"]: turn["turn"] for turn in kept[: len(talker.acknowledged)]} == talker.acknowledged
            assert len(kept) - len(talker.acknowledged) in (0, 1)
            record = client.get(f"/v1/sessions/{talker.name}/turns/{len(kept)}").json()
            assert record["utterance"]["text"].endswith(talker.name)


def _begin(url: str, talkers: list[Talker]) -> None:
    for talker in talkers:
        new = {"id": talker.name, "consent": {"text": True}}
        answer = httpx.post(f"{url}/v1/sessions", json=new, headers=HEADERS, trust_env=False)
        assert answer.status_code == 201, answer.text


def _talking(url: str, talkers: list[Talker]) -> tuple[threading.Event, list[threading.Thread]]:
    over = threading.Event()
    threads = [threading.Thread(target=talker.talk, args=(url, over)) for talker in talkers]
    for thread in threads:
        thread.start()
    return over, threads


def _served(folder: Path, database: str | None) -> Any:
    return importlib.import_module("benchmarks.served").served(folder, [KEY], database, **PLENTY)
