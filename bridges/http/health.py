"""Whether the server lives, and whether it can do its work. The only routes that need no key."""

from __future__ import annotations

from importlib.metadata import version
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from emoagent.bridges.http.errors import Problem
from emoagent.bridges.http.server import Server


class Health(BaseModel):
    """It lives."""

    status: Literal["ok"] = "ok"
    version: str = Field(description="of emoagent", examples=["0.1.0"])
    turns: int = Field(description="turns under way", examples=[0])
    turns_at_once: int = Field(description="how many may be", examples=[8])


def router(server: Server) -> APIRouter:
    """`/health` and `/health/ready`."""
    routes = APIRouter(tags=["health"])

    def health() -> Health:
        return Health(version=version("emoagent"), turns=server.turns.now, turns_at_once=server.turns.limit)

    @routes.get("/health", summary="Whether the server lives")
    async def lives() -> Health:
        """Answers at once, without a look at the database."""
        return health()

    @routes.get("/health/ready", summary="Whether the database answers", responses={503: {"model": Problem}})
    def ready() -> Health:
        """503 where the database does not answer."""
        server.analyzer.store.ping()
        return health()

    return routes
