"""The inspector as a real server on a port of its own, for tests that ask it over HTTP."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import httpx

from emoagent.viewer.serve import Pages, server_of
from emoagent.viewer.served_run import ServedRun


@dataclass
class Inspector:
    """`said`: what the user was told."""

    port: int
    client: httpx.Client
    said: list[str]


@contextmanager
def inspecting(folder: Path, video: Path | None = None, other: Path | None = None) -> Iterator[Inspector]:
    """Serves the run in `folder`."""
    said = list[str]()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        pages = Pages(ServedRun(folder, video), other, said.append)
        server = server_of(pages, port)
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False) as client:
                yield Inspector(port, client, said)
        finally:
            server.should_exit = True
            thread.join()
