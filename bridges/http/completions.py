"""The chat-completions protocol (OpenAI's), passed through to a model's server; the affect of the user's turn is added.

The model is sent what the caller sent, byte for byte, unless there is something in it for us (keys of `metadata`),
or the server is set to add a note. Trouble with the affect never keeps the model's answer from coming: it is told
beside it, as `affect_error`. Without a model's server, the reply shows the affect.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from emoagent.affect import AffectTurn
from emoagent.bridges import wording
from emoagent.bridges.http.auth import Caller, Identity
from emoagent.bridges.http.completion_turn import UserTurn, noted, turn_of, without_ours
from emoagent.bridges.http.completion_wire import EMBEDDED, NoAnswer, Said, embedded, spliced, with_fields
from emoagent.bridges.http.errors import Problem, internal, problems
from emoagent.bridges.http.limits import AtOnce
from emoagent.bridges.http.server import Server
from emoagent.bridges.http.upstream import Failed, Upstream, kept
from emoagent.errors import EmoagentError, NoConsent, UsageError
from emoagent.settings import FORBIDDEN_CONTEXTS

if TYPE_CHECKING:
    from emoagent.bridges.session import Session

STREAM = "text/event-stream"
AGREE = "ask the person, then PUT /v1/sessions/{session}/consent"


class Message(BaseModel):
    """One message; what we do not know of it is passed on."""

    model_config = ConfigDict(extra="allow")
    role: str = Field(max_length=64, examples=["user"])


class ChatRequest(BaseModel):
    """A request of the protocol; what we do not know of it is passed on.

    The session is named by the header `X-Emoagent-Session` or by `metadata.emoagent_session`, the turn, if at all, by
    `X-Emoagent-Turn` or `metadata.emoagent_turn`. `X-Emoagent-Camera: true` or `metadata.emoagent_camera` says that
    attached pictures show the user; others are not looked at. `X-Emoagent-Deadline` or `metadata.emoagent_deadline`:
    seconds within which the turn is judged."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "model": EMBEDDED,
                    "messages": [{"role": "user", "content": "I won, can you believe it?"}],
                    "metadata": {"emoagent_session": "call-1"},
                }
            ]
        },
    )
    model: str = Field(default=EMBEDDED, max_length=512)
    messages: list[Message] = Field(min_length=1, max_length=10_000)
    stream: bool | None = None


class ChatAnswer(BaseModel):
    """The model's answer, and two more fields: one of them is null."""

    model_config = ConfigDict(extra="allow")
    affect: AffectTurn | None = Field(
        description="of the user's last message; null: see `affect_error`, or it was none"
    )
    affect_error: Problem | None


@dataclass(frozen=True)
class Found:
    """The affect of a turn, or why there is none; neither where nobody has said anything."""

    affect: AffectTurn | None = None
    error: dict[str, str] | None = None
    session: Session | None = None

    def fields(self) -> dict[str, Any]:
        """What is added to the answer."""
        affect = self.affect and self.affect.model_dump(mode="json")
        return {"affect": affect, "affect_error": self.error}

    async def replied(self, text: str) -> None:
        """Remembers what was answered, so that the next turn is understood as an answer to it."""
        if self.session is not None and text.strip():
            with suppress(EmoagentError):  # e.g. the session has been deleted meanwhile: there is nothing to remember
                await run_in_threadpool(self.session.reply, text)


def router(server: Server) -> APIRouter:
    """`/v1/chat/completions` and `/v1/models`."""
    routes, passing = APIRouter(tags=["completions"]), Passing(server)
    answers: dict[int | str, dict[str, Any]] = {200: {"model": ChatAnswer, "content": {STREAM: {}}}}

    @routes.post("/v1/chat/completions", responses={**problems(404, 409, 415, 502, 503, 504), **answers},
                 summary="A chat completion, with the affect of the user's turn")  # fmt: skip
    async def complete(caller: Caller, asked: ChatRequest, request: Request) -> Response:
        """As the model's server answers, with `affect` beside it; in a stream, an event of its own before the last.
        What the person has not agreed to in the session is not analysed."""
        return await passing.complete(caller, request, stream=bool(asked.stream))

    @routes.get("/v1/models", responses=problems(404, 502, 503, 504), summary="The models there are")
    async def models() -> Response:
        """As the model's server lists them."""
        return await passing.models()

    return routes


