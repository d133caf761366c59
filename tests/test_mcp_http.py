"""The MCP server over HTTP: for clients on this machine, with a key where there is one; for no page of a browser."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import httpx2
import pytest
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_client import asked

from emoagent.bridges.mcp.over_http import app_of, serve
from emoagent.bridges.mcp.server import Config, create_server
from emoagent.errors import UsageError

KEY = "a key of the tests, long enough"
HELLO = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
ACCEPT = {"Accept": "application/json, text/event-stream"}


@contextmanager
def serving(data: Path, key: str | None) -> Iterator[str]:
    """The address of a real server."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        port = place.getsockname()[1]
        server = create_server(Config(data=data))
        web = uvicorn.Server(uvicorn.Config(app_of(server, port, key), log_level="error", ws="none"))
        thread = threading.Thread(target=web.run, kwargs={"sockets": [place]})
        thread.start()
        try:
            while not web.started:
                thread.join(0.01)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            web.should_exit = True
            thread.join()
            server.close()


def test_the_official_client_calls_it_with_the_key(tmp_path: Path) -> None:
    async def talk(address: str) -> str | None:
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {KEY}"}, trust_env=False, timeout=120) as web,
            Client(streamable_http_client(address, http_client=web)) as client,
        ):
            said = {"text": "Stop it! You broke my computer!", "consent": ["text"]}
            found = await asked(client, "analyze_turn", **said)
            assert (await asked(client, "get_timeline", session=found["session"]))["total"] == 1
            label: str | None = found["label"]
            return label

    with serving(tmp_path, KEY) as address:
        assert asyncio.run(talk(address)) == "anger"


def test_without_the_key_nothing_is_said(tmp_path: Path) -> None:
    with serving(tmp_path, KEY) as address, httpx.Client(trust_env=False) as web:
        for sent in ({}, {"Authorization": f"Bearer {KEY}x"}, {"Authorization": KEY}, {"Authorization": "Bearer"}):
            for method in ("GET", "POST", "DELETE"):
                answer = web.request(method, address, json=HELLO, headers=ACCEPT | sent)
                assert (answer.status_code, answer.text) == (401, "a key is needed\n")


def test_a_page_of_a_stranger_cannot_ask(tmp_path: Path) -> None:
    with serving(tmp_path, None) as address, httpx.Client(trust_env=False) as web:
        for sent in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
            answer = web.post(address, json=HELLO, headers=ACCEPT | sent)
            assert answer.status_code in (403, 421)
            assert "analyze_media" not in answer.text


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as place, pytest.raises(UsageError, match="cannot be used"):
        serve(create_server(Config(data=tmp_path)), place.getsockname()[1], None)


@pytest.mark.parametrize("key", ["", "short", "x" * 15, "ä" * 20])
def test_a_key_that_is_none_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(UsageError, match="EMOAGENT_MCP_KEY"):
        app_of(create_server(Config(data=tmp_path)), 8765, key)
