"""The official client of the Model Context Protocol, talking to our server in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from mcp import Client

from emoagent.bridges.mcp.server import Config, create_server
from emoagent.settings import load_settings

T = TypeVar("T")


def served(
    scenario: Callable[[Client], Awaitable[T]], folders: Sequence[Path], data: Path, mode: str = "auto", **settings: Any
) -> T:
    """What `scenario` gives, with a client of a server that may read `folders`."""
    server = create_server(Config(folders, data, settings=load_settings(**settings)))

    async def talk() -> T:
        async with Client(server, mode=mode) as client:
            return await scenario(client)

    try:
        return asyncio.run(talk())
    finally:
        server.close()


async def asked(client: Client, tool: str, **given: Any) -> Any:
    """The structured content of an answer; an error is none."""
    result: Any = await client.call_tool(tool, given)
    assert not result.is_error, result.content
    return result.structured_content


async def refused(client: Client, tool: str, **given: Any) -> Any:
    """The envelope of an error."""
    result: Any = await client.call_tool(tool, given)
    assert result.is_error
    assert result.content[0].text
    return result.structured_content
