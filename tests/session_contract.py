"""What every place for sessions must do; the tests of each store inherit it and give the fixture `store`."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from langgraph.checkpoint.base import Checkpoint, empty_checkpoint

from emoagent.affect import AffectTurn, Consent, Latency, TurnRecord
from emoagent.bridges.sessions.store import SessionInfo, SessionStore
from emoagent.errors import Clash, NotFound
from emoagent.schema import Span, Utterance, Verdict

BEGAN = datetime(2026, 3, 1, 12, 30, 15, 123457, tzinfo=UTC)
ODD = ("", "a\0b", "\ud800", "../../etc/passwd", "x" * 200, "' OR 1=1 --", "é")
MANY, EACH = 50, 4  # sessions at once, turns of each


def info(name: str, owner: str = "", keep_days: float | None = None, used: datetime = BEGAN) -> SessionInfo:
    """A session that has begun."""
    return SessionInfo(id=name, owner=owner, created=BEGAN, used=used, keep_days=keep_days)


def record(session: str, turn: int, text: str = "hello", turn_id: str | None = None) -> TurnRecord:
    """A turn that was judged."""
    return TurnRecord(
        utterance=Utterance(id=f"t{turn}", span=Span(start=0, end=0), text=text, source="chat"),
        verdict=Verdict(utterance=f"t{turn}", label="joy", distribution={"joy": 1.0}, reasoner="embedded"),
        affect=AffectTurn(
            session=session, turn=turn, turn_id=turn_id or f"id-{turn}", label="joy",
            latency=Latency(total=1.25, deadline=300),
        ),
    )  # fmt: skip


def thread(session: str, space: str = "") -> Any:
    """Where the checkpoints of a session lie."""
    return {"configurable": {"thread_id": session, "checkpoint_ns": space}}


def keep(store: SessionStore, session: str, value: object, space: str = "") -> Any:
    """A new checkpoint that holds `value`, as the graph of a turn writes it."""
    saver = store.saver
    before = saver.get_tuple(thread(session, space))
    version = saver.get_next_version(before.checkpoint["channel_versions"]["memory"] if before else None, None)
    checkpoint: Checkpoint = {
        **empty_checkpoint(), "channel_values": {"memory": value}, "channel_versions": {"memory": version},
    }  # fmt: skip
    config = saver.put(thread(session, space), checkpoint, {"source": "loop", "step": 1}, {"memory": version})
    saver.put_writes(config, [("memory", value)], "task")
    return config


def kept(store: SessionStore, session: str) -> object:
    """What the latest checkpoint holds; `None` without one."""
    found = store.saver.get_tuple(thread(session))
    return found.checkpoint["channel_values"]["memory"] if found else None


class Contract:
    """Inherit it, and give the fixture `store`."""

    def test_a_session_is_given_back_as_it_was_made(self, store: SessionStore) -> None:
        made = store.create(info("call-1", "k1", keep_days=2.5).model_copy(update={"turns": 7}))
        assert made == info("call-1", "k1", keep_days=2.5)  # it has no turns yet, whatever was said
        assert store.get("call-1", "k1") == made

    def test_an_id_is_given_once(self, store: SessionStore) -> None:
        store.create(info("call-1", "k1"))
        for owner in ("k1", "k2"):
            with pytest.raises(Clash, match="already"):
                store.create(info("call-1", owner))
        assert store.get("call-1", "k1").owner == "k1"

    @pytest.mark.parametrize("owner", ["", "k2", "K1"])
    def test_a_session_of_another_owner_does_not_exist(self, store: SessionStore, owner: str) -> None:
        store.create(info("call-1", "k1"))
        with pytest.raises(NotFound) as refused:
            store.get("call-1", owner)
        with pytest.raises(NotFound) as unknown:
            store.get("call-9", owner)
        assert refused.value.message.replace("call-1", "call-9") == unknown.value.message

    def test_sessions_are_listed_last_used_first(self, store: SessionStore) -> None:
        for hours, (name, owner) in enumerate((("a", "k1"), ("b", "k2"), ("c", "k1"))):
            store.create(info(name, owner, used=BEGAN + timedelta(hours=hours)))
        assert [found.id for found in store.sessions()] == ["c", "b", "a"]
        assert [found.id for found in store.sessions("k1")] == ["c", "a"]
        assert [found.id for found in store.sessions(limit=1)] == ["c"]
        assert list(store.sessions("k3")) == []
        store.append("a", record("a", 1))
        assert store.sessions()[0].id == "a"

    def test_turns_are_kept_in_order(self, store: SessionStore) -> None:
        store.create(info("a"))
        for turn in (1, 2, 3):
            assert store.append("a", record("a", turn)) == record("a", turn)
        assert list(store.turns("a")) == [record("a", turn) for turn in (1, 2, 3)]
        assert list(store.turns("a", after=1, limit=1)) == [record("a", 2)]
        assert store.turn("a", 3) == record("a", 3)
        assert store.by_id("a", "id-2") == record("a", 2)
        assert store.by_id("a", "id-9") is None
        assert store.get("a").turns == 3
        assert store.get("a").used > BEGAN

    @pytest.mark.parametrize("turn", [1, 3, 4])
    def test_a_turn_with_a_wrong_number_is_refused(self, store: SessionStore, turn: int) -> None:
        store.create(info("a"))
        store.append("a", record("a", 1))
        with pytest.raises(Clash):
            store.append("a", record("a", turn, turn_id="new"))
        assert store.get("a").turns == 1

    def test_the_same_turn_again_changes_nothing(self, store: SessionStore) -> None:
        store.create(info("a"))
        first = store.append("a", record("a", 1, "first", "same"))
        assert store.append("a", record("a", 2, "second", "same")) == first
        assert list(store.turns("a")) == [first]

    def test_a_turn_is_replaced(self, store: SessionStore) -> None:
        store.create(info("a"))
        store.append("a", record("a", 1, "before"))
        store.replace("a", record("a", 1, "after"))
        assert store.turn("a", 1).utterance.text == "after"
        for missing in (record("a", 2), record("a", 1, turn_id="other")):
            with pytest.raises(NotFound):
                store.replace("a", missing)

    def test_any_text_is_kept_as_it_is(self, store: SessionStore) -> None:
        store.create(info("a"))
        text = "nul \0, %s, 'quoted', ? and \\u0000, 😀, \u202e"
        store.append("a", record("a", 1, text))
        assert store.turn("a", 1).utterance.text == text

    def test_consent_is_replaced(self, store: SessionStore) -> None:
        store.create(info("a"))
        agreed = Consent(text=True, face=True, given=BEGAN)
        assert store.consent("a", agreed).consent == agreed
        assert store.get("a").consent == agreed
        with pytest.raises(NotFound):
            store.consent("b", agreed)

    @pytest.mark.parametrize("place", range(len(ODD)))
    def test_ids_that_cannot_be_are_not_found(self, store: SessionStore, place: int) -> None:
        odd = ODD[place]
        store.create(info("a"))
        asking: tuple[Callable[[], object], ...] = (
            lambda: store.get(odd), lambda: store.turn(odd, 1), lambda: store.delete(odd),
            lambda: store.consent(odd, Consent()), lambda: store.append(odd, record("a", 1)),
        )  # fmt: skip
        for ask in asking:
            with pytest.raises(NotFound):
                ask()
        assert store.by_id("a", odd) is None

    @pytest.mark.parametrize("turn", [-1, 0, 2**31, 2**70])
    def test_numbers_that_cannot_be_are_not_found(self, store: SessionStore, turn: int) -> None:
        store.create(info("a"))
        store.append("a", record("a", 1))
        with pytest.raises(NotFound):
            store.turn("a", turn)
        assert len(store.turns("a", after=turn)) == (1 if turn < 1 else 0)

    def test_checkpoints_hold_our_records(self, store: SessionStore) -> None:
        store.create(info("a"))
        keep(store, "a", [record("a", 1)])
        assert kept(store, "a") == [record("a", 1)]

    def test_checkpoints_can_be_awaited(self, store: SessionStore) -> None:
        store.create(info("a"))
        keep(store, "a", ["hello"])
        saver = store.saver

        async def asked() -> tuple[object, int]:
            found = await saver.aget_tuple(thread("a"))
            assert found is not None
            await saver.aput_writes(found.config, [("memory", ["more"])], "another")
            return found.checkpoint["channel_values"]["memory"], len([one async for one in saver.alist(thread("a"))])

        assert asyncio.run(asked()) == (["hello"], 1)

    def test_only_the_latest_checkpoint_stays(self, store: SessionStore) -> None:
        store.create(info("a"))
        store.create(info("b"))
        for number in range(5):
            keep(store, "a", [number])
            keep(store, "b", [number])
        keep(store, "a", ["a sub-graph's"], "sub")
        store.prune("a")
        assert kept(store, "a") == [4]
        assert len(list(store.saver.list(thread("a")))) == 1
        assert len(list(store.saver.list(thread("a", "sub")))) == 1
        assert len(list(store.saver.list(thread("b")))) == 5
        store.prune("nobody")

    def test_nothing_is_left_of_a_deleted_session(self, store: SessionStore) -> None:
        for name in ("a", "b"):
            store.create(info(name))
            store.append(name, record(name, 1))
            keep(store, name, [name])
        store.delete("a")
        with pytest.raises(NotFound):
            store.get("a")
        with pytest.raises(NotFound):
            store.turn("a", 1)
        assert list(store.turns("a")) == []
        assert store.by_id("a", "id-1") is None
        assert kept(store, "a") is None
        assert list(store.saver.list(thread("a"))) == []
        assert (store.turn("b", 1), kept(store, "b")) == (record("b", 1), ["b"])
        with pytest.raises(NotFound):
            store.delete("a")

    def test_an_id_can_be_used_again_after_that(self, store: SessionStore) -> None:
        store.create(info("a", "k1"))
        store.append("a", record("a", 1, "of the first"))
        store.delete("a")
        store.create(info("a", "k2"))
        assert list(store.turns("a")) == []
        assert kept(store, "a") is None

    def test_what_comes_late_for_a_deleted_session_is_not_kept(self, store: SessionStore) -> None:
        store.create(info("a"))
        config = keep(store, "a", ["before"])
        store.delete("a")
        with pytest.raises(NotFound):
            store.append("a", record("a", 1))
        with pytest.raises(NotFound):
            keep(store, "a", ["after"])
        with pytest.raises(NotFound):
            store.saver.put_writes(config, [("memory", "after")], "task")
        store.create(info("a"))
        assert kept(store, "a") is None

    def test_sessions_go_when_their_time_is_over(self, store: SessionStore) -> None:
        for name, days in (("short", 1.0), ("long", 3.0), ("forever", None)):
            store.create(info(name, keep_days=days))
        assert store.gc(BEGAN + timedelta(days=1) - timedelta(seconds=1)) == 0
        assert store.gc(BEGAN + timedelta(days=1)) == 1
        assert {found.id for found in store.sessions()} == {"long", "forever"}
        store.append("long", record("long", 1))  # used today
        assert store.gc(datetime.now(UTC) + timedelta(days=2.9)) == 0
        assert store.gc(datetime.now(UTC) + timedelta(days=3.1)) == 1
        assert [found.id for found in store.sessions()] == ["forever"]

    def test_many_conversations_at_once(self, store: SessionStore) -> None:
        def converse(number: int) -> None:
            name = f"call-{number}"
            store.create(info(name))
            for turn in range(1, EACH + 1):
                keep(store, name, [name, turn])
                store.append(name, record(name, turn, name))
                store.prune(name)

        with ThreadPoolExecutor(MANY) as threads:
            list(threads.map(converse, range(MANY)))
        assert len(store.sessions(limit=1000)) == MANY
        for number in range(MANY):
            name = f"call-{number}"
            assert [turn.utterance.text for turn in store.turns(name)] == [name] * EACH
            assert kept(store, name) == [name, EACH]
            assert len(list(store.saver.list(thread(name)))) == 1

    def test_of_turns_given_at_once_one_is_kept(self, store: SessionStore) -> None:
        store.create(info("a"))

        def give(number: int) -> bool:
            try:
                return bool(store.append("a", record("a", 1, turn_id=f"from-{number}")))
            except Clash:
                return False

        with ThreadPoolExecutor(8) as threads:
            assert sum(threads.map(give, range(8))) == 1
        assert len(store.turns("a")) == 1

    def test_it_answers(self, store: SessionStore) -> None:
        store.ping()


def killed(child: subprocess.Popen[bytes], turns: int) -> int:
    """Kills a child that prints the number of each turn once it is stored: the last number, `turns` or more."""
    with child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(turns)]
        child.kill()
        said += child.stdout.readlines()
    last = max(int(line) for line in said if line.endswith(b"\n"))
    assert last >= turns
    return last


def holds(store: SessionStore, session: str, acknowledged: int) -> None:
    """Every acknowledged turn is there, none is missing between, and the memory of the session goes with them."""
    turns = [turn.affect.turn for turn in store.turns(session, limit=10**6)]
    assert turns == list(range(1, len(turns) + 1))
    assert len(turns) >= acknowledged
    assert kept(store, session) in ([len(turns)], [len(turns) + 1])
