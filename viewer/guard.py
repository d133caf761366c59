"""What stands before every answer of the inspector: only this machine's browser may ask, only for reading, and what it
gets may be used by no other site."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

READING = ("GET", "HEAD")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


class Guard:
    """An ASGI application around another one.

    `port`: where it listens. A `Host` that is not this machine is refused: a name of somebody else's that leads here is
    how a foreign page would read what is served (DNS rebinding). Requests that a page of another site makes are refused
    where the browser says so; following a link from there is not.
    """

    def __init__(self, app: App, port: int) -> None:
        self.app = app
        self.hosts = {f"{name}:{port}".encode() for name in ("127.0.0.1", "localhost", "[::1]")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request; there are no web sockets here."""
        if scope["type"] != "http":
            return
        refused = self._refusal(scope)
        if refused:
            status, why = refused
            await _answer(send, status, why, head=scope["method"] == "HEAD")
        else:
            await self.app(scope, receive, _hardened(send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        sent: list[tuple[bytes, bytes]] = scope["headers"]
        hosts = [value.lower() for name, value in sent if name == b"host"]
        if len(hosts) != 1 or hosts[0] not in self.hosts:
            return 421, "this address is not served here"
        if scope["method"] not in READING:
            return 405, "nothing can be changed here"
        told = dict(sent)
        foreign = told.get(b"sec-fetch-site", b"none") not in (b"none", b"same-origin")
        if foreign and told.get(b"sec-fetch-mode") != b"navigate":
            return 403, "a page of another site may not read this"
        return None


def harden(start: MutableMapping[str, Any]) -> None:
    """Adds to the start of an answer the headers that are not there."""
    present = {name.lower() for name, _ in start["headers"]}
    start["headers"] = [*start["headers"], *(pair for pair in _headers() if pair[0] not in present)]


def _hardened(send: Send) -> Send:
    """Adds the headers that are not there."""

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            harden(message)
        await send(message)

    return sending


def _headers() -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]


async def _answer(send: Send, status: int, text: str, *, head: bool) -> None:
    body = f"{text}\n".encode()
    headers = [*_headers(), (b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    if status == 405:
        headers.append((b"allow", b"GET, HEAD"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body})
