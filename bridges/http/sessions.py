"""Conversations: begun with what the person has agreed to, looked at, and deleted for good."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from emoagent.affect import AffectTurn, Consent, TurnRecord
from emoagent.bridges.http.auth import Caller
from emoagent.bridges.http.errors import problems
from emoagent.bridges.http.server import Server
from emoagent.bridges.sessions.store import SessionInfo
from emoagent.errors import NoConsent
from emoagent.schema import Claim, Conflict, Evidence

NAME = r"^[A-Za-z0-9][A-Za-z0-9._:-]*$"
PAGE = 100
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
AGREED: JsonDict = {"text": True, "voice": True, "face": False}
SessionName = Annotated[str, Path(description="of a session", max_length=128, pattern=NAME, examples=["call-1"])]
TurnNumber = Annotated[int, Path(description="in the session, from 1", ge=1, le=2**31 - 1, examples=[1])]
ASK = 'ask the person, then send {"consent": {"text": true, "voice": …, "face": …}}'


class Agreed(BaseModel):
    """What the person has agreed to have analysed: words, voice, face. What is not named was not agreed to."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [AGREED]})
    text: bool = False
    voice: bool = False
    face: bool = False
    given: AwareDatetime | None = Field(default=None, ge=FIRST, le=LAST, description="when; default: now")

    def consent(self) -> Consent:
        """As it is kept. Raises `NoConsent` where it allows nothing."""
        if not (self.text or self.voice or self.face):
            raise NoConsent("the person has agreed to nothing, so nothing may be analysed", hint=ASK, where="consent")
        given = self.given.astimezone(UTC) if self.given else datetime.now(UTC)
        return Consent(text=self.text, voice=self.voice, face=self.face, given=given)


class NewSession(BaseModel):
    """A conversation to begin."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"id": "call-1", "consent": AGREED, "keep_days": 7}]}
    )
    id: str | None = Field(default=None, min_length=1, max_length=128, pattern=NAME, description="default: made up")
    consent: Agreed | None = Field(default=None, description="required")
    keep_days: float | None = Field(
        default=None, gt=0, le=36500, allow_inf_nan=False, description="days after the last use; default: the server's"
    )


class SessionView(BaseModel):
    """What is known of a session."""

    id: str
    consent: Consent
    created: datetime
    used: datetime
    keep_days: float | None = Field(description="days after the last use; null: until deleted")
    turns: int

    @classmethod
    def of(cls, info: SessionInfo) -> SessionView:
        """All but whose it is."""
        return cls(**{name: getattr(info, name) for name in cls.model_fields})


class SessionList(BaseModel):
    """The caller's sessions, last used first."""

    sessions: list[SessionView]


class Timeline(BaseModel):
    """Turns in order. `next`: what to ask as `after` for those that follow; null where there are no more."""

    turns: list[AffectTurn]
    next: int | None


class CitedClaim(BaseModel):
    """A sentence of the explanation with the evidence it points at."""

    text: str
    evidence: list[Evidence]


class Explanation(BaseModel):
    """Why a turn has its label."""

    turn: int
    label: str | None
    confidence: float | None
    reason: str | None = Field(description="why it abstained")
    explanation: str
    claims: list[CitedClaim]
    conflicts: list[Conflict]


def router(server: Server) -> APIRouter:
    """`/v1/sessions…`."""
    routes = APIRouter(prefix="/v1/sessions", tags=["sessions"])
    _lifecycle(routes, server)
    _reading(routes, server)
    return routes


def _lifecycle(routes: APIRouter, server: Server) -> None:
    store = server.analyzer.store

    @routes.post("", status_code=201, responses=problems(409), summary="Begin a session")
    def create(caller: Caller, new: NewSession) -> SessionView:
        """The person's consent is required: without it nothing is kept or analysed."""
        if new.consent is None:
            raise NoConsent("a session needs to know what the person has agreed to", hint=ASK, where="consent")
        now, keep = datetime.now(UTC), new.keep_days or server.config.keep_days
        name = new.id or secrets.token_urlsafe(16).lstrip("-_") or "s"
        return SessionView.of(store.create(SessionInfo(
            id=name, owner=caller.owner, consent=new.consent.consent(), created=now, used=now, keep_days=keep
        )))  # fmt: skip

    @routes.get("", responses=problems(), summary="The caller's sessions")
    def own(caller: Caller, limit: Annotated[int, Query(ge=1, le=1000)] = PAGE) -> SessionList:
        """Last used first."""
        return SessionList(sessions=[SessionView.of(info) for info in store.sessions(caller.owner, limit)])

    @routes.get("/{session}", responses=problems(404), summary="One session")
    def one(caller: Caller, session: SessionName) -> SessionView:
        """What has been agreed to, how long it is kept, how many turns it has."""
        return SessionView.of(store.get(session, caller.owner))

    @routes.put("/{session}/consent", responses=problems(404), summary="Change the consent")
    def agree(caller: Caller, session: SessionName, agreed: Agreed) -> SessionView:
        """Counts from the next turn on. To take it all back, delete the session."""
        return SessionView.of(server.analyzer.get(session, caller.owner).agree(agreed.consent()))

    @routes.delete("/{session}", status_code=204, responses=problems(404), summary="Delete a session for good")
    def delete(caller: Caller, session: SessionName) -> None:
        """Its turns and all that was remembered of it are gone from the database's files."""
        server.analyzer.get(session, caller.owner).delete()


def _reading(routes: APIRouter, server: Server) -> None:
    store = server.analyzer.store

    @routes.get("/{session}/turns", responses=problems(404), summary="The timeline")
    def turns(
        caller: Caller, session: SessionName, after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = PAGE,
    ) -> Timeline:  # fmt: skip
        """In order, page by page."""
        store.get(session, caller.owner)
        found = [record.affect for record in store.turns(session, after, limit + 1)]
        page = found[:limit]
        return Timeline(turns=page, next=page[-1].turn if len(found) > limit else None)

    @routes.get("/{session}/turns/{turn}", responses=problems(404), summary="All that is known of a turn")
    def record(caller: Caller, session: SessionName, turn: TurnNumber) -> TurnRecord:
        """Evidence, what each modality says, conflicts, the verdict. No sound, no picture."""
        store.get(session, caller.owner)
        return store.turn(session, turn)

    @routes.get("/{session}/turns/{turn}/explanation", responses=problems(404), summary="Why a turn has its label")
    def explanation(caller: Caller, session: SessionName, turn: TurnNumber) -> Explanation:
        """Every sentence with the evidence it points at."""
        store.get(session, caller.owner)
        return explained(store.turn(session, turn))


def explained(record: TurnRecord) -> Explanation:
    """The reasons of a turn, from its record."""
    affect, by_id = record.affect, {item.id: item for item in record.evidence}
    return Explanation(
        turn=affect.turn, label=affect.label, confidence=affect.confidence, reason=affect.reason,
        explanation=affect.explanation, claims=[_cited(claim, by_id) for claim in record.verdict.claims],
        conflicts=list(record.conflicts),
    )  # fmt: skip


def _cited(claim: Claim, by_id: dict[str, Evidence]) -> CitedClaim:
    return CitedClaim(text=claim.text, evidence=[by_id[name] for name in claim.cites if name in by_id])
