"""`emoagent mcp`: the MCP server over stdio, or over HTTP on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from emoagent.settings import Settings


def run(folders: list[Path], data: Path | None, database: str | None, port: int | None, settings: Settings) -> None:
    """Serves until the client goes. Raises `ExtraMissing`, `UsageError`, `OutputError`."""
    from emoagent.bridges.mcp.server import Config, create_server

    server = create_server(Config(folders, data, database, settings))
    try:
        if port is None:
            server.run("stdio")
        else:
            from emoagent.bridges.mcp.over_http import serve

            serve(server, port, os.environ.get("EMOAGENT_MCP_KEY"))
    finally:
        server.close()
