"""The MCP server over streamable HTTP, for clients on this machine: `http://127.0.0.1:PORT/mcp`."""

from __future__ import annotations

import hmac
import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn
from mcp.server.transport_security import TransportSecuritySettings

from emoagent.bridges.mcp.server import AffectServer
from emoagent.errors import UsageError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HOST = "127.0.0.1"
SHORTEST = 16  # characters of a key
HOSTS = ("127.0.0.1", "localhost", "[::1]")


def serve(server: AffectServer, port: int, key: str | None) -> None:
    """Serves until it is interrupted. `key`: what clients must send as `Authorization: Bearer KEY`; None: nothing.
    Raises `UsageError` for a key that is too short, or a port that is taken."""
    app = app_of(server, port, key)
    try:
        place = socket.socket(fileno=socket.create_server((HOST, port)).detach())  # known to be TCP
    except OSError as error:
        raise UsageError(f"port {port} cannot be used: {error.strerror}", hint="choose another: --http PORT") from error
    with place:
        sys.stderr.write(f"serving http://{HOST}:{port}/mcp\n")
        uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none")).run(sockets=[place])


def app_of(server: AffectServer, port: int, key: str | None) -> App:
    """The ASGI application. Only names of this machine are answered to, so that no page of a stranger can read it
    through a name of its own that leads here (DNS rebinding), and no page of another site at all."""
    hosts = [f"{name}:{port}" for name in HOSTS]
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=True, allowed_hosts=hosts, allowed_origins=[f"http://{host}" for host in hosts]
    )
    app = server.streamable_http_app(transport_security=security)
    if key is None:
        return app
    if len(key) < SHORTEST or not key.isascii():
        raise UsageError(
            f"EMOAGENT_MCP_KEY is no ASCII text of {SHORTEST} characters or more", hint="openssl rand -hex 24"
        )
    return _Keyed(app, key)


class _Keyed:
    """Answers only who knows the key."""

    def __init__(self, app: App, key: str) -> None:
        self._app, self._wanted = app, f"Bearer {key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            sent = [value for name, value in scope["headers"] if name == b"authorization"]
            if len(sent) != 1 or not hmac.compare_digest(sent[0], self._wanted):
                await _refuse(send)
                return
        await self._app(scope, receive, send)


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"www-authenticate", b"Bearer")]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": b"a key is needed\n"})
