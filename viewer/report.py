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
from emoagent.viewer.payload import Payload
from emoagent.viewer.pictures import Pictures


def write_report(payload: Payload, path: Path, folder: Path) -> None:
    """Writes the page to `path`, whole or not at all; `folder`: where the run's thumbnails lie.

    Raises `OutputError` where `path` cannot be written.
    """
    pictures = Pictures(references(payload.trace), folder / "media", path)
    rules = policy(pictures.linked, payload.video is not None)
    _replace(path, document(payload, pictures, rules))


def references(trace: Trace) -> Iterator[str]:
    """Every picture that the trace names."""
    yield from (item.media_ref for item in trace.evidence if item.media_ref)
    messages = (message for call in trace.calls for message in call.messages)
    yield from (part.image for message in messages for part in message.parts if part.image)


def relative(video: str) -> str:
    """The address of a clip that lies at `video`, seen from the page. Raises `UsageError` for other addresses."""
    posix = video.replace(os.sep, "/")
    if urlsplit(posix).scheme or posix.startswith("/"):
        raise UsageError(f"the video {video!r} is not a relative path", hint="name it relative to the report's folder")
    address = quote(posix, errors="surrogateescape")
    return address if address.startswith(".") else f"./{address}"


def address_of(source: Path, folder: Path) -> str:
    """The address of the file `source` in a page that lies in `folder`."""
    return relative(os.path.relpath(source.resolve(), folder.resolve()))


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
