"""`/v1/live`: a web socket on which somebody talks, is seen, types, and is told the affect of each turn.

The messages are described in `live_messages` and, with a program, in docs/integrations/live.md.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from emoagent.bridges.http.auth import Identity
from emoagent.bridges.http.limits import AtOnce
from emoagent.bridges.http.live_connection import Connection, part_with, receive
from emoagent.bridges.http.live_messages import Hello, said
from emoagent.bridges.http.server import Server
from emoagent.bridges.http.sessions import ASK
from emoagent.errors import NoConsent, UsageError

if TYPE_CHECKING:
    from emoagent.bridges.session import Session

STRANGERS = 256  # connections whose first message is still to come
GREETING = 10.0  # seconds within which the first message must come


def router(server: Server) -> APIRouter:
    """The web socket."""
    routes = APIRouter()
    places = AtOnce(server.config.live_at_once, "live connections")
    strangers = AtOnce(STRANGERS, "connections that have not said whose they are")

    @routes.websocket("/v1/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        try:
            with strangers.place():
                hello, caller = await _greeted(server, socket)
            with places.place():
                await _talk(server, socket, caller, hello)
        except WebSocketDisconnect:
            return
        except Exception as error:
            await part_with(socket, error)

    return routes


async def _greeted(server: Server, socket: WebSocket) -> tuple[Hello, Identity]:
    """What the first message says, and whose it is. Until then a connection takes no place that a caller could need."""
    hello = await _hello(socket)
    return hello, _caller(server, socket, hello)


async def _talk(server: Server, socket: WebSocket, caller: Identity, hello: Hello) -> None:
    """The whole conversation of one connection. Raises what ends it before its time."""
    session = await asyncio.to_thread(_opened, server, caller, hello)
    await Connection(server, socket, caller, session, hello).run()


async def _hello(socket: WebSocket) -> Hello:
    message = await receive(socket, GREETING)
    hello = said(message) if isinstance(message, str) else None
    if not isinstance(hello, Hello):
        raise UsageError("the first message is no hello", hint='send {"type": "hello", …} first', where="message")
    return hello


def _caller(server: Server, socket: WebSocket, hello: Hello) -> Identity:
    """Who talks: by a header, else by the key in the first message. Raises `Unauthorized`, `TooMany`."""
    known: Identity | None = socket.state.caller
    if known is not None:
        return known
    caller = server.keys.caller(hello.key.get_secret_value() if hello.key else None)
    server.rate.take(caller.owner)
    return caller


def _opened(server: Server, caller: Identity, hello: Hello) -> Session:
    """The session, resumed or new. Raises `NoConsent`, `NotFound`, `Clash`."""
    analyzer, keep = server.analyzer, hello.keep_days or server.config.keep_days
    if hello.consent is not None:
        consent = hello.consent.consent()
        return analyzer.open(hello.session, owner=caller.owner, consent=consent, keep_days=keep)
    if hello.session is None:
        raise NoConsent("a session needs to know what the person has agreed to", hint=ASK, where="consent")
    return analyzer.get(hello.session, caller.owner)
