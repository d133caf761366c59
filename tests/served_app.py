"""The real HTTP server on a port of this machine, in a thread of the test's own process."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from emoagent.bridges.http.app import create_app
from emoagent.bridges.http.config import ServerConfig
from emoagent.bridges.http.server import Server
from emoagent.bridges.turns import TurnAnalyzer
from emoagent.commands.serve import server_of


@contextmanager
def served(analyzer: TurnAnalyzer, **config: Any) -> Iterator[tuple[str, Server]]:
    """Its address, and what its routes share."""
    app = create_app(ServerConfig(**config), analyzer)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        server = server_of(app)
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", app.state.server
        finally:
            server.should_exit = True
            thread.join()
