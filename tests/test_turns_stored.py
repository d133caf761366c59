"""What is stored of a conversation survives: a restart, a kill between two writes, another process, a lost memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emoagent import TurnAnalyzer
from emoagent.affect import TurnRecord
from emoagent.bridges.sessions.open import open_store
from emoagent.errors import BackendUnreachable
from emoagent.schema import Record

PATIENT = 30.0  # seconds


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'sessions.sqlite'}"


def test_a_conversation_goes_on_after_a_restart(address: str) -> None:
    with TurnAnalyzer(address, deadline=PATIENT) as analyzer:
        session = analyzer.open("s")
        session.turn("I'm so happy, this is wonderful!")
        session.reply("Good for you!")
    with TurnAnalyzer(address, deadline=PATIENT) as analyzer:
        affect = analyzer.open("s").turn("This is terrible, I'm so sad.")
    assert affect.turn == 2
    assert affect.trend is not None
    assert affect.trend.before == "joy"


def test_a_turn_that_is_in_the_checkpoint_only_is_put_right(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with TurnAnalyzer(address, deadline=PATIENT) as analyzer:
        session = analyzer.open("s")
        session.turn("I'm so happy!")
        with monkeypatch.context() as broken:
            broken.setattr(analyzer.store, "append", _killed)
            with pytest.raises(BackendUnreachable):
                session.turn("I hate it.", turn_id="lost")
    with TurnAnalyzer(address, deadline=PATIENT) as analyzer:
        session = analyzer.get("s")
        again = session.turn("I hate it.", turn_id="lost")
        assert again.turn == 2
        assert session.turn("Well.").turn == 3
        assert [affect.turn_id for affect in session.timeline()][1] == "lost"


def test_two_processes_may_serve_one_conversation(address: str) -> None:
    with TurnAnalyzer(address, deadline=PATIENT) as one, TurnAnalyzer(address, deadline=PATIENT) as two:
        here, there = one.open("s"), two.open("s")
        turns = [session.turn(f"This is number {n}.").turn for n, session in enumerate((here, there, here, there))]
        assert turns == [1, 2, 3, 4]
        assert [affect.turn for affect in here.timeline()] == turns


def test_a_memory_that_is_lost_is_made_from_the_rows(address: str) -> None:
    with TurnAnalyzer(address, deadline=PATIENT) as analyzer:
        session = analyzer.open("s")
        for text in ("I'm so happy!", "This is wonderful."):
            session.turn(text)
        analyzer.store.saver.delete_thread("s")
    with TurnAnalyzer(address, deadline=PATIENT) as analyzer:
        affect = analyzer.get("s").turn("This is terrible, I'm so sad.")
        assert affect.turn == 3
        assert affect.trend is not None
        assert affect.trend.turns == 2


def test_one_checkpoint_of_a_session_with_records_only(address: str) -> None:
    with TurnAnalyzer(address, deadline=PATIENT) as analyzer:
        session = analyzer.open("s")
        for n in range(14):
            session.turn(f"This is number {n}.")
        analyzer.threads.spare.submit(bool).result()  # what was left to tidy up has been done
        config: Any = {"configurable": {"thread_id": "s"}}
        assert len(list(analyzer.store.saver.list(config))) == 1
        values = analyzer.graph.get_state(config).values
    assert len(values["past"]) == 12
    assert all(isinstance(each, Record) for each in values["past"])


def _killed(session: str, record: TurnRecord) -> TurnRecord:
    raise BackendUnreachable("gone", hint="")


def test_a_store_may_be_shared(address: str) -> None:
    store = open_store(address)
    with TurnAnalyzer(store, deadline=PATIENT) as analyzer:
        analyzer.open("s").turn("Hello.")
    assert store.get("s").turns == 1
    store.close()
