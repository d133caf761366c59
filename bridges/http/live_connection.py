"""One connection of `/v1/live`: reads what is sent, hands it to the turn that is going on, tells what comes of it.

What comes is worked on as it comes. Sound is read no faster than a minute ahead of the clock, so that whoever sends
faster has to wait; pictures that come faster than they can be looked at are left out.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress

from starlette.websockets import WebSocket, WebSocketDisconnect

from emoagent.affect import AffectTurn
from emoagent.bridges.http.auth import Identity
from emoagent.bridges.http.errors import TooLarge, TooMany, Unauthorized, internal, status_of
from emoagent.bridges.http.live_messages import (
    AUDIO,
    LARGEST,
    Cancel,
    Cancelled,
    End,
    Hello,
    Message,
    Piece,
    Problem,
    Ready,
    Reply,
    State,
    TurnTold,
    piece,
    said,
)  # fmt: skip
from emoagent.bridges.http.live_pictures import LivePictures
from emoagent.bridges.http.live_turn import LiveTurn
from emoagent.bridges.http.server import Server
from emoagent.bridges.session import Session
from emoagent.errors import EmoagentError, NotFound, ResourceLimit, UsageError
from emoagent.tools.voice.endpoint import Endpoints

IDLE = 1800.0  # seconds without a message after which a connection is closed
AHEAD = 60.0  # seconds of sound that may be sent faster than it is spoken
GLANCE = 0.25  # seconds between two states
PATIENCE = 3.0  # seconds that a turn waits for a place among those under way
MISTAKES = 50  # messages that could not be used, after which the connection is closed


class Connection:
    """`session`: the caller's; `hello`: how the connection was opened."""

    def __init__(self, server: Server, socket: WebSocket, caller: Identity, session: Session, hello: Hello) -> None:
        self.server, self.socket, self.caller, self.session, self.hello = server, socket, caller, session, hello
        self.turn = LiveTurn(
            session, hello.person, Endpoints(hello.silence) if hello.end_of_turn == "silence" else None
        )
        self.pictures = LivePictures(self.turn.see)
        self._began, self._heard, self._mistakes = time.monotonic(), 0.0, 0
        self._told, self._spoke = 0.0, False

    async def run(self) -> None:
        """Until the other side leaves. Raises what ends it before its time, and `WebSocketDisconnect`."""
        info = self.session.info
        await self._tell(Ready(session=info.id, turns=info.turns, consent=info.consent))
        looking = asyncio.create_task(self.pictures.run(warm=info.consent.face))
        try:
            while True:
                await self._take(await receive(self.socket, IDLE))
        finally:
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking
            await asyncio.to_thread(self.turn.cancel)

    async def _take(self, message: str | bytes) -> None:
        try:
            if isinstance(message, str):
                await self._do(said(message))
            else:
                await self._sense(piece(message))
            for problem in self.pictures.problems():
                raise problem
        except (Unauthorized, NotFound, TooLarge):
            raise
        except EmoagentError as error:
            self._mistakes += 1
            if self._mistakes >= MISTAKES:
                raise
            await self._tell(problem_of(error))

    async def _do(self, message: Hello | End | Reply | Cancel) -> None:
        if isinstance(message, Hello):
            raise UsageError("the conversation has begun already", hint="open another connection", where="message")
        self.server.rate.take(self.caller.owner)
        if isinstance(message, End):
            await self._end(message)
        elif isinstance(message, Reply):
            await asyncio.to_thread(self.session.reply, message.text, message.person)
        else:
            await asyncio.to_thread(self.turn.cancel)
            await self._tell(Cancelled())

    async def _sense(self, given: Piece) -> None:
        if given.kind == AUDIO:
            await self._listen(given)
        else:
            self.pictures.offer(given)
        await self._report()

    async def _listen(self, given: Piece) -> None:
        samples, at = given.samples(), given.seconds
        self._heard += len(samples) / 16_000
        while (end := await asyncio.to_thread(self.turn.hear, samples, at)) is not None:
            await self._end(End(type="end"))
            samples, at = samples[end:], at + end / 16_000
        ahead = self._heard - (time.monotonic() - self._began)
        if ahead > AHEAD:
            await asyncio.sleep(ahead - AHEAD)

    async def _report(self) -> None:
        """Says how the turn stands: at once when somebody begins to speak, else now and then."""
        stands, now = self.turn.progress, time.monotonic()
        if stands.speaking == self._spoke and now - self._told < GLANCE:
            return
        self._told, self._spoke = now, stands.speaking
        seconds, dropped = round(stands.seconds, 2), self.pictures.dropped
        await self._tell(State(speaking=stands.speaking, seconds=seconds, frames=stands.frames, dropped=dropped))

    async def _end(self, end: End) -> None:
        """Judges the turn. What cannot be judged is told, and thrown away."""
        await self.pictures.through()
        self._spoke = False
        affect = await self._judged(end)
        record = await asyncio.to_thread(self.session.record, affect.turn)
        await self._tell(TurnTold(affect=affect, text=record.utterance.text, source=record.utterance.source))

    async def _judged(self, end: End) -> AffectTurn:
        latest = time.monotonic() + PATIENCE
        while True:
            try:
                with self.server.turns.place():
                    listening = await asyncio.to_thread(self.turn.aside if end.typed else self.turn.over)
                    deadline = end.deadline or self.hello.deadline
                    return await listening.afinish(end.text, turn_id=end.turn_id, deadline=deadline)
            except TooMany:
                if time.monotonic() > latest:
                    if not end.typed:
                        await asyncio.to_thread(self.turn.cancel)
                    raise
                await asyncio.sleep(0.05)

    async def _tell(self, message: Message) -> None:
        await tell(self.socket, message)


async def receive(socket: WebSocket, patience: float) -> str | bytes:
    """The next message. Raises `WebSocketDisconnect`, `ResourceLimit` where none comes, `TooLarge`."""
    try:
        message = await asyncio.wait_for(socket.receive(), patience)
    except TimeoutError:
        raise ResourceLimit(
            f"nothing came for {patience:.0f} s", hint="connect again when there is something"
        ) from None
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    found: str | bytes = message["text"] if message.get("text") is not None else message["bytes"]
    if len(found) > LARGEST:
        raise TooLarge(f"a message is larger than {LARGEST} bytes", hint="send less at a time")
    return found


async def tell(socket: WebSocket, message: Message) -> None:
    """Sends one message; that the other side has gone is found out when reading."""
    with suppress(WebSocketDisconnect, RuntimeError):
        await socket.send_text(message.model_dump_json())


async def part_with(socket: WebSocket, error: Exception) -> None:
    """Tells what has ended the connection and closes it: code 4000 and the HTTP status of the error."""
    told = problem_of(error) if isinstance(error, EmoagentError) else _mistake(error)
    await tell(socket, told.model_copy(update={"fatal": True}))
    with suppress(WebSocketDisconnect, RuntimeError):
        await socket.close(4000 + (status_of(error) if isinstance(error, EmoagentError) else 500))


def problem_of(error: EmoagentError) -> Problem:
    """The error as it is told."""
    after = error.after if isinstance(error, TooMany) else None
    return Problem(code=error.code, message=error.message, hint=error.hint, where=error.where, after=after)


def _mistake(error: Exception) -> Problem:
    """One of ours, which the log describes better."""
    return Problem(**json.loads(bytes(internal(error).body)))
