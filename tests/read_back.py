"""What the tests of the exports share: a conversation written in a format, and what another reader must find in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from transcripts import WORST, Told, conversations

from emoagent.viewer.exports.lines import Line
from emoagent.viewer.exports.registry import exporters
from emoagent.viewer.exports.result import Result

MILLISECOND = 0.001 + 1e-6
EXAMPLES = 20


def whatever_is_told(test: Callable[..., None]) -> Any:
    """Runs a test on conversations as nobody would have them, and on one with the worst of all in it."""
    every = settings(max_examples=EXAMPLES)
    return every(given(told=conversations)(example(told=WORST)(test)))


@dataclass(frozen=True)
class Read:
    """What a reader found of one utterance; times in seconds, None where the format does not say."""

    start: float
    end: float
    text: str
    speaker: str | None = None
    label: str | None = None


def written(told: Told, name: str, folder: Path) -> Path:
    """The conversation in a format. Skips where its library is not installed."""
    chosen = exporters()[name]
    if chosen.package:
        pytest.importorskip(chosen.package)
    path = folder / ".export" / f"{name}{chosen.suffix}"
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    chosen.write(Result(folder, told.trace), path)
    return path


def lines_of(told: Told) -> Sequence[Line]:
    """The lines that are exported."""
    return Result(Path("nowhere"), told.trace).transcript.lines


def expected(told: Told, name: Callable[[str], str] = str, text: Callable[[str], str] = str) -> list[Read]:
    """What was told, with `name` and `text` as the format writes them."""
    return [
        Read(each.span.start, each.span.end, text(line.text), name(line.speaker), line.label)
        for line in lines_of(told) for each in [line.utterance]
    ]  # fmt: skip


def named(told: Told) -> set[str]:
    """The names of the speakers that are known."""
    return {line.speaker for line in lines_of(told) if line.person is not None}


def same(found: list[Read], wanted: list[Read], *fields: str) -> None:
    """Each utterance once: the fields equal, the times within a millisecond."""
    assert len(found) == len(wanted)
    left = list(found)
    for want in wanted:
        match = next((each for each in left if _matches(each, want, fields)), None)
        assert match is not None, f"{want} is not in {left}"
        left.remove(match)


def same_but_for_doubles(found: list[Read], wanted: list[Read], *fields: str) -> None:
    """The same where the reader drops a caption that is in all equal to another, as FFmpeg does."""
    assert all(any(_matches(each, want, fields) for each in found) for want in wanted)
    assert all(any(_matches(each, want, fields) for want in wanted) for each in found)


def _matches(each: Read, want: Read, fields: tuple[str, ...]) -> bool:
    near = abs(each.start - want.start) <= MILLISECOND and abs(each.end - want.end) <= MILLISECOND
    return near and each.end > each.start and all(getattr(each, field) == getattr(want, field) for field in fields)
