"""Our graphs in somebody's graph, with that graph's checkpointer."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from documented import programs
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import START, StateGraph

from emoagent.affect import AffectTurn
from emoagent.bridges.langgraph import (
    RecordingState,
    TurnState,
    episode_node,
    last_message,
    serializer,
    turn_subgraph,
)
from emoagent.errors import MediaError, Refused
from emoagent.schema import Trace
from emoagent.settings import load_settings

JOY, ANGER = "I am so happy! We are going to fly!", "Stop it! You broke my computer!"
THREAD: Any = {"configurable": {"thread_id": "ann"}}
WORDS = load_settings(agents="transcript")


class Mine(TurnState, total=False):
    """A state of somebody's own."""

    visits: int


def talking(saver: Any) -> Any:
    """A graph with a node before ours and one after it."""
    graph = StateGraph(Mine)
    graph.add_node("listen", last_message)
    graph.add_node("affect", turn_subgraph())
    graph.add_node("count", _count)
    graph.add_edge(START, "listen")
    graph.add_edge("listen", "affect")
    graph.add_edge("affect", "count")
    return graph.compile(checkpointer=saver)


def said(app: Any, text: str, thread: Any = THREAD) -> Any:
    """The state after a turn of the user."""
    return app.invoke({"messages": [("user", text)]}, thread)


def test_a_conversation_is_remembered_in_the_callers_checkpointer(tmp_path: Path) -> None:
    file, state = tmp_path / "theirs.sqlite", dict[str, Any]()
    for turn, (text, label) in enumerate(((JOY, "joy"), (ANGER, "anger")), 1):
        with closing(sqlite3.connect(file, check_same_thread=False)) as connection:  # as after a restart
            app = talking(SqliteSaver(connection, serde=serializer()))
            state = said(app, text)
            assert isinstance(state["affect"], AffectTurn)
            assert (state["affect"].turn, state["affect"].label, state["visits"]) == (turn, label, turn)
            assert [m.content for m in state["messages"]] == [JOY, ANGER][:turn]
    assert state["affect"].trend.before == "joy"


def test_threads_know_nothing_of_each_other() -> None:
    app = talking(InMemorySaver(serde=serializer()))
    said(app, JOY)
    other = said(app, ANGER, {"configurable": {"thread_id": "ben"}})
    assert other["affect"].turn == 1
    assert other["affect"].trend is None


def test_without_a_checkpointer_each_turn_stands_alone() -> None:
    app = talking(None)
    assert [said(app, text, None)["affect"].turn for text in (JOY, ANGER)] == [1, 1]


def test_what_nobody_said_has_no_affect() -> None:
    app = talking(InMemorySaver(serde=serializer()))
    said(app, ANGER)
    for message in (("ai", "Hm."), ("user", "  ")):
        assert app.invoke({"messages": [message]}, THREAD)["affect"] is None
    assert said(app, JOY)["affect"].turn == 2


def test_nothing_but_what_is_named_is_made_from_a_checkpoint(caplog: pytest.LogCaptureFixture) -> None:
    told = serializer()
    assert told.loads_typed(told.dumps_typed(WORDS)) != WORDS
    assert "Blocked" in caplog.text
    own = serializer(type(WORDS))
    assert own.loads_typed(own.dumps_typed(WORDS)) == WORDS


def recording(folder: Path, saver: Any) -> Any:
    """A graph of one node, ours."""
    graph = StateGraph(RecordingState)
    graph.add_node("episode", episode_node(folder, WORDS))
    graph.add_edge(START, "episode")
    return graph.compile(checkpointer=saver)


def test_a_recording_that_was_stopped_goes_on_inside(
    brief: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saver, stages = InMemorySaver(serde=serializer()), list[str]()

    def run(given: Any) -> None:
        told = recording(tmp_path, saver).stream(given, THREAD, stream_mode="custom", subgraphs=True)
        stages.extend(message["stage"] for _, message in told if "took" in message)

    with monkeypatch.context() as patched:
        patched.setattr("emoagent.graphs.episode.bind", _stop)
        with pytest.raises(KeyboardInterrupt):
            run({"source": str(brief)})
    assert set(stages) == {"probe", "hear", "watch"}
    run(None)
    assert stages[3:] == ["bind", "transcript", "opine", "judge", "audit"]
    trace = recording(tmp_path, saver).get_state(THREAD).values["trace"]
    assert isinstance(trace, Trace)
    assert [verdict.utterance for verdict in trace.verdicts] == ["u1", "u2", "u3"]


def test_a_file_that_cannot_be_used_and_a_place_that_forbids_it(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="no such file"):
        recording(tmp_path, None).invoke({"source": "/nowhere.mp4"})
    with pytest.raises(Refused):
        episode_node(tmp_path, load_settings(context="workplace"))


def test_the_documented_programs_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    for program in programs("integrations/langgraph.md"):
        exec(compile(program, "langgraph.md", "exec"), {"__name__": "__main__"})
    told = capsys.readouterr().out
    assert "1 joy" in told
    assert "2 anger" in told
    assert "Expressed emotion: anger" in told
    assert "audit: " in told
    assert "u4 anger" in told


def _count(state: Mine) -> dict[str, int]:
    return {"visits": state.get("visits", 0) + 1}


def _stop(*_: Any) -> None:
    raise KeyboardInterrupt
