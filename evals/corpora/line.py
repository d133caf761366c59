"""A labelled line of text, alone or within a dialogue."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from emoagent.errors import UsageError

# Windows-1252 punctuation that a release carries as C1 control characters.
_MENDED = str.maketrans({"\x85": "...", "\x91": "'", "\x92": "'", "\x93": '"', "\x94": '"', "\x96": "-", "\x97": " - "})


@dataclass(frozen=True)
class Line:
    """`labels` are the corpus' own names, the first one the main one. `dialogue` is `None` for a line that stands
    alone; lines of one dialogue follow one another in order. `times` are start and end in seconds as the release gives
    them, which need not be plausible."""

    text: str
    labels: tuple[str, ...]
    speaker: str | None = None
    dialogue: str | None = None
    key: str = ""
    times: tuple[float, float] | None = None


def with_history(lines: Sequence[Line]) -> Iterator[tuple[Line, Sequence[Line]]]:
    """Each line with the lines of its dialogue before it, oldest first."""
    start = 0
    for i, line in enumerate(lines):
        if i and (line.dialogue is None or line.dialogue != lines[i - 1].dialogue):
            start = i
        yield line, lines[start:i]


def rows(file: Path, delimiter: str = ",") -> list[dict[str, str]]:
    """The rows of a table with a header. Raises `UsageError` where the file is missing, and where a column is asked for
    that it does not have."""
    with existing(file).open(encoding="utf-8-sig", newline="") as stream:
        return [_Row(file, row) for row in csv.DictReader(stream, delimiter=delimiter)]


class _Row(dict[str, str]):
    def __init__(self, file: Path, row: dict[str, str]) -> None:
        super().__init__(row)
        self.file = file

    def __missing__(self, name: str) -> str:
        raise UsageError(f"{self.file.name} has no column {name!r}", hint="is it the release of the corpus' authors?")


def seconds(start: str, end: str) -> tuple[float, float]:
    """Times as `00:20:57,256` or `00:20:57.256` in seconds."""
    parts = ([float(part) for part in time.replace(",", ".").split(":")] for time in (start, end))
    low, high = (3600 * hours + 60 * minutes + rest for hours, minutes, rest in parts)
    return low, high


@contextmanager
def release(folder: Path) -> Iterator[None]:
    """What is malformed in the files that are read inside the `with` block becomes a `UsageError`."""
    try:
        yield
    except (ValueError, IndexError, TypeError, AttributeError, SyntaxError, csv.Error) as error:
        raise UsageError(f"{folder} does not hold the release of the corpus' authors: {error}") from error


def existing(file: Path) -> Path:
    """`file`. Raises `UsageError` where it is missing."""
    if not file.is_file():
        raise UsageError(f"{file} does not exist", hint="give --data the folder that holds the release of the corpus")
    return file


def mended(text: str) -> str:
    """`text` with mis-decoded punctuation put right and white space squeezed."""
    return " ".join(text.translate(_MENDED).split())
