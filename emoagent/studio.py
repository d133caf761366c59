"""The graphs of an episode and of a turn for LangGraph's own development tools (`langgraph dev`, named by
langgraph.json): the same nodes and edges, with surroundings and input that fit into a form. No command comes here."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from langgraph.graph import END, START, StateGraph

from emoagent.bridges.langgraph import TurnState, last_message, turn_subgraph
from emoagent.graphs.episode import episode_graph
from emoagent.profiles import hearing_of, open_backends
from emoagent.settings import Settings, load_settings
from emoagent.tools.digest import sha256_of
from emoagent.tools.language.backends import Backends
from emoagent.tools.media.files import check_file
from emoagent.tools.words.hearing import Hearing
from emoagent.tools.workspace import Workspace


@dataclass
class Studio:
    """What one says of a run. `source`: path of a media file on the machine of the server. `agents`: perception agents,
    with commas; empty for all. Everything else comes from `EMOAGENT_*` and emoagent.toml, as on the command line."""

    source: str = "samples/dialogue.mp4"
    agents: str = ""

    @cached_property
    def settings(self) -> Settings:
        """Raises `UsageError`."""
        return load_settings(agents=self.agents or None)

    @cached_property
    def workspace(self) -> Workspace:
        """A folder for the file's content among the temporary files. Raises `MediaError`."""
        source = Path(self.source).expanduser()
        check_file(source)
        digest = sha256_of(source)
        folder = Path(tempfile.gettempdir()) / "emoagent-studio" / digest[:16]
        folder.mkdir(parents=True, exist_ok=True)
        return Workspace(source.resolve(), folder, digest)

    @cached_property
    def backends(self) -> Backends:
        """The generative models that the settings name. Raises as `emoagent.profiles.generators`."""
        return open_backends(self.settings, self.workspace.folder)

    @cached_property
    def hearing(self) -> Hearing:
        """What a recogniser is told."""
        return hearing_of(self.settings)


episode = episode_graph(surroundings=Studio)
turn = (
    StateGraph(TurnState)
    .add_node("listen", last_message)
    .add_node("affect", turn_subgraph())
    .add_edge(START, "listen")
    .add_edge("listen", "affect")
    .add_edge("affect", END)
    .compile(name="turn")
)
