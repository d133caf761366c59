"""The evidence report: one HTML file that needs nothing else, opens from disk, and may load nothing from anywhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

from emoagent.errors import OutputError, UsageError
from emoagent.schema import Trace
from emoagent.viewer.document import document, policy
from emoagent.viewer.exports.result import Result
from emoagent.viewer.payload import payload_of
from emoagent.viewer.pictures import Pictures


def write_report(trace: Trace, path: Path, *, folder: Path | None, video: str | None = None) -> None:
    """Writes the report of `trace` to `path`, whole or not at all.

    `folder`: where the run's thumbnails and series lie. `video`: where the clip lies, relative to the report.
    Raises `UsageError` where `video` is not a relative path, `OutputError` where `path` cannot be written.
    """
    _replace(path, pieces(trace, path, folder, video))


def render(trace: Trace, path: Path, *, folder: Path | None = None, video: str | None = None) -> str:
    """The report of `trace` as it would stand at `path`. Reads the run's folder, writes nothing."""
    return "".join(pieces(trace, path, folder, video))


def pieces(trace: Trace, path: Path, folder: Path | None, video: str | None) -> Iterator[str]:
    """The same, piece by piece."""
    address = None if video is None else _relative(video)
    pictures = Pictures(references(trace), folder and folder / "media", path)
    result = Result(folder or Path(os.devnull), trace)
    return document(payload_of(result, video=address), pictures, policy(pictures.linked, address is not None))


def references(trace: Trace) -> Iterator[str]:
    """Every picture that the trace names."""
    yield from (item.media_ref for item in trace.evidence if item.media_ref)
    messages = (message for call in trace.calls for message in call.messages)
    yield from (part.image for message in messages for part in message.parts if part.image)


def _relative(video: str) -> str:
    posix = video.replace(os.sep, "/")
    if urlsplit(posix).scheme or posix.startswith("/"):
        raise UsageError(f"the video {video!r} is not a relative path", hint="name it relative to the report's folder")
    address = quote(posix, errors="surrogateescape")
    return address if address.startswith(".") else f"./{address}"


def _replace(path: Path, written: Iterator[str]) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(written)
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(f"the report cannot be written: {error.strerror or error}", hint="choose another place",
                       where=str(path))  # fmt: skip