class Passing:
    """What stands between a caller and the model's server."""

    def __init__(self, server: Server) -> None:
        config = server.config
        key = config.upstream_key.get_secret_value() if config.upstream_key else None
        self.server = server
        self.upstream = Upstream(config.upstream_url, key, config.upstream_timeout) if config.upstream_url else None
        self.at_once = AtOnce(config.upstream_at_once, "chat completions")

    async def models(self) -> Response:
        """The list, as it comes."""
        if self.upstream is None:
            listed = {
                "object": "list",
                "data": [{"id": EMBEDDED, "object": "model", "created": 0, "owned_by": "emoagent"}],
            }
            return Response(json.dumps(listed), media_type="application/json")
        try:
            body, headers = await self.upstream.whole("/models")
        except Failed as error:
            return error.response()
        return Response(body, media_type="application/json", headers=headers)

    async def complete(self, caller: Identity, request: Request, *, stream: bool) -> Response:
        """The answer to one request. Raises `TooMany`."""
        raw = await request.body()
        asked: dict[str, Any] = await request.json()  # as it has been read for the check
        async with AsyncExitStack() as held:
            held.enter_context(self.at_once.place())
            finding = asyncio.create_task(self._found(caller, asked, request))
            held.push_async_callback(_settled, finding)
            if self.upstream is None:
                return _by_itself(await finding, stream=stream)
            try:
                return await self._passed(self.upstream, await self._body(raw, asked, finding), finding, held, stream)
            except Failed as error:
                return error.response()
            except httpx.HTTPError as error:
                return self.upstream.failed(error).response()
        raise AssertionError("an exit stack hides no error")

    async def _passed(
        self, upstream: Upstream, body: bytes, finding: asyncio.Task[Found], held: AsyncExitStack, stream: bool
    ) -> Response:
        """Raises `Failed`, `httpx.HTTPError`."""
        if not stream:
            return await _whole(await upstream.whole("/chat/completions", body), await finding)
        answer = await held.enter_async_context(upstream.asked("/chat/completions", body))
        if STREAM not in answer.headers.get("content-type", ""):
            return await _whole((await answer.aread(), kept(answer)), await finding)
        return Streamed(_pieces(upstream, answer, finding), held.pop_all(), kept(answer))

    async def _body(self, raw: bytes, asked: dict[str, Any], finding: asyncio.Task[Found]) -> bytes:
        """What the model's server is sent: what came, but for what is ours, and with a note where that is set.
        Raises `UsageError`."""
        changed = without_ours(asked)
        if self.server.config.upstream_note and (found := await finding).affect is not None:
            changed = noted(changed or asked, wording.note(found.affect))
        try:
            return raw if changed is None else json.dumps(changed).encode()
        except RecursionError as error:
            raise UsageError("the request is nested too deeply", hint="send less", where="body") from error

    async def _found(self, caller: Identity, asked: dict[str, Any], request: Request) -> Found:
        """The affect of the user's turn; trouble with it is told, not raised."""
        try:
            turn = turn_of(asked, request.headers)
            return Found() if turn is None else await run_in_threadpool(self._analysed, caller, turn)
        except EmoagentError as error:
            return Found(error=error.envelope())
        except Exception as error:
            return Found(error=json.loads(bytes(internal(error).body)))

    def _analysed(self, caller: Identity, turn: UserTurn) -> Found:
        """What may not be used is not even decoded."""
        analyzer = self.server.analyzer
        session = analyzer.get(turn.session, caller.owner)
        agreed, allowed = session.info.consent, analyzer.settings.context not in FORBIDDEN_CONTEXTS
        with self.server.turns.place():
            text = turn.text if agreed.text else None
            sound = turn.sound() if agreed.voice and allowed else None
            frames = turn.frames() if agreed.face and allowed else []
            if text is None and sound is None and not frames and turn.holds_anything:
                raise NoConsent("nothing of this may be analysed", hint=AGREE, where="session")
            affect = session.turn(text, sound, frames, turn_id=turn.turn_id, deadline=turn.deadline)
            return Found(affect, session=session)


class Streamed(StreamingResponse):
    """A stream that gives back what it `held` however it ends, also where nobody is there to read its beginning."""

    def __init__(self, pieces: AsyncIterator[bytes], held: AsyncExitStack, headers: dict[str, str]) -> None:
        super().__init__(pieces, media_type=STREAM, headers=headers)
        self.held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        async with self.held:
            await super().__call__(scope, receive, send)


def _by_itself(found: Found, *, stream: bool) -> Response:
    """The reply without a model: the affect, or why there is none. It is no part of the conversation: words of ours for
    what the last turn expresses would be read into the next."""
    if found.affect is not None:
        text = wording.reply(found.affect)
    else:
        text = _sentences(found.error) if found.error else "Nobody has said anything new."
    body = embedded(text, found.fields(), stream=stream)
    return Response(body, media_type=STREAM if stream else "application/json")


def _sentences(error: dict[str, str]) -> str:
    told = (error["message"], error["hint"])
    return " ".join(f"{part[0].upper()}{part[1:]}." for part in told if part)


async def _whole(answer: tuple[bytes, dict[str, str]], found: Found) -> Response:
    """The answer in one piece, with our fields at its end. Raises `Failed`."""
    body, headers = answer
    said = Said()
    said.whole(body)
    try:
        whole = with_fields(body, found.fields())
    except NoAnswer as error:
        raise Failed(f"the model's server gave an answer that cannot be read: {error}") from error
    await found.replied(said.text)
    return Response(whole, media_type="application/json", headers=headers)


async def _pieces(upstream: Upstream, answer: httpx.Response, finding: asyncio.Task[Found]) -> AsyncIterator[bytes]:
    """The stream as it comes, with one more event. Where it breaks off, the last event says so."""
    said = Said()

    async def event() -> bytes:
        return said.event((await finding).fields())

    try:
        async for piece in spliced(answer.aiter_bytes(), event, said.line):
            yield piece
    except httpx.HTTPError as error:
        yield b"\n\ndata: " + json.dumps(upstream.failed(error).told()).encode() + b"\n\n"
    await (await finding).replied(said.text)


async def _settled(finding: asyncio.Task[Found]) -> None:
    """Waits until the turn has been taken in: it is in the session, whatever became of the answer."""
    await asyncio.wait([finding])
