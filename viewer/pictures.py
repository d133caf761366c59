"""Thumbnails of a run, as addresses for a page: embedded, or linked where they would make the page too heavy."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from urllib.parse import quote

EMBED_AT_MOST = 20_000_000  # bytes, all pictures of a page together
_KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"RIFF": "image/webp"}


def pictures(refs: Iterable[str], media: Path | None, page: Path) -> dict[str, str]:
    """Maps each `media_ref` that is a picture inside the folder `media` to what goes into `src` on `page`.

    A reference that leads out of the folder, to nothing, or to something that is not a picture is left out.
    """
    if media is None or not media.is_dir():
        return {}
    files = {ref: file for ref in dict.fromkeys(refs) if (file := _inside(media, ref)) and _kind(file)}
    if sum(file.stat().st_size for file in files.values()) > EMBED_AT_MOST:
        return {ref: quote(Path(os.path.relpath(file, page.parent)).as_posix()) for ref, file in files.items()}
    return {ref: _embedded(file) for ref, file in files.items()}


def _inside(media: Path, ref: str) -> Path | None:
    parts = PurePosixPath(ref.replace("\0", "")).parts
    root = media.resolve()
    file = root.joinpath(*(parts[1:] if parts[:1] == ("media",) else parts)).resolve()
    return file if file.is_relative_to(root) and file.is_file() else None


def _kind(file: Path) -> str | None:
    with file.open("rb") as stream:
        start = stream.read(4)
    return next((kind for magic, kind in _KINDS.items() if start.startswith(magic)), None)


def _embedded(file: Path) -> str:
    return f"data:{_kind(file)};base64,{base64.b64encode(file.read_bytes()).decode('ascii')}"
