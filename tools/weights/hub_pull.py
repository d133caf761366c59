"""Fetches models of the hub into its cache, pinned to a commit, resumable, every file checked before it counts.

`HF_ENDPOINT` names another hub; `HF_TOKEN`, from the environment alone, opens gated models; `EMOAGENT_OFFLINE=1`
forbids it.
"""

from __future__ import annotations

import fcntl
import io
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emoagent.errors import ModelMissing, Refused, ResourceLimit, UsageError
from emoagent.tools.digest import sha256_of
from emoagent.tools.weights.asset_sources import Progress
from emoagent.tools.weights.hub_answers import hub_errors, lost_connection
from emoagent.tools.weights.hub_files import HubFile, chosen, mismatch, unsafe
from emoagent.tools.weights.hub_lock import Locked, LockedFile, hub_cache, read_lock, remember, snapshot
from emoagent.tools.weights.hub_models import MODELS, is_repository, repository_of

QUIET = {
    "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_UPDATE_CHECK": "1", "DO_NOT_TRACK": "1",
}  # fmt: skip
COMMIT = re.compile(r"[0-9a-f]{40}")
SPARE = 200_000_000  # bytes that stay free on the disk
SMALL = 1_000_000  # bytes below which a file is fetched anew rather than gone on with


@dataclass(frozen=True)
class Listed:
    """What the hub says of a model at one commit."""

    repository: str
    revision: str
    licence: str
    files: tuple[HubFile, ...]


def pull(name: str, *, revision: str | None = None, progress: Progress | None = None) -> Locked:
    """Fetches a model, at the commit of an earlier pull unless `revision` (branch, tag, commit) is given.

    What is there and right is not fetched again. Raises `ModelMissing` (5), `BackendUnreachable` (6), `ResourceLimit`
    (7), `Refused` (8) and `UsageError` (2).
    """
    repository = _pullable(name)
    locked = read_lock().get(repository)
    if locked and revision in (None, locked.revision) and not damaged(locked):
        return locked
    _go_online(repository)
    with hub_errors(repository):
        listed = _ask(repository, revision or (locked.revision if locked else "main"))
        wanted = chosen(listed.files, repository)
        _make_room(repository, wanted)
        files = {file.path: _keep(listed, file, step) for file, step in _steps(wanted, progress)}
    made = Locked(repository, listed.revision, listed.licence, files)
    remember(made)
    return made


def damaged(model: Locked) -> list[str]:
    """The files of a pulled model that are not there, or are not what was pulled; every byte is read."""
    return [name for name, file in model.files.items() if not _right(model.folder / name, file)]


def _right(path: Path, file: LockedFile) -> bool:
    return path.is_file() and path.stat().st_size == file.size and sha256_of(path) == file.sha256


def _pullable(name: str) -> str:
    repository = repository_of(name)
    if not is_repository(repository):
        hint = "a name from `emoagent models list`, or organisation/model of the hub"
        raise UsageError(f"there is no model called {name!r}", hint=hint)
    known = MODELS.get(repository)
    if known and known.unpullable:
        raise Refused(f"{repository} is not pulled: {known.unpullable}", where=repository)
    return repository


def _go_online(repository: str) -> None:
    if os.environ.get("EMOAGENT_OFFLINE", "").lower() not in ("", "0", "false", "no"):
        hint = f"emoagent models pull {repository}  (with EMOAGENT_OFFLINE unset), or models pull --from BUNDLE.tar"
        raise ModelMissing(f"{repository} is not here, and EMOAGENT_OFFLINE forbids fetching it", hint=hint)
    os.environ.update({key: value for key, value in QUIET.items() if key not in os.environ})


def _token() -> str | bool:
    """From the environment alone; a token that another program stored on this machine is not used."""
    return os.environ.get("HF_TOKEN", "").strip() or False


def _ask(repository: str, revision: str) -> Listed:
    from huggingface_hub import HfApi

    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT"), token=_token(), library_name="emoagent")
    info = api.model_info(repository, revision=revision, files_metadata=True)
    if not COMMIT.fullmatch(str(info.sha)):
        raise ModelMissing(f"the hub does not say which commit of {repository} it has", where=repository)
    return Listed(repository, str(info.sha), _licence(info), tuple(map(_file, info.siblings or ())))


def _file(sibling: Any) -> HubFile:
    digest = sibling.lfs and str(sibling.lfs["sha256"] if isinstance(sibling.lfs, dict) else sibling.lfs.sha256)
    return HubFile(str(sibling.rfilename), int(sibling.size or 0), digest or None, sibling.blob_id)


def _licence(info: Any) -> str:
    """As the model's card states it."""
    card = info.card_data
    named = (card.get("license_name") or card.get("license")) if card is not None else None
    return str(named) if named else "not stated"


