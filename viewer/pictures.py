"""Thumbnails of a run, as addresses for a page: embedded, or linked where they would make the page too heavy."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import quote

EMBED_AT_MOST = 3_000_000  # bytes, all pictures of a page; with an hour of curves it stays below 8 MB
_KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"RIFF": "image/webp"}


class Pictures(Mapping[str, str]):
    """Maps each `media_ref` that is a picture inside the folder `media` to what goes into `src` on `page`.

    A reference that leads out of the folder, to nothing, or to something that is not a picture is left out. An embedded
    picture is read when it is asked for, so that a page of many needs the memory of one.
    """

    def __init__(self, refs: Iterable[str], media: Path | None, page: Path) -> None:
        known = dict.fromkeys(refs) if media is not None and media.is_dir() else {}
        self._files = {ref: file for ref in known if media and (file := _inside(media, ref)) and _kind(file)}
        self._page = page
        self.linked = sum(file.stat().st_size for file in self._files.values()) > EMBED_AT_MOST

    def __getitem__(self, ref: str) -> str:
        file = self._files[ref]
        return quote(Path(os.path.relpath(file, self._page.parent)).as_posix()) if self.linked else _embedded(file)

    def file(self, ref: str) -> tuple[Path, str]:
        """The file of a known reference and its media type."""
        file = self._files[ref]
        return file, _kind(file) or "application/octet-stream"

    def __contains__(self, ref: object) -> bool:
        return ref in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


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
