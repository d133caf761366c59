"""`emoagent compare`: the report of a run, beside the verdicts of another run of the same clip."""

from __future__ import annotations

from pathlib import Path


def run(source: Path, other: Path, out: Path | None, video: str | None) -> Path:
    """Writes the page and returns its path. Raises `UsageError` if one of them holds no trace, or they are of
    different clips."""
    from emoagent.commands.report import write
    from emoagent.viewer.compare import against
    from emoagent.viewer.exports.result import Result

    result = Result.open(source)
    return write(result, out or result.folder / "compare.html", video, [against(result, other)])
