"""One turn in, the affect out. The routes run in threads, so that the server goes on answering meanwhile."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from emoagent.affect import ASSISTANT, AffectTurn, Sense
from emoagent.bridges.http.auth import Caller, Identity
from emoagent.bridges.http.errors import problems
from emoagent.bridges.http.server import Server
from emoagent.bridges.http.sessions import NAME, SessionName
from emoagent.bridges.http.turn_input import FRAMES, TEXT, TurnInput, decoded, frames_in, pcm, sound_file, sound_in
from emoagent.bridges.session import Session
from emoagent.bridges.turn_input import refuse_media, require
from emoagent.errors import UsageError
from emoagent.tools.media.frame import Frame
from emoagent.tools.media.sound import Sound


class ReplyInput(BaseModel):
    """What the bot said: it is what the next turn answers to, and has no affect of its own."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": "Congratulations!"}]})
    text: str = Field(min_length=1, max_length=TEXT, pattern=r"^[^\x00]*$")
    person: str = Field(default=ASSISTANT, min_length=1, max_length=64, pattern=NAME)


def router(server: Server) -> APIRouter:
    """`/v1/turns`, `/v1/turns/upload`, `/v1/sessions/{session}/replies`."""
    routes = APIRouter(tags=["turns"])
    _taking(routes, server)
    _uploading(routes, server)

    @routes.post(
        "/v1/sessions/{session}/replies", status_code=204, responses=problems(404), summary="What the bot said"
    )
    def reply(caller: Caller, session: SessionName, said: ReplyInput) -> None:
        """So that the next turn is understood as an answer to it."""
        with server.turns.place():
            server.analyzer.get(session, caller.owner).reply(said.text, person=said.person)

    return routes


def _taking(routes: APIRouter, server: Server) -> None:
    @routes.post("/v1/turns", responses=problems(404, 409), summary="One turn, as JSON")
    def turn(caller: Caller, given: TurnInput) -> AffectTurn:
        """Words, sound and frames of one turn; what is not there, not agreed to or late abstains, and says why."""
        with server.turns.place():
            session = entered(server, caller, given, audio=given.audio is not None, frames=bool(given.frames))
            return taken(session, given, sound_in(given.audio) if given.audio else None, frames_in(given.frames))


def _uploading(routes: APIRouter, server: Server) -> None:
    @routes.post("/v1/turns/upload", responses=problems(404, 409), summary="One turn, as a form with files")
    def upload(
        caller: Caller,
        given: Annotated[str, Form(description="the JSON of /v1/turns, without audio and frames", max_length=1 << 16)],
        audio: Annotated[UploadFile | None, File(description="a sound file")] = None,
        rate: Annotated[int | None, Form(ge=4000, le=384_000, description="of raw 16-bit samples, mono")] = None,
        frames: Annotated[list[UploadFile] | None, File(description="pictures")] = None,
        times: Annotated[str, Form(description="their times in seconds, with commas", max_length=1 << 14)] = "",
    ) -> AffectTurn:
        """The same, without base64."""
        told = _read(given)
        with server.turns.place():
            session = entered(server, caller, told, audio=audio is not None, frames=bool(frames))
            data = audio.file.read() if audio else None
            sound = None if data is None else pcm(data, rate) if rate else sound_file(data)
            return taken(session, told, sound, _pictures(frames or [], times))


def entered(server: Server, caller: Identity, given: TurnInput, *, audio: bool, frames: bool) -> Session:
    """The session of a turn. What may not be used is not even decoded: raises `NotFound`, `NoConsent`, `Refused`."""
    session = server.analyzer.get(given.session, caller.owner)
    media = list[Sense]()
    if audio:
        media.append("voice")
    if frames:
        media.append("face")
    refuse_media(server.analyzer.settings, media)
    for sense in media:
        require(session.info.consent, sense)
    return session


def taken(session: Session, given: TurnInput, sound: Sound | None, frames: list[Frame]) -> AffectTurn:
    """The affect of a turn."""
    return session.turn(
        given.text, sound, frames, person=given.person, turn_id=given.turn_id, deadline=given.deadline
    )  # fmt: skip


def _read(given: str) -> TurnInput:
    from fastapi.exceptions import RequestValidationError
    from pydantic import ValidationError

    try:
        found = TurnInput.model_validate_json(given)
    except ValidationError as error:
        raise RequestValidationError([{**e, "loc": ("given", *e["loc"])} for e in error.errors()]) from None
    if found.audio or found.frames:
        raise UsageError("sound and frames are files of the form", hint="or POST /v1/turns", where="given")
    return found


def _pictures(files: list[UploadFile], times: str) -> list[Frame]:
    shown = _times(times)
    if len(files) > FRAMES or len(files) != len(shown):
        problem = f"{len(files)} frames and {len(shown)} times"
        raise UsageError(problem, hint=f"a time for each frame, at most {FRAMES}", where="times")
    pairs = sorted(zip(shown, files, strict=True), key=lambda pair: pair[0])
    return decoded((time, file.file.read()) for time, file in pairs)


def _times(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise UsageError("a time is no number", hint="seconds, with commas: 0,0.2,0.4", where="times") from None
