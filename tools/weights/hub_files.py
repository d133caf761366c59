"""Which files of a hub repository are taken, and whether a file is what it claims to be.

Weights are safetensors, which hold numbers only. Pickles (`.bin`, `.pt`, `.pth`) can run code and are never taken, nor
is code. The one `model.bin` that is: CTranslate2's own format, which faster-whisper reads; its header is checked.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from emoagent.errors import Refused
from emoagent.tools.digest import sha256_of

WEIGHTS = ".safetensors"
CTRANSLATE = "model.bin"
TEXTS = (".json", ".txt", ".jinja", ".model", ".tiktoken")  # settings, tokenizers, chat templates
PAPERS = ("README.md", "LICENSE", "LICENSE.txt", "LICENSE.md", "NOTICE")
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
LARGEST_TEXT = 100_000_000  # bytes
LONGEST_HEADER = 100_000_000  # bytes; the limit of the safetensors library


@dataclass(frozen=True)
class HubFile:
    """A file as the hub lists it. `sha256` where it is stored with LFS; `blob`: git's own sha1 where it is not."""

    path: str
    size: int
    sha256: str | None
    blob: str | None

    @property
    def etag(self) -> str:
        """The name under which the hub's cache keeps the content."""
        return self.sha256 or self.blob or ""


def chosen(files: Iterable[HubFile], repository: str) -> list[HubFile]:
    """The files to pull. Raises `Refused` (exit 8) where there are no weights that can be loaded safely."""
    files = [file for file in files if _safe_path(file.path)]
    names = {file.path for file in files}
    own_format = CTRANSLATE in names and any(name.startswith("vocabulary.") for name in names)
    weights = {name for name in names if name.endswith(WEIGHTS) and "/" not in name}
    if not weights and own_format:
        weights = {CTRANSLATE}
    if not weights:
        pickled = sorted(name for name in names if name.endswith(PICKLES))
        found = f"only {', '.join(pickled[:3])}, which can run code when loaded" if pickled else "no weights"
        raise Refused(f"{repository} has no safetensors weights: {found}", hint="choose a model with safetensors")
    return [file for file in files if file.path in weights or _text(file)]


def acceptable(path: str) -> bool:
    """Whether a file of this name may lie in a pulled model."""
    name = PurePosixPath(path)
    kind = name.suffix in (WEIGHTS, *TEXTS) or path == CTRANSLATE or path in PAPERS
    return _safe_path(path) and kind


def _text(file: HubFile) -> bool:
    kept = file.path in PAPERS or (PurePosixPath(file.path).suffix in TEXTS and file.path.count("/") <= 1)
    return kept and file.size <= LARGEST_TEXT


def _safe_path(path: str) -> bool:
    parts = path.split("/")
    plain = all(part and not part.startswith(".") and part.isprintable() for part in parts)
    return plain and "\\" not in path and len(path) < 200


def mismatch(path: Path, file: HubFile) -> str | None:
    """Why the file on disk is not the one that the hub lists; `None` if it is."""
    if path.stat().st_size != file.size:
        return "its size differs"
    if file.sha256 is not None:
        return None if sha256_of(path) == file.sha256 else "its sha256 differs"
    if file.blob is None:
        return "the hub gives no checksum for it"
    return None if _git_blob(path) == file.blob else "its checksum differs"


def _git_blob(path: Path) -> str:
    """git's name for a file's content; only of small files, LFS has sha256."""
    data = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def unsafe(path: Path, name: str) -> str | None:
    """Why a file of weights is not of the format that its name claims; `None` if it is, or is no file of weights."""
    if name.endswith(WEIGHTS):
        return None if _is_safetensors(path) else "it is not a safetensors file"
    if name == CTRANSLATE:
        return None if _is_ctranslate(path) else "it is not a CTranslate2 model, and may be a pickle"
    return None


def _is_safetensors(path: Path) -> bool:
    """The length of a header, then the header as JSON."""
    with path.open("rb") as file:
        start = file.read(8)
        if len(start) < 8:
            return False
        (length,) = struct.unpack("<Q", start)
        if not 2 <= length <= min(LONGEST_HEADER, path.stat().st_size - 8):
            return False
        try:
            return isinstance(json.loads(file.read(length)), dict)
        except ValueError:
            return False


def _is_ctranslate(path: Path) -> bool:
    """A small version number, then the length and the name of the model's specification, which ends in a zero byte."""
    with path.open("rb") as file:
        start = file.read(6)
        if len(start) < 6:
            return False
        version, length = struct.unpack("<IH", start)
        name = file.read(min(length, 64))
    return 1 <= version < 100 and 1 < length <= 64 and name.endswith(b"Spec\0") and name[:-1].isalnum()