def _make_room(repository: str, files: list[HubFile]) -> None:
    """Raises `ResourceLimit` where what is still to be fetched does not fit on the disk."""
    folder = hub_cache()
    missing = sum(file.size for file in files if not _blob(repository, file).is_file())
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    if missing and missing + SPARE > free:
        message = f"{repository} needs {missing / 1e9:.1f} GB more, and the disk has {free / 1e9:.1f} GB free"
        raise ResourceLimit(message, hint="free some space, or set HF_HUB_CACHE to a folder on another disk")


def _steps(files: list[HubFile], progress: Progress | None) -> Iterator[tuple[HubFile, Callable[[int], None]]]:
    """Each file with a function that is told how many of its bytes are there."""
    total, before = sum(file.size for file in files), 0
    for file in files:
        yield file, _shifted(progress, before, total)
        before += file.size


def _shifted(progress: Progress | None, before: int, total: int) -> Callable[[int], None]:
    return lambda done: progress(before + done, total) if progress else None


def _keep(listed: Listed, file: HubFile, told: Callable[[int], None]) -> LockedFile:
    """Puts the file into the cache, as the hub's own library lays it out: a blob, and a link in the snapshot."""
    blob = _blob(listed.repository, file)
    blob.parent.mkdir(parents=True, exist_ok=True)
    part = blob.with_name(f"{blob.name}.emoagent.part")
    with _alone(listed.repository, blob.name):
        if not (blob.is_file() and mismatch(blob, file) is None):
            _fetch(listed, file, part, told)
            _check(listed.repository, file, part)
            part.replace(blob)
        if wrong := unsafe(blob, file.path):
            raise Refused(f"{file.path} of {listed.repository} is not taken: {wrong}", hint="choose another model")
    _link(snapshot(listed.repository, listed.revision) / file.path, blob)
    told(file.size)
    return LockedFile(file.size, file.sha256 or sha256_of(blob))


def _blob(repository: str, file: HubFile) -> Path:
    if not re.fullmatch("[0-9a-f]{40,64}", file.etag):
        raise ModelMissing(f"the hub gives no checksum for {file.path}", where=repository)
    return snapshot(repository, "x").parents[1] / "blobs" / file.etag


def _fetch(listed: Listed, file: HubFile, part: Path, told: Callable[[int], None]) -> None:
    """Goes on where an earlier attempt ended, as long as each attempt brings something. The library's own download
    starts each file anew after a kill, and its older versions give up where a connection breaks."""
    while True:
        begun = _kept(part, file)
        try:
            return _go_on(listed, file, part, begun, told)
        except Exception as error:
            if not lost_connection(error) or part.stat().st_size <= begun:
                raise


def _kept(part: Path, file: HubFile) -> int:
    """How many bytes of the file there are to go on from; a part that is of no use is removed."""
    begun = part.stat().st_size if part.exists() else 0
    if SMALL <= begun < file.size:
        return begun
    part.unlink(missing_ok=True)
    return 0


def _go_on(listed: Listed, file: HubFile, part: Path, begun: int, told: Callable[[int], None]) -> None:
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    endpoint = os.environ.get("HF_ENDPOINT")
    url = hf_hub_url(listed.repository, file.path, revision=listed.revision, endpoint=endpoint)
    headers = build_hf_headers(token=_token(), library_name="emoagent") | {"Accept-Encoding": "identity"}
    with Counted(part, told) as output:
        http_get(url, output, resume_size=begun, headers=headers, expected_size=file.size)


class Counted(io.BufferedRandom):
    """A file that is written to at its end, and tells how long it is."""

    def __init__(self, path: Path, told: Callable[[int], None]) -> None:
        path.touch()
        super().__init__(io.FileIO(path, "r+"))
        self.seek(0, os.SEEK_END)
        self._told = told

    def write(self, data: Any, /) -> int:
        """Writes, and tells."""
        written = super().write(data)
        self._told(self.tell())
        return written


def _check(repository: str, file: HubFile, part: Path) -> None:
    """Raises `ModelMissing` and removes what was fetched where it is not what the hub lists."""
    if wrong := mismatch(part, file):
        part.unlink()
        hint = f"emoagent models pull {repository}  (again: the connection may have garbled it)"
        raise ModelMissing(f"{file.path} of {repository} is not what the hub lists: {wrong}", hint=hint)


def _link(place: Path, blob: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_symlink() or place.exists():
        place.unlink()
    place.symlink_to(os.path.relpath(blob, place.parent))


@contextmanager
def _alone(repository: str, name: str) -> Iterator[None]:
    """Two processes do not fetch the same file at the same time; the hub's own library takes the same lock."""
    place = hub_cache() / ".locks" / f"models--{repository.replace('/', '--')}" / f"{name}.lock"
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
