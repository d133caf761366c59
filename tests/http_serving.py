"""The HTTP server as a real one on a port of its own, for tests that ask it as clients do."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
from pydantic import SecretStr

from emoagent.bridges.http.app import create_app
from emoagent.bridges.http.config import ServerConfig
from emoagent.bridges.http.server import Server
from emoagent.bridges.turns import TurnAnalyzer
from emoagent.commands.serve import listening, server_of

ANN, BOB = "ann-0123456789abcdef", "bob-0123456789abcdef"
ALL = {"text": True, "voice": True, "face": True}
AMPLE = {"rate": 1e6, "burst": 1_000_000}


@dataclass
class Serving:
    """`client` has the first key; `server` is what the routes share."""

    port: int
    client: httpx.Client
    server: Server

    def session(self, name: str | None = None, client: httpx.Client | None = None, **agreed: bool) -> str:
        """A new session's id."""
        told = {"consent": agreed or ALL, **({"id": name} if name else {})}
        answer = (client or self.client).post("/v1/sessions", json=told)
        assert answer.status_code == 201, answer.text
        found: str = answer.json()["id"]
        return found

    def turn(self, session: str, text: str | None = None, **more: Any) -> httpx.Response:
        """One turn, as JSON."""
        return self.client.post("/v1/turns", json={"session": session, "text": text, **more})

    def raw(self, request: bytes, wait: float = 10) -> str:
        """The answer to a request that no client would send."""
        with socket.create_connection(("127.0.0.1", self.port), wait) as line:
            line.sendall(request)
            answer = b""
            while piece := line.recv(65536):
                answer += piece
        return answer.decode("latin-1")


@contextmanager
def serving(
    folder: Path, keys: Sequence[str] = (), analyzer: TurnAnalyzer | None = None, **settings: Any
) -> Iterator[Serving]:
    """A server with its data in `folder`; `analyzer`: a test's own; `settings` of `ServerConfig`."""
    told = {"data": folder, "keys": tuple(map(SecretStr, keys)), **AMPLE, **settings}
    config = ServerConfig(**{**told, "port": 0})
    app = create_app(config, analyzer)
    with listening(config) as listener:
        port = listener.getsockname()[1]
        server = server_of(app)
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        try:
            with client_of(port, keys[0] if keys else None) as client:
                yield Serving(port, client, app.state.server)
        finally:
            server.should_exit = True
            thread.join()


def client_of(port: int, key: str | None = None) -> httpx.Client:
    """A client that sends this key."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False, headers=headers)


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, str]:
    """The envelope of an error, which has just these four fields."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text[:300]}"
    found: dict[str, str] = answer.json()
    assert set(found) == {"code", "message", "hint", "where"}, answer.text
    assert found["code"] == code, found
    assert found["message"]
    return found


def events(client: httpx.Client, path: str) -> Iterator[dict[str, Any]]:
    """What comes as server-sent events, until the stream ends."""
    with client.stream("GET", path) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream"), stream.status_code
        for line in stream.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))
