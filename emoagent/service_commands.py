"""The commands that serve others: an HTTP server, an MCP server, a chat in the terminal, and what they have stored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emoagent import options

sessions = typer.Typer(help="Stored conversations: list, delete, clean up.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Adds them to the command line."""
    app.add_typer(sessions, name="sessions")
    app.command("mcp")(mcp)


def mcp(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="whose files may be analysed, with all below", metavar="FOLDER")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="where results go [default: in the user's data folder]")] = None,
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", help="where conversations are kept, e.g. sqlite:///PATH [default: in memory]"),
    ] = None,
    http: Annotated[
        int | None, typer.Option(metavar="PORT", min=1, max=65535, help="serve http://127.0.0.1:PORT/mcp, not stdio")
    ] = None,
    profile: options.Profile = None,
    context: options.Context = None,
    reasoner_url: options.ReasonerUrl = None,
    reasoner_model: options.ReasonerModel = None,
) -> None:
    """Serve an agent by the Model Context Protocol: analyse media and turns, timelines, evidence, explanations."""
    from emoagent.commands.mcp import run
    from emoagent.settings import load_settings

    settings = load_settings(
        profile=profile, context=context, reasoner_url=reasoner_url, reasoner_model=reasoner_model
    )  # fmt: skip
    run(folders or [], data, database, http, settings)
