"""What stands before every route: the name it is asked under, the site that asks, the key, the rate, the size.

A page of another site must not be able to use a server that the browser's user can reach: neither under a name of its
own that leads here (DNS rebinding), nor by sending requests whose answers it cannot read.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from emoagent.bridges.http.auth import Identity, key_in
from emoagent.bridges.http.config import is_loopback
from emoagent.bridges.http.errors import Foreign, Misdirected, TooLarge, answer, internal
from emoagent.errors import EmoagentError
from emoagent.viewer.guard import App, Receive, Scope, Send, harden

if TYPE_CHECKING:
    from emoagent.bridges.http.server import Server

Message = MutableMapping[str, Any]

OPEN = ("/health", "/health/ready")
UPLOADS = ("/v1/jobs",)
SLACK = 64 << 10  # bytes of an upload besides its file
HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?")


class Guard:
    """An ASGI application around another one. A web socket passes with the key still to come: its first message."""

    def __init__(self, app: App, server: Server) -> None:
        self.app, self.server = app, server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, or lets it through with `state.caller` set."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        sending = _Sending(send)
        try:
            self._admit(scope, Headers(scope=scope))
            await self.app(scope, self._limited(scope, receive), sending)
        except EmoagentError as error:
            await self._refuse(scope, receive, sending, error)
        except Exception as error:
            if sending.started or scope["type"] == "websocket":
                raise
            await internal(error)(scope, receive, sending)

    def _admit(self, scope: Scope, headers: Headers) -> None:
        self._check_host(headers)
        self._check_origin(scope, headers)
        state = scope.setdefault("state", {})
        if scope["path"] in OPEN:
            state["caller"] = Identity("")
            return
        key = key_in(headers)
        if scope["type"] == "websocket" and key is None:
            state["caller"] = None
            return
        state["caller"] = self.server.keys.caller(key)
        self.server.rate.take(state["caller"].owner)
        self._check_size(scope, headers)

    def _check_host(self, headers: Headers) -> None:
        hosts, config = headers.getlist("host"), self.server.config
        name = _name(hosts[0]) if len(hosts) == 1 else None
        if name is None:
            raise Foreign("the request names no host, or several", hint="send one header Host")
        if is_loopback(name) or name in config.hosts or not (config.loopback or config.hosts):
            return
        raise Misdirected("this name is not served here", hint="EMOAGENT_SERVE_HOSTS lists the names that are")

    def _check_origin(self, scope: Scope, headers: Headers) -> None:
        origin = headers.get("origin")
        if origin in self.server.config.origins:
            return
        if origin is not None:
            if urlsplit(origin).netloc.lower() == headers.get("host", "").lower():
                return
            raise Foreign("a page of another site may not ask", hint="EMOAGENT_SERVE_ORIGINS lists those that may")
        foreign = headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
        if foreign and not (headers.get("sec-fetch-mode") == "navigate" and scope.get("method") == "GET"):
            raise Foreign("a page of another site may not ask", hint="EMOAGENT_SERVE_ORIGINS lists those that may")

    def _check_size(self, scope: Scope, headers: Headers) -> None:
        told = headers.get("content-length", "0")
        if told.isdecimal() and int(told[:20]) > self._limit(scope):
            raise TooLarge(f"the request is larger than {self._limit(scope)} bytes", hint="send less")

    def _limit(self, scope: Scope) -> int:
        config = self.server.config
        return config.upload_bytes + SLACK if scope["path"] in UPLOADS else config.body_bytes

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        """Counts what arrives, and gives up on whoever sends nothing for too long."""
        if scope["type"] == "websocket":
            return receive
        left, whole = self._limit(scope), False

        async def receiving() -> Message:
            nonlocal left, whole
            if whole:  # what comes now is the end of the connection, whenever that is
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), self.server.config.body_seconds)
            except TimeoutError:
                raise HTTPException(408) from None
            left -= len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if left < 0:
                raise HTTPException(413)
            return message

        return receiving

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, error: EmoagentError) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": error.message[:120]})
            return
        accepts = Headers(scope=scope).get("accept", "")
        await answer(error, page=scope["method"] == "GET" and "text/html" in accepts)(scope, receive, send)


class _Sending:
    """Adds the headers that are not there."""

    def __init__(self, send: Send) -> None:
        self._send, self.started = send, False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            harden(message)
        await self._send(message)


def _name(host: str) -> str | None:
    """The name in a `Host`, without the port. Read strictly: to some, `[::1].example.org` is `::1`."""
    found = HOST.fullmatch(host)
    return found[1].strip("[]").lower() if found else None
