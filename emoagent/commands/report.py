"""`emoagent report`: the evidence report of an earlier run."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from emoagent.errors import UsageError
from emoagent.schema import Trace


def run(source: Path, out: Path | None, video: str | None) -> Path:
    """Writes the page and returns its path. Raises `UsageError` if `source` holds no trace."""
    from emoagent.viewer.report import write_report

    path = source / "trace.json" if source.is_dir() else source
    page = out or path.parent / "report.html"
    if page.exists() and page.samefile(path):
        raise UsageError("the page would replace the trace", hint="choose another -o", where=str(page))
    write_report(read_trace(path), page, folder=path.parent, video=video)
    return page


def read_trace(path: Path) -> Trace:
    """The trace in a file. Raises `UsageError` if there is none."""
    try:
        return Trace.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        hint = "give the folder that emoagent analyze -o wrote"
        raise UsageError(f"{path}: {error.strerror}", hint=hint, where=str(path)) from error
    except (ValidationError, UnicodeDecodeError) as error:
        hint = "it may be from another version; analyse the video again"
        raise UsageError(f"{path} holds no trace of this version", hint=hint, where=str(path)) from error
