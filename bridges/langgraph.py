"""LangGraph: our graphs as parts of somebody's graph, with that graph's checkpointer.

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from emoagent.bridges.langgraph import TurnState, last_message, serializer, turn_subgraph

graph = StateGraph(TurnState)
graph.add_node("listen", last_message)
graph.add_node("affect", turn_subgraph())
graph.add_edge(START, "listen")
graph.add_edge("listen", "affect")
app = graph.compile(checkpointer=InMemorySaver(serde=serializer()))
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Protocol, TypedDict

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.graph.message import add_messages

from emoagent import schema
from emoagent.affect import AffectTurn
from emoagent.analysis import allow
from emoagent.assembly import assemble
from emoagent.graphs.episode import episode_graph
from emoagent.graphs.state import Environment, Episode, Task
from emoagent.graphs.turn import TurnGraph, record_types, turn_graph
from emoagent.graphs.turn_state import Heard
from emoagent.profiles import hearing_of, open_backends
from emoagent.settings import Settings, load_settings
from emoagent.tools.digest import sha256_of
from emoagent.tools.language.journal import calls_in
from emoagent.tools.media.files import check_file
from emoagent.tools.workspace import Workspace


class Node(Protocol):
    """A function that is a node, for a state with the keys of `RecordingState`."""

    def __call__(self, state: Any) -> dict[str, Any]:
        """What changes in the state."""
        ...


class TurnState(TypedDict, total=False):
    """What a graph needs in its state to have `turn_subgraph` as a node: `heard` goes in, `affect` comes out."""

    messages: Annotated[list[Any], add_messages]
    heard: Heard | None
    affect: AffectTurn | None


class RecordingState(TypedDict, total=False):
    """The same for `episode_node`: the path of a media file goes in, its trace comes out."""

    source: str
    trace: schema.Trace | None


def turn_subgraph() -> TurnGraph:
    """The graph of a turn as a node. It remembers the conversation in the checkpointer of the graph around it, thread
    by thread; without one, each turn stands alone. It judges words; sound and frames need a `TurnAnalyzer`."""
    graph: TurnGraph = turn_graph().copy({"checkpointer": True})
    return graph


def last_message(state: TurnState) -> TurnState:
    """A node that goes before it: hears the last message if the user wrote it. The message stays as it is."""
    messages = state.get("messages")
    message = messages[-1] if messages else None
    if message is None or message.type != "human" or not message.text.strip():
        return {"heard": None, "affect": None}
    return {"heard": Heard(text=message.text[:4000], turn_id=message.id or "")}


def serializer(*also: type) -> JsonPlusSerializer:
    """For a checkpointer, e.g. `InMemorySaver(serde=serializer())`: reads our records, messages, and the classes `also`
    that your own state holds; of any others it makes nothing, for what a checkpoint names would be run."""
    named = [(each.__module__, each.__name__) for each in (Episode, Task, *also)]
    return JsonPlusSerializer(allowed_msgpack_modules=[*record_types(), *named])


def episode_node(folder: Path, settings: Settings | None = None) -> Node:
    """A node that analyses `state["source"]` by the graph of an episode, as a part of the graph around it: its stages
    are streamed (`subgraphs=True`) and checkpointed there, and a run that was stopped goes on inside it.

    `folder`: where what is decoded lies meanwhile, for each file by its content; remove it when you are through.
    Raises `MediaError`, `Refused`, and what `open_backends` raises.
    """
    told = settings or load_settings()
    allow(told)
    graph = episode_graph()

    def episode(state: Any) -> dict[str, Any]:
        space = _workspace(Path(state["source"]), folder)
        around = Environment(space, told, open_backends(told, space.folder), hearing_of(told))
        values = graph.invoke(Episode(), context=around)
        return {"trace": assemble(Episode(**values), told, calls_in(space.folder))}

    return episode


def _workspace(source: Path, folder: Path) -> Workspace:
    check_file(source)
    digest = sha256_of(source)
    place = folder / digest[:16]
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Workspace(source.resolve(), place, digest)
