"""What travels through the graph of a turn: records only. Sound and pictures stay outside, in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from pydantic import Field

from emoagent.affect import SENSES, AffectTurn, Milliseconds, Revision, Sense, TurnRecord
from emoagent.agents.case import Turn
from emoagent.schema import Evidence, Fault, Opinion, Record, Span, Utterance, Verdict
from emoagent.settings import Settings, load_settings

REMEMBERED = 12  # turns, of both sides, that later ones are judged with
LATE = "late"  # why a sense is missing that was not ready at the deadline
UNTOLD = 20  # revisions that wait for somebody to tell


class Perceived(Record):
    """What one sense gave of a turn. Without an opinion: `missing` says why, e.g. late. `heard`: the
    utterance with its words, where they were heard rather than given."""

    sense: Sense
    evidence: tuple[Evidence, ...] = ()
    opinion: Opinion | None = None
    heard: Utterance | None = None
    missing: str | None = None
    faults: tuple[Fault, ...] = ()
    took: Milliseconds = 0.0


class Past(Record):
    """A turn that is remembered, of either side. `turn` is 0 for what was answered, which is not judged."""

    turn: int = Field(ge=0)
    utterance: Utterance
    verdict: Verdict
    quoted: tuple[str, ...] = ()

    def as_turn(self) -> Turn:
        """As a reasoner is shown it."""
        return Turn(self.utterance, self.verdict, self.quoted)


class Arrival(Record):
    """What came too late for the turn of `record`."""

    record: TurnRecord
    perceived: tuple[Perceived, ...]


class Heard(Record):
    """A turn as it comes in. `span` is on the session's clock; `None` where nobody knows. `given`: what there is to
    perceive; `refused`: what the person has not agreed to."""

    text: str | None = None
    person: str = "user"
    turn_id: str = ""
    session: str = ""
    span: Span | None = None
    given: tuple[Sense, ...] = ("text",)
    refused: tuple[Sense, ...] = ()


@dataclass
class Conversation:
    """The state of a session. `heard`, `replied` and `arrived` come in anew with each run; `affect`, `record` and
    `revised` are what came of it; the rest is its memory: the last turns, how many there were, what is to be told."""

    heard: Heard | None = None
    replied: tuple[Utterance, ...] = ()
    arrived: tuple[Arrival, ...] = ()
    utterance: Utterance | None = None
    text: Perceived | None = None
    voice: Perceived | None = None
    face: Perceived | None = None
    past: tuple[Past, ...] = ()
    turns: int = 0
    late: tuple[Revision, ...] = ()
    revised: tuple[TurnRecord, ...] = ()
    record: TurnRecord | None = None
    affect: AffectTurn | None = None

    def perceived(self) -> tuple[Perceived, ...]:
        """What the senses gave, in a fixed order."""
        return tuple(found for sense in SENSES if (found := getattr(self, sense)) is not None)


Perceiving = Callable[[Utterance, Sequence[Utterance]], Future[Perceived]]
"""Starts to perceive an utterance by one sense, shown those before it, oldest first; does not wait."""


@dataclass(frozen=True)
class Surroundings:
    """What a turn is surrounded by; it is handed to the nodes and never stored.

    `began` and `deadline`: seconds on the clock of `time.perf_counter`. `began`: when the input was complete.
    `allowed`: seconds from then to the deadline, for the record.
    """

    settings: Settings = field(default_factory=load_settings)
    senses: Mapping[Sense, Perceiving] = field(default_factory=dict)
    began: float | None = None
    deadline: float | None = None
    allowed: float = 0.0
