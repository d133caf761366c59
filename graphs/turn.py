"""The graph of one turn of a conversation.

    remember ─┬▶ text ──┬▶ judge
              ├▶ voice ─┤
              └▶ face ──┘

`remember` takes in what was answered meanwhile and what came too late for earlier turns, which are then judged again.
The senses are asked at the same time; at the deadline the graph goes on without those that are late. Its state holds
data only, so it can be part of another graph, and its checkpoints are what is remembered of the conversation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as TooLate
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from emoagent import affect, schema
from emoagent.affect import SENSES, Sense
from emoagent.agents.registry import blind
from emoagent.graphs import turn_state
from emoagent.graphs.stage import Update, tell
from emoagent.graphs.turn_judge import before, judge_turn, remembered
from emoagent.graphs.turn_state import LATE, Conversation, Heard, Perceived, Surroundings
from emoagent.graphs.turn_text import by_text
from emoagent.schema import Record, Span, Utterance
from emoagent.tools.telemetry import span

TurnGraph = CompiledStateGraph[Conversation, Surroundings, Any, Any]
PAUSE = 5.0  # seconds between two turns, where nobody knows


def turn_graph(saver: BaseCheckpointSaver[Any] | None = None) -> TurnGraph:
    """The compiled graph. Run it with `{"heard": Heard(text=…)}`; with no `context`, words alone are analysed and
    waited for. `saver` may be the checkpointer of a larger graph."""
    graph: StateGraph[Conversation, Surroundings, Any, Any] = StateGraph(Conversation, context_schema=Surroundings)
    graph.add_node("remember", _remember)
    for sense in SENSES:
        graph.add_node(sense, _asking(sense))
        graph.add_edge(sense, "judge")
    graph.add_node("judge", _judge)
    graph.add_edge(START, "remember")
    graph.add_conditional_edges("remember", _to_ask, [*SENSES, "judge", END])
    graph.add_edge("judge", END)
    return graph.compile(checkpointer=saver and saver.with_allowlist(record_types()), name="turn")


def record_types() -> list[tuple[str, str]]:
    """The module and name of each class that a checkpoint may hold; a saver reads no other."""
    found = [value for module in (schema, affect, turn_state) for value in vars(module).values()]
    return [(c.__module__, c.__name__) for c in found if isinstance(c, type) and issubclass(c, Record)]


def surroundings_of(runtime: Runtime[Surroundings]) -> Surroundings:
    """Those of this run; where it is part of another graph with a context of its own, the usual ones."""
    return runtime.context if isinstance(runtime.context, Surroundings) else Surroundings()


def _remember(state: Conversation, runtime: Runtime[Surroundings]) -> Update:
    update = remembered(state, surroundings_of(runtime).settings)
    utterance = _utterance(state, state.heard, update["past"]) if state.heard else None
    return {**update, "replied": (), "arrived": (), "utterance": utterance}


def _utterance(state: Conversation, heard: Heard, past: Sequence[turn_state.Past]) -> Utterance:
    last = past[-1].utterance.span.end + PAUSE if past else 0.0
    return Utterance(
        id=f"t{state.turns + 1}",
        person=heard.person,
        span=heard.span or Span(start=last, end=last),
        text=heard.text or "",
        source="chat",
    )


def _to_ask(state: Conversation) -> Sequence[str]:
    if state.heard is None:
        return [END]
    return [sense for sense in SENSES if sense in state.heard.given] or ["judge"]


def _asking(sense: Sense) -> Callable[..., Update]:
    def node(state: Conversation, runtime: Runtime[Surroundings]) -> Update:
        assert state.utterance is not None
        utterance = state.utterance if sense == "text" else blind(state.utterance)
        with span(f"sense {sense}", {"emoagent.sense": sense}) as note:
            perceived = _asked(sense, utterance, before(state.past), surroundings_of(runtime))
            tell(note, {"evidence": perceived.evidence, "faults": perceived.faults})
            note.tell({"emoagent.sense.late": perceived.missing == LATE})
        return {sense: perceived}

    node.__name__ = sense
    return node


def _asked(sense: Sense, utterance: Utterance, earlier: Sequence[Utterance], around: Surroundings) -> Perceived:
    start = around.senses.get(sense)
    if start is None:
        return by_text(utterance, earlier) if sense == "text" else Perceived(sense=sense, missing="not given")
    under_way = start(utterance, earlier)
    try:
        return under_way.result(_left(around))
    except TooLate:
        return Perceived(sense=sense, missing=LATE)


def _left(around: Surroundings) -> float | None:
    """Seconds to the deadline; `None` where there is none."""
    return None if around.deadline is None else max(0.0, around.deadline - time.perf_counter())


def _judge(state: Conversation, runtime: Runtime[Surroundings]) -> Update:
    return judge_turn(state, surroundings_of(runtime))
