"""Corrections as a file of lines (docs/design/corrections.md), from a stranger: every line is right, or none counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from emoagent.errors import UsageError
from emoagent.schema import Trace
from emoagent.tools.plain_text import one_line
from emoagent.viewer.corrections import Correction, fit

MAX_BYTES = 16 << 20  # an hour of talk has about a thousand utterances: 0.3 MB
HINT = "docs/design/corrections.md tells what a line holds; nothing was applied"


def contents(file: Path) -> bytes:
    """The bytes of a file to import. Raises `UsageError` where there is no such file, or it is too large."""
    try:
        if not file.is_file():
            raise UsageError(f"{file}: there is no such file", hint="name the file to import", where=str(file))
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", hint="name the file to import", where=str(file)) from error
    if len(data) > MAX_BYTES:
        raise UsageError(f"{file.name} is larger than {MAX_BYTES >> 20} MB", hint="corrections are small; nothing was "
                         "applied", where=str(file))  # fmt: skip
    return data


def parse(data: bytes, trace: Trace, name: str) -> list[Correction]:
    """The corrections in a file called `name`. Raises `UsageError` with the number of the first line that is wrong."""
    misfit, found = fit(trace), list[Correction]()
    for number, line in _lines(data):
        try:
            correction = Correction.model_validate_json(line)
        except ValidationError as error:
            raise _wrong(name, number, _told(error)) from error
        if reason := misfit(correction):
            raise _wrong(name, number, reason)
        found.append(correction)
    if not found:
        raise UsageError(f"{name} holds no corrections", hint=HINT, where=name)
    return found


def _lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if stripped := line.strip():
            yield number, stripped


def _told(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]


def _wrong(name: str, number: int, reason: str) -> UsageError:
    return UsageError(f"{name}, line {number}: {short(reason)}", hint=HINT, where=f"{name}:{number}")


def short(text: str) -> str:
    """On one line, and cut where a stranger made it long."""
    plain = one_line(text)
    return plain if len(plain) <= 300 else f"{plain[:299]}…"
