"""Which files of which hub model are in use: `models.lock.json` in the cache pins revision, sizes and sha256."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from emoagent.errors import ModelMissing
from emoagent.tools.weights.assets import cache_folder

FILE = "models.lock.json"
VERSION = 1


@dataclass(frozen=True)
class LockedFile:
    """A file of a model: its size in bytes and its sha256."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Locked:
    """A model that was pulled: its repository, the commit, its licence as the repository states it, its files."""

    repository: str
    revision: str
    licence: str
    files: dict[str, LockedFile]

    @property
    def folder(self) -> Path:
        """Where its files are, whether they are there or not."""
        return snapshot(self.repository, self.revision)

    @property
    def size(self) -> int:
        """All its files together, in bytes."""
        return sum(file.size for file in self.files.values())

    def plain(self) -> dict[str, Any]:
        """As it stands in the lock file."""
        files = {name: asdict(self.files[name]) for name in sorted(self.files)}
        return {"revision": self.revision, "licence": self.licence, "files": files}


def hub_cache() -> Path:
    """The cache that all programs of the hub share (`HF_HUB_CACHE`, `HF_HOME`), so that nothing is kept twice."""
    if own := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(os.path.expandvars(own)).expanduser()
    if home := os.environ.get("HF_HOME"):
        return Path(os.path.expandvars(home)).expanduser() / "hub"
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "huggingface" / "hub"


def snapshot(repository: str, revision: str) -> Path:
    """The folder of a model's files at a commit, as the hub's own library lays it out."""
    return hub_cache() / f"models--{repository.replace('/', '--')}" / "snapshots" / revision


def read_lock() -> dict[str, Locked]:
    """Every model that was pulled, by repository. Raises `ModelMissing` where the file is damaged."""
    path = cache_folder() / FILE
    try:
        return unpack(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        hint = "remove it, then emoagent models pull NAME"
        raise ModelMissing(f"{FILE} cannot be read: {error!r}", hint=hint, where=str(path)) from error


def pack(models: dict[str, Locked]) -> str:
    """The text of a lock file."""
    return json.dumps({"version": VERSION, "models": {name: models[name].plain() for name in sorted(models)}}, indent=1)


def unpack(data: dict[str, Any]) -> dict[str, Locked]:
    """What a lock file says. Raises `ValueError`, `KeyError`, `TypeError` or `AttributeError` where it is none."""
    if data["version"] != VERSION:
        raise ValueError(f"version {data['version']!r}")
    return {name: _model(name, value) for name, value in data["models"].items()}


def _model(name: str, value: dict[str, Any]) -> Locked:
    files = {path: LockedFile(int(each["size"]), str(each["sha256"])) for path, each in value["files"].items()}
    return Locked(name, str(value["revision"]), str(value["licence"]), files)


def remember(model: Locked) -> None:
    """Enters the model; processes that do so at the same time wait for each other."""
    with _alone():
        text = pack(read_lock() | {model.repository: model})
        unfinished = cache_folder() / f".{FILE}.{os.getpid()}"
        unfinished.write_text(text + "\n", encoding="utf-8")
        unfinished.replace(cache_folder() / FILE)


@contextmanager
def _alone() -> Iterator[None]:
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / f".{FILE}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
