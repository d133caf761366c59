"""What travels through the graph of an episode: records and names only. Media stays in the workspace."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import add, or_
from typing import Annotated

from emoagent.schema import (
    Audit,
    Clip,
    Conflict,
    Contribution,
    Evidence,
    Fault,
    Model,
    Opinion,
    Person,
    Utterance,
    Verdict,
)
from emoagent.settings import Settings
from emoagent.tools.language.backends import Backends
from emoagent.tools.words.hearing import Hearing
from emoagent.tools.workspace import Workspace


@dataclass
class Episode:
    """The state of one run. Lists grow by what each node adds; the rest is replaced."""

    agents: tuple[str, ...] = ()
    clip: Clip | None = None
    utterances: tuple[Utterance, ...] = ()
    people: tuple[Person, ...] = ()
    evidence: Annotated[list[Evidence], add] = field(default_factory=list)
    opinions: Annotated[list[Opinion], add] = field(default_factory=list)
    conflicts: tuple[Conflict, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    baseline: tuple[Verdict, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    audits: tuple[Audit, ...] = ()
    faults: Annotated[list[Fault], add] = field(default_factory=list)
    models: Annotated[list[Model], add] = field(default_factory=list)
    notes: Annotated[dict[str, str], or_] = field(default_factory=dict)


@dataclass
class Task:
    """What one perception agent is sent: its name, never a function, so that every checkpointer can store it."""

    agent: str
    clip: Clip
    utterances: tuple[Utterance, ...]


@dataclass(frozen=True)
class Environment:
    """What a run is surrounded by; it is handed to the nodes and never stored."""

    workspace: Workspace
    settings: Settings
    backends: Backends = field(default_factory=Backends)
    hearing: Hearing = field(default_factory=Hearing)
