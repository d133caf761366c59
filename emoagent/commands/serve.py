"""`emoagent serve`: the HTTP server, until Ctrl-C."""

from __future__ import annotations

import errno
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from emoagent.errors import ExtraMissing, UsageError

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

    from emoagent.bridges.http.config import ServerConfig

MESSAGE = 1 << 21  # bytes of one message of a web socket
WAIT = 5  # seconds that requests under way have when the server ends
IDLE = 75  # seconds until an idle connection is closed: clients do so sooner, and none asks just as it is closed


def run(config: ServerConfig) -> None:
    """Serves until it is interrupted. Raises `UsageError` where the port is taken, `ExtraMissing` without FastAPI."""
    from emoagent.bridges.http.app import create_app

    with listening(config) as listener:
        app = create_app(config)
        server = server_of(app)
        host, port = listener.getsockname()[:2]
        sys.stdout.write(f"http://{f'[{host}]' if ':' in host else host}:{port}/\n")
        sys.stdout.flush()
        if config.loopback and not config.all_keys():
            sys.stderr.write("no key is asked for: everybody on this machine can use it (EMOAGENT_SERVE_KEYS)\n")
        sys.stderr.write("Ctrl-C ends it\n")
        with suppress(KeyboardInterrupt):  # it is meant to run until then
            server.run(sockets=[listener])


def server_of(app: FastAPI) -> uvicorn.Server:
    """The server of an application, to be run with a socket that listens."""
    try:
        import uvicorn
        import websockets  # noqa: F401 - uvicorn takes it where it is there
    except ImportError as error:
        raise ExtraMissing("websockets", "serve") from error
    server = uvicorn.Server(
        uvicorn.Config(
            app, log_level="warning", access_log=False, server_header=False, proxy_headers=False,
            timeout_graceful_shutdown=WAIT, timeout_keep_alive=IDLE, ws_max_size=MESSAGE,
        )
    )  # fmt: skip
    app.state.server.over = lambda: server.should_exit
    return server


def listening(config: ServerConfig) -> socket.socket:
    """A socket that listens as `config` says. Raises `UsageError` where it cannot.

    It is told that it is TCP: else asyncio does not switch off Nagle's algorithm, and every answer, whose head and body
    are sent one after the other, waits 40 ms for the client's acknowledgement.
    """
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((config.host, config.port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
        raise UsageError(f"{config.host} port {config.port} {why}", hint="choose another --port or --host") from error
    return listener
