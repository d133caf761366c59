"""`emoagent analyze`: one file or many, progress on stderr, a table or the trace on stdout."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from emoagent.analysis import analyze, trace_json
from emoagent.cli import show_error
from emoagent.commands.progress import progress
from emoagent.errors import EXIT_INTERRUPTED, EXIT_OK, EXIT_PARTIAL, EmoagentError, UsageError
from emoagent.schema import Trace
from emoagent.settings import Settings


def run(files: list[Path], out: Path | None, settings: Settings, *, as_json: bool, resume: bool) -> int:
    """Analyses each file and returns the exit status: 0, 3 if something failed on the way, else the error's own."""
    folders = _folders(files, out, as_json)
    statuses = []
    for file, folder in zip(files, folders, strict=True):
        try:
            statuses.append(_one(file, folder, settings, as_json, resume))
        except EmoagentError as error:
            show_error(error, as_json=as_json)
            statuses.append(error.exit_status)
        except KeyboardInterrupt:
            sys.stderr.write("\ninterrupted; the same command with --resume goes on from here\n")
            return EXIT_INTERRUPTED
    return _together(statuses)


def _one(file: Path, folder: Path | None, settings: Settings, as_json: bool, resume: bool) -> int:
    with progress(file.name) as listener:
        trace = analyze(file, folder, settings=settings, resume=resume, listener=listener)
    if as_json:
        sys.stdout.buffer.write(trace_json(trace))
        sys.stdout.buffer.flush()
    else:
        _tell(trace, folder)
    for fault in trace.faults:
        sys.stderr.write(f"warning: {fault.source}: {fault.message}" + (f" ({fault.hint})\n" if fault.hint else "\n"))
    return EXIT_PARTIAL if trace.faults else EXIT_OK


def _tell(trace: Trace, folder: Path | None) -> None:
    from emoagent.summary import summary_lines, summary_table

    console = Console()
    if console.is_terminal:
        console.print(summary_table(trace))
    else:
        sys.stdout.writelines(f"{line}\n" for line in summary_lines(trace))
    if judged := trace.provenance.settings.get("found.judged"):
        sys.stdout.write(f"{judged}\n")
    if folder is not None:
        sys.stdout.write(f"report: {folder / 'report.html'}\n")
    sys.stdout.flush()


def _folders(files: list[Path], out: Path | None, as_json: bool) -> list[Path | None]:
    if out is None:
        return [None if as_json else Path(f"{file.stem or file.name}.emoagent") for file in files]
    if len(files) == 1:
        return [out]
    folders = [out / file.stem for file in files]
    if len(set(folders)) < len(folders):
        raise UsageError("two files would share one result folder", hint="analyse files of equal name separately")
    return [*folders]


def _together(statuses: list[int]) -> int:
    if len(set(statuses)) == 1:
        return statuses[0]
    return EXIT_PARTIAL
