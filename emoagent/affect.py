"""What a chatbot gets of one turn of a conversation: the expressed emotion as a small, closed, typed record.

Like the records of a trace (`emoagent.schema`), these are frozen and refuse unknown fields. A modality that is not
there, or comes too late, is masked: its vote abstains and says why. An abstained turn has no label, and never a
neutral one instead.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from emoagent.schema import (
    Conflict,
    Distribution,
    Evidence,
    Modality,
    Opinion,
    Probability,
    Record,
    Signed,
    Utterance,
    Verdict,
)

AFFECT_VERSION: Literal["1.0"] = "1.0"
EXPLANATION = 240  # characters, at most
USER, ASSISTANT = "user", "assistant"

Milliseconds = Annotated[float, Field(ge=0, allow_inf_nan=False, description="milliseconds")]
Sense = Literal["text", "voice", "face"]
SENSES: tuple[Sense, ...] = ("text", "voice", "face")


class Vote(Record):
    """What one modality alone says of the turn. Abstained: no label, and a reason."""

    modality: Modality
    label: str | None = None
    distribution: Distribution = Field(default_factory=dict)
    quality: Probability | None = Field(default=None, description="mean reliability of the evidence it rests on")
    abstained: bool = False
    reason: str | None = Field(default=None, description="why it abstained, e.g. late, not given, no consent")

    @model_validator(mode="after")
    def _abstains_or_speaks(self) -> Self:
        if self.abstained == (self.label is not None):
            raise ValueError("a vote either abstains or has a label")
        return self


class Trend(Record):
    """Against the same person's last turns that have a label."""

    turns: int = Field(ge=1, description="how many earlier turns are compared, at most three")
    valence: Signed | None = Field(description="this turn's minus the mean of those, halved: -1 to 1")
    arousal: Signed | None = Field(description="the same for arousal")
    before: str = Field(description="the label of the last of them")
    changed: bool = Field(description="whether this turn's label is another one")


class Latency(Record):
    """Where the time of a turn went, measured from when its input was complete."""

    total: Milliseconds
    deadline: Milliseconds
    stages: dict[str, Milliseconds] = Field(default_factory=dict, description="e.g. text, voice, face, judge, store")
    late: tuple[Sense, ...] = Field(default=(), description="what was not ready at the deadline")


class Revision(Record):
    """An earlier turn judged again, with what came too late for it. `before`: its label until now."""

    turn: int = Field(ge=1)
    arrived: tuple[Sense, ...]
    before: str | None
    label: str | None
    confidence: Probability | None = None
    votes: tuple[Vote, ...] = ()


class AffectTurn(Record):
    """The expressed emotion of one turn, as a viewer would label it; metadata beside the user's words, never in them.

    `late` holds earlier turns of the session that were judged again since the last turn was given.
    """

    schema_version: Literal["1.0"] = AFFECT_VERSION
    session: str
    turn: int = Field(ge=1, description="number in the session, from 1")
    turn_id: str = Field(description="the caller's own, else made up; the same id again gives the same turn")
    person: str = USER
    label: str | None
    distribution: Distribution = Field(default_factory=dict)
    confidence: Probability | None = Field(default=None, description="calibrated probability that the label is right")
    valence: Signed | None = None
    arousal: Signed | None = None
    open_labels: tuple[str, ...] = ()
    abstained: bool = False
    reason: str | None = Field(default=None, description="why it abstained")
    votes: tuple[Vote, ...] = ()
    conflict: Conflict | None = Field(default=None, description="the strongest one; both hypotheses are in it")
    trend: Trend | None = None
    evidence: tuple[str, ...] = Field(default=(), description="ids of the evidence that the explanation cites")
    explanation: str = Field(default="", max_length=EXPLANATION)
    models: tuple[str, ...] = Field(default=(), description="name@revision of what judged and perceived")
    label_set: str = "meld7"
    latency: Latency
    late: tuple[Revision, ...] = ()

    @model_validator(mode="after")
    def _label_or_reason(self) -> Self:
        if self.abstained == (self.label is not None):
            raise ValueError("a turn has a label, or abstains")
        if self.abstained and not self.reason:
            raise ValueError("a turn that abstains says why")
        return self


class TurnRecord(Record):
    """All that is known of one turn: what is stored, and what an explanation is given from. No sound, no picture, and
    nothing that would tell a person again by voice or face."""

    utterance: Utterance
    evidence: tuple[Evidence, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    verdict: Verdict
    affect: AffectTurn


class Consent(Record):
    """What the person has agreed to have analysed, and when they said so."""

    text: bool = False
    voice: bool = False
    face: bool = False
    given: datetime | None = Field(default=None, description="UTC; None: nobody was asked")

    def allows(self, sense: Sense) -> bool:
        """Whether `sense` may be used."""
        return bool(getattr(self, sense))
