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
    app.command("chat")(chat)
    app.command("serve")(serve)


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


def serve(
    host: Annotated[
        str | None,
        typer.Option(help="address to listen on; any but this machine's own needs a key [default: 127.0.0.1]"),
    ] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="0: any that is free [default: 8643]")] = None,
    keys_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="who has one of these keys may ask, one a line")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", help="of sessions: sqlite:///PATH or postgresql://… [default: SQLite in --data]"),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="folder of jobs and sessions [default: in the user's data folder]"),
    ] = None,
) -> None:
    """Serve turns, sessions, jobs, live audio and chat completions over HTTP; more by EMOAGENT_SERVE_* settings."""
    from emoagent.bridges.http.config import load_config
    from emoagent.commands.serve import run

    run(load_config(host=host, port=port, keys_file=keys_file, database=database, data=data))


def chat(
    session: Annotated[
        str | None, typer.Option(metavar="NAME", help="keep the conversation, or go on with it [default: keep nothing]")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", help="where it is kept, e.g. sqlite:///PATH [default: in the user's data folder]"),
    ] = None,
    reasoner_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="server of the model that answers, OpenAI-compatible: http://…/v1"),
    ] = None,
    reasoner_model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="its name there [default: the only one that it offers]")
    ] = None,
    note: Annotated[
        bool, typer.Option("--note", help="tell that model the expressed emotion, in a system note")
    ] = False,
    context: options.Context = None,
    as_json: options.Json = False,
) -> None:
    """Talk in the terminal, by text or clips: each turn with its expressed emotion, the timeline, and why."""
    from emoagent.commands.chat import run
    from emoagent.settings import load_settings

    settings = load_settings(reasoner_url=reasoner_url, reasoner_model=reasoner_model, context=context)
    raise typer.Exit(run(settings, session=session, database=database, note=note, as_json=as_json))


Database = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        envvar="EMOAGENT_SERVE_DATABASE",
        help="sqlite:///PATH or postgresql://USER@HOST/NAME [default: that of `emoagent serve`]",
    ),
]


@sessions.command("list")
def sessions_list(
    database: Database = None,
    owner: Annotated[str | None, typer.Option(help="only those of this owner, see the column")] = None,
    limit: Annotated[int, typer.Option(min=1, help="at most so many")] = 100,
    as_json: options.Json = False,
) -> None:
    """List stored conversations, last used first: how many turns, until when they are kept, what was agreed to."""
    from emoagent.commands.sessions import listing

    listing(database, owner, limit, as_json=as_json)


@sessions.command("delete")
def sessions_delete(
    names: Annotated[list[str] | None, typer.Argument(help="ids, see `sessions list`", metavar="SESSION")] = None,
    owner: Annotated[str | None, typer.Option(help="all of this owner")] = None,
    database: Database = None,
) -> None:
    """Delete conversations for good: their turns and all that was remembered of them leave the database's files."""
    from emoagent.commands.sessions import delete
    from emoagent.errors import UsageError

    if not names and owner is None:
        raise UsageError("it is not said which sessions to delete", hint="name them, or give --owner")
    delete(database, names or [], owner)


@sessions.command("gc")
def sessions_gc(database: Database = None) -> None:
    """Delete the conversations whose time is over. `emoagent serve` does so itself every hour."""
    from emoagent.commands.sessions import clean

    clean(database)
