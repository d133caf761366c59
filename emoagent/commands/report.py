"""`emoagent report`: the evidence report of an earlier run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emoagent.errors import UsageError
from emoagent.run_folder import source_of

if TYPE_CHECKING:
    from emoagent.viewer.exports.result import Result

REPORT = "report.html"


def run(source: Path, out: Path | None, video: str | None) -> Path:
    """Writes the page and returns its path. Raises `UsageError` if `source` holds no trace."""
    from emoagent.viewer.exports.result import Result

    result = Result.open(source)
    return write(result, out or result.folder / REPORT, video)


def write(result: Result, page: Path, video: str | None, others: Sequence[Mapping[str, Any]] = ()) -> Path:
    """Writes the page of `result`, beside the verdicts of `others`. `video`: None: where it was analysed, if it is
    still there. Raises `UsageError`, `OutputError`."""
    from emoagent.viewer.payload import payload_of
    from emoagent.viewer.report import relative, write_report

    if page.resolve() in result.own_files() - {(result.folder / REPORT).resolve()}:
        raise UsageError("the page would replace a part of the result", hint="choose another -o", where=str(page))
    address = relative(video) if video is not None else _analysed(result, page)
    payload = payload_of(result, video=address, others=others)
    write_report(payload, page, result.folder)
    return page


def _analysed(result: Result, page: Path) -> str | None:
    """The address of the clip, seen from the page, if it still lies where it was analysed."""
    from emoagent.viewer.report import address_of

    source = source_of(result.folder)
    try:
        same = source is not None and source.is_file() and source.stat().st_size == result.trace.clip.bytes
        return address_of(source, page.parent) if source and same else None
    except (OSError, ValueError):
        return None
