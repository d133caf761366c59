"""RTTM of the NIST Rich Transcription evaluations: who speaks when, one turn a line, fields parted by blanks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from emoagent.viewer.exports.cleaning import clean
from emoagent.viewer.exports.registry import exporter
from emoagent.viewer.exports.result import Result

NONE = "<NA>"
# What readers built on pandas take for a missing value.
MISSING = {
    "", "#n/a", "#na", "-1.#ind", "-1.#qnan", "-nan", "1.#ind", "1.#qnan", "<na>", "n/a", "na", "nan", "none", "null",
}  # fmt: skip


@exporter("rttm", suffix=".rttm")
def rttm(result: Result, path: Path) -> None:
    """RTTM: who speaks when, as diarization tools read it."""
    file, names = token(Path(result.trace.clip.name).stem), tokens(result.transcript.speakers.values())
    rows = (
        ["SPEAKER", file, "1", _seconds(line.start), _seconds(line.end - line.start), NONE, NONE,
         names[line.speaker], NONE, NONE]
        for line in result.transcript.lines
    )  # fmt: skip
    path.write_text("".join(f"{' '.join(row)}\n" for row in rows), encoding="utf-8", newline="\n")


def token(name: str) -> str:
    """The name as one field: blanks become _, quotes ’, and what means "missing" or begins a comment gets an _."""
    field = "_".join(clean(name).replace('"', "”").split())
    return f"_{field}" if field.casefold() in MISSING or field.startswith(";") else field


def tokens(names: Iterable[str]) -> dict[str, str]:
    """Each name as one field, no two alike."""
    made: dict[str, str] = {}
    for name in names:
        field, taken = token(name), set(made.values())
        numbered = (f"{field}_{count}" for count in range(2, len(taken) + 3))
        made[name] = next(each for each in (field, *numbered) if each not in taken)
    return made


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds // 1000}.{milliseconds % 1000:03d}"
