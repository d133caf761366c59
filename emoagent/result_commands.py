"""The commands that work on a finished result: look at it, correct it, compare it, take it elsewhere, ask it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from emoagent.options import Json


def add_to(app: typer.Typer) -> None:
    """Puts the commands of this file after those that are there."""
    for command in (inspect, report, compare, export, ask):
        app.command()(command)
    app.command("import")(import_corrections)


def inspect(
    run: Annotated[Path, typer.Argument(help="a result folder, finished or not", metavar="RUN", readable=False)],
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="of this machine [default: 8642, or a free one]")
    ] = None,
    video: Annotated[Path | None, typer.Option(help="the analysed file, where it has moved", readable=False)] = None,
    against: Annotated[
        Path | None, typer.Option(help="another run of the same clip, to compare with", metavar="OTHER", readable=False)
    ] = None,
    show: Annotated[bool, typer.Option("--open/--no-open", help="show it in the browser")] = True,
) -> None:
    """Look at a result with its video, or follow a run that goes on; served to this machine alone, until Ctrl-C."""
    from emoagent.commands.inspect import run as serve

    serve(run, port, video, against, show=show)


def report(
    run: Annotated[Path, typer.Argument(help="a result folder, or its trace.json", metavar="RUN", readable=False)],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="the page [default: report.html in the folder]")
    ] = None,
    video: Annotated[
        str | None, typer.Option(help="path of the video, as seen from the page [default: where it was analysed]")
    ] = None,
) -> None:
    """Write the evidence report of a result again, as one HTML page."""
    from emoagent.commands.report import run as write

    typer.echo(str(write(run, out, video)))


def compare(
    run: Annotated[Path, typer.Argument(help="a result folder, or its trace.json", metavar="RUN", readable=False)],
    other: Annotated[Path, typer.Argument(help="another result of the same clip", metavar="OTHER", readable=False)],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="the page [default: compare.html in the folder of RUN]")
    ] = None,
    video: Annotated[str | None, typer.Option(help="path of the video, as seen from the page")] = None,
) -> None:
    """Write the evidence report of a result beside the verdicts of another one of the same clip."""
    from emoagent.commands.compare import run as write

    typer.echo(str(write(run, other, out, video)))


def export(
    run: Annotated[
        Path | None, typer.Argument(help="a result folder, or its trace.json", metavar="RUN", readable=False)
    ] = None,
    to: Annotated[str | None, typer.Option("--to", help="the format", metavar="FORMAT")] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="file or folder [default: FORMAT.SUFFIX in the result folder]")
    ] = None,
    formats: Annotated[bool, typer.Option("--list", help="list the formats")] = False,
    as_json: Json = False,
) -> None:
    """Write a result in the format of another program."""
    from emoagent.commands import export as command

    if formats:
        command.listing(as_json=as_json)
    else:
        command.run(run, to, out)


def ask(
    run: Annotated[Path, typer.Argument(help="a result folder, or its trace.json", metavar="RUN", readable=False)],
    question: Annotated[str, typer.Argument(help="e.g. 'why anger at 02:13?'", metavar="QUESTION")],
    as_json: Json = False,
) -> None:
    """Ask about a result: who, when, which emotion, why, how sure; every sentence names its evidence."""
    from emoagent.commands.ask import run as answer
    from emoagent.settings import load_settings

    answer(run, question, load_settings(), as_json=as_json)


def import_corrections(
    run: Annotated[Path, typer.Argument(help="a result folder, or its trace.json", metavar="RUN", readable=False)],
    file: Annotated[
        Path,
        typer.Argument(help="corrections.jsonl, or an edited .eaf of export --to elan", metavar="FILE", readable=False),
    ],
    reviewed: Annotated[
        bool, typer.Option("--reviewed", help="the whole clip was looked at: labels left alone are confirmed")
    ] = False,
    as_json: Json = False,
) -> None:
    """Put corrections beside a result as a new layer, and tell how far people and machine agree."""
    from emoagent.commands.importing import run as put

    put(run, file, reviewed=reviewed, as_json=as_json)
