"""A real little server that speaks the chat-completions protocol, and misbehaves as it is told."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

SLOW = 1.0  # seconds


@dataclass(frozen=True)
class Raw:
    """A response as it is: status, headers, body, seconds before it comes, or what it waits for. `cut`: the connection
    ends halfway."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0
    until: Event | None = None
    cut: bool = False


Said = str | int | bytes | None | Raw


@dataclass
class Server:
    """Says the next of `replies` to each request, or what `says` makes of it: a text as message, a number as HTTP
    status, bytes as they are; `None` waits too long. `GET` brings the `listing`. It keeps what it was asked, when, and
    how many at a time."""

    url: str
    replies: list[Said] = field(default_factory=list)
    says: Callable[[dict[str, Any]], Said] | None = None
    listing: Raw = field(default_factory=lambda: Raw(404))
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    now: int = 0
    most: int = 0
    stop: Callable[[], None] = lambda: None
    lock: Any = field(default_factory=Lock)

    def reply(self, request: dict[str, Any], key: str | None) -> Raw:
        """What to send, and the request written down."""
        with self.lock:
            self.asked.append(request)
            self.keys.append(key)
            self.times.append(time.monotonic())
            self.now += 1
            self.most = max(self.most, self.now)
            said = self.says(request) if self.says else self.replies.pop(0)
        return said if isinstance(said, Raw) else _raw(said)


def message(text: str | None, **more: Any) -> bytes:
    """A whole response with this text."""
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop", **more}
    return json.dumps({"choices": [choice], "usage": {"prompt_tokens": 11, "completion_tokens": 3}}).encode()


def _raw(said: str | int | bytes | None) -> Raw:
    if said is None:
        return Raw(after=SLOW, cut=True)
    if isinstance(said, int):
        return Raw(status=said, body=b"{}")
    return Raw(body=said if isinstance(said, bytes) else message(said))


def _handler(state: Server, open_sockets: list[socket.socket]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            open_sockets.append(self.connection)
            state.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            request = json.loads(state.bodies[-1])
            said = state.reply(request | {"path": self.path}, self.headers["Authorization"])
            try:
                self._send(said)
            except OSError:
                self.close_connection = True

        def do_GET(self) -> None:
            open_sockets.append(self.connection)
            state.keys.append(self.headers["Authorization"])
            with state.lock:
                state.now += 1
            self._send(state.listing)

        def _send(self, said: Raw) -> None:
            time.sleep(said.after)
            if said.until:
                said.until.wait(10)
            with state.lock:
                state.now -= 1
            self.close_connection = said.cut
            if said.cut and not said.body:
                return
            self.send_response(said.status)
            for name, value in {"Content-Length": str(len(said.body)), **said.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.body[: len(said.body) // 2] if said.cut else said.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


@contextmanager
def serving() -> Iterator[Server]:
    """The server, on a port of its own."""
    state = Server("")
    open_sockets: list[socket.socket] = []

    http = _Quiet(("127.0.0.1", 0), _handler(state, open_sockets))
    thread = Thread(target=http.serve_forever, args=(0.02,))
    thread.start()

    def stop() -> None:
        """As a crash: the port is closed and so is every connection."""
        http.shutdown()
        thread.join()
        http.socket.close()
        for one in open_sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    state.url, state.stop = f"http://127.0.0.1:{http.server_address[1]}/v1", stop
    try:
        yield state
    finally:
        stop()
        http.server_close()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass
