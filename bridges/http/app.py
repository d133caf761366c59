"""The application: routes behind a guard. Who adds a group of routes adds its module's name to `GROUPS`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

from emoagent.bridges.http.config import ServerConfig
from emoagent.errors import ExtraMissing

if TYPE_CHECKING:
    from fastapi import FastAPI

    from emoagent.bridges.http.server import Server
    from emoagent.bridges.turns import TurnAnalyzer

GROUPS = (
    "health",
    "sessions",
    "turns",
    "jobs",
    "completions",
    "live",
    "demo",
)
PASSING = tuple(f"X-Emoagent-{name}" for name in ("Session", "Turn", "Camera", "Deadline"))  # of chat completions
SOCKETS = ("live",)  # a browser cannot send a key in the header of a web socket: it comes in the first message
ABOUT = """The expressed emotion of each turn of a conversation, as a viewer would label it, beside the user's words
and never in them. What is missing, late or not agreed to abstains; an abstained turn has no label."""


def create_app(config: ServerConfig, analyzer: TurnAnalyzer | None = None) -> FastAPI:
    """The ASGI application; `app.state.server` is what its routes share.

    `analyzer`: one of the caller's, who closes it; else one is opened as `config` says.
    Raises `UsageError` where others could reach it without a key, `ExtraMissing` without FastAPI.
    """
    try:
        from fastapi import FastAPI
    except ImportError as error:
        raise ExtraMissing("fastapi", "serve") from error
    from emoagent.bridges.http import errors
    from emoagent.bridges.http.guard import Guard
    from emoagent.bridges.http.server import Server

    server = Server(config, analyzer)
    app = FastAPI(
        title="emoagent", version=version("emoagent"), summary="Expressed emotion, turn by turn", description=ABOUT,
        docs_url=None, redoc_url=None, lifespan=_lifespan, redirect_slashes=False,
    )  # fmt: skip
    app.state.server = server
    errors.install(app)
    _include(app, server)
    app.add_middleware(Guard, server=server)
    _share(app, config)
    return app


def _include(app: FastAPI, server: Server) -> None:
    from fastapi import Depends

    from emoagent.bridges.http.auth import bearer

    for name in GROUPS:
        keyed = [Depends(bearer)] if server.keys and name not in ("health", *SOCKETS) else []
        app.include_router(import_module(f"emoagent.bridges.http.{name}").router(server), dependencies=keyed)


def _share(app: FastAPI, config: ServerConfig) -> None:
    """Lets pages of the sites that are named read the answers (CORS)."""
    from starlette.middleware.cors import CORSMiddleware

    if config.origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=list(config.origins), allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key", *PASSING],
            expose_headers=["Retry-After"],
        )  # fmt: skip


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    server: Server = app.state.server
    await asyncio.to_thread(server.start)
    cleaning = asyncio.create_task(server.clean())
    try:
        yield
    finally:
        cleaning.cancel()
        with suppress(asyncio.CancelledError):
            await cleaning
        await asyncio.to_thread(server.close)
