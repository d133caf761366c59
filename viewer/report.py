"""The evidence report: one HTML file that needs nothing else, opens from disk, and may load nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from importlib import resources
from pathlib import Path
from urllib.parse import quote, urlsplit

from emoagent.errors import OutputError, UsageError
from emoagent.schema import Trace
from emoagent.viewer.index import index
from emoagent.viewer.page import Assets, page
from emoagent.viewer.pictures import Pictures


def write_report(trace: Trace, path: Path, *, media: Path | None, video: str | None = None) -> None:
    """Writes the report of `trace` to `path`, whole or not at all.

    `media`: the folder of thumbnails of the run (`RUN/media`). `video`: where the clip lies, relative to the report.
    Raises `UsageError` where `video` is not a relative path, `OutputError` where `path` cannot be written.
    """
    _replace(path, _pieces(trace, path, media, video))


def render(trace: Trace, path: Path, *, media: Path | None, video: str | None = None) -> str:
    """The report of `trace` as it would stand at `path`. Reads thumbnails, writes nothing."""
    return "".join(_pieces(trace, path, media, video))


def _pieces(trace: Trace, path: Path, media: Path | None, video: str | None) -> Iterator[str]:
    found = Pictures(_references(trace), media, path)
    address = None if video is None else _relative(video)
    return page(index(trace, pictures=found, video=address), _assets(found.linked, address is not None))


def _references(trace: Trace) -> Iterator[str]:
    """Every picture that the trace names."""
    yield from (item.media_ref for item in trace.evidence if item.media_ref)
    messages = (message for call in trace.calls for message in call.messages)
    yield from (part.image for message in messages for part in message.parts if part.image)


def _assets(links_pictures: bool, has_video: bool) -> Assets:
    folder = resources.files("emoagent.viewer")
    style = (folder / "style.css").read_text(encoding="utf-8")
    script = (folder / "script.js").read_text(encoding="utf-8")
    rules = ["default-src 'none'", f"style-src {_hash(style)}", f"script-src {_hash(script)}"]
    rules.append("img-src data: 'self' file:" if links_pictures else "img-src data:")
    if has_video:
        rules.append("media-src 'self' file:")
    return Assets(style, script, "; ".join([*rules, "base-uri 'none'", "form-action 'none'"]))


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"


def _relative(video: str) -> str:
    posix = video.replace(os.sep, "/")
    if urlsplit(posix).scheme or posix.startswith("/"):
        raise UsageError(f"the video {video!r} is not a relative path", hint="name it relative to the report's folder")
    address = quote(posix, errors="surrogateescape")
    return address if address.startswith(".") else f"./{address}"


def _replace(path: Path, pieces: Iterator[str]) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(pieces)
        unfinished.replace(path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(f"the report cannot be written: {error.strerror or error}", hint="choose another place",
                       where=str(path))  # fmt: skip
