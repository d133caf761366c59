"""The commands that serve others: an HTTP server, an MCP server, a chat in the terminal, and what they have stored."""

from __future__ import annotations

import typer

sessions = typer.Typer(help="Stored conversations: list, delete, clean up.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Adds them to the command line."""
    app.add_typer(sessions, name="sessions")
