"""One tar file with models for a machine without a network, and its unpacking, which trusts nothing in it.

The list of what must follow comes first: `bundle.json`, in the form of the lock file, and the embedded model files.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Self

from emoagent.errors import ModelMissing, OutputError, Refused, ResourceLimit, UsageError, out_of_space
from emoagent.tools.weights import assets
from emoagent.tools.weights.asset_sources import Progress
from emoagent.tools.weights.hub_files import acceptable, unsafe
from emoagent.tools.weights.hub_lock import Locked, LockedFile, hub_cache, pack, remember, unpack
from emoagent.tools.weights.hub_models import is_repository
from emoagent.tools.weights.hub_pull import COMMIT, SPARE

LIST = "bundle.json"
LONGEST_LIST = 8_000_000  # bytes
LONGEST_EXTENSION = 100_000  # bytes of an extended header, which tarfile reads into memory whole
EXTENSIONS = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME,
              tarfile.GNUTYPE_LONGLINK)  # fmt: skip
BLOCK = 1 << 20


@dataclass(frozen=True)
class Item:
    """One file of a bundle: its name there, where it belongs (below which folder), its size and sha256."""

    name: str
    place: Path
    file: LockedFile


class Bounded(tarfile.TarInfo):
    """A header of a tar file that may not ask for much memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Reads a header. Raises `tarfile.ReadError` for an extended one that is too long."""
        found = super().frombuf(buf, encoding, errors)
        if found.type in EXTENSIONS and found.size > LONGEST_EXTENSION:
            raise tarfile.ReadError("an extended header is too long")
        return found


def bundle(target: Path, models: Iterable[Locked], files: Iterable[assets.Asset], progress: Progress | None) -> None:
    """Writes pulled models and embedded model files to one tar. Same content, same bytes. Raises `OutputError`."""
    models, files = list(models), list(files)
    items = [item for model in models for item in _model_items(model)] + [_asset_item(asset) for asset in files]
    unfinished = target.with_name(f".{target.name}.part")
    try:
        with tarfile.open(unfinished, "w", format=tarfile.PAX_FORMAT) as tar:
            text = _list(models, files).encode()
            tar.addfile(_header(LIST, len(text)), io.BytesIO(text))
            _add(tar, items, progress)
        unfinished.replace(target)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise out_of_space(error) or OutputError(f"cannot write {target}: {error}", hint="choose another -o") from error


def _list(models: list[Locked], files: list[assets.Asset]) -> str:
    packed = json.loads(pack({model.repository: model for model in models}))
    return json.dumps(packed | {"assets": sorted(asset.name for asset in files)}, indent=1)


def _model_items(model: Locked) -> list[Item]:
    top = f"models/{model.repository}/{model.revision}"
    return [Item(f"{top}/{name}", model.folder / name, model.files[name]) for name in sorted(model.files)]


def _asset_item(asset: assets.Asset) -> Item:
    return Item(f"assets/{asset.path.name}", asset.path, LockedFile(asset.size, asset.sha256))


def _header(name: str, size: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size, header.mode = size, 0o644
    return header


def _add(tar: tarfile.TarFile, items: list[Item], progress: Progress | None) -> None:
    total, done = sum(item.file.size for item in items), 0
    for item in items:
        with item.place.open("rb") as source:
            tar.addfile(_header(item.name, item.file.size), source)
        done += item.file.size
        if progress:
            progress(done, total)


def unbundle(source: Path, progress: Progress | None = None) -> tuple[list[Locked], list[assets.Asset]]:
    """Puts what a bundle holds into the caches, after every byte of it has been checked.

    Raises `Refused` (8) for what is no bundle of ours, `ModelMissing` (5) for damaged or missing files, `ResourceLimit`
    (7), `UsageError` (2).
    """
    try:
        with tarfile.open(source, "r|", tarinfo=Bounded) as tar:
            return _unpack(tar, progress)
    except (tarfile.TarError, EOFError) as error:
        raise ModelMissing(f"{source.name} is damaged: {error}", hint="copy it again", where=str(source)) from error
    except OSError as error:
        raise out_of_space(error) or UsageError(f"{source} cannot be read: {error}", where=str(source)) from error


def _unpack(tar: tarfile.TarFile, progress: Progress | None) -> tuple[list[Locked], list[assets.Asset]]:
    models, files = _read_list(tar)
    items = {item.name: item for model in models for item in _model_items(model)}
    items |= {item.name: item for item in map(_asset_item, files)}
    _make_room(sum(item.file.size for item in items.values()))
    hub_cache().mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=hub_cache(), prefix=".unpack-", ignore_cleanup_errors=True) as folder:
        found = _take(tar, items, Path(folder), progress)
        for item, path in found:
            item.place.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, item.place)
    for model in models:
        remember(model)
    return models, files


def _read_list(tar: tarfile.TarFile) -> tuple[list[Locked], list[assets.Asset]]:
    first = tar.next()
    if first is None or first.name != LIST or not first.isreg() or first.size > LONGEST_LIST:
        raise Refused("this is not a bundle of models: it does not begin with its list", hint="emoagent models bundle")
    try:
        data = json.loads(_open(tar, first).read())
        models = list(unpack(data).values())
        names = [str(name) for name in data["assets"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(f"the list of the bundle cannot be read: {error!r}", hint="make it again") from error
    if wrong := [model.repository for model in models if not _sound(model)]:
        raise Refused(f"the bundle names files that a model does not have: {wrong[0]!r}", hint="make it again")
    if alien := [name for name in names if name not in assets.ASSETS]:
        raise Refused(f"the bundle has a model file that this version does not know: {alien[0]!r}")
    return models, [assets.ASSETS[name] for name in names]


def _sound(model: Locked) -> bool:
    """Whether nothing in the entry can lead out of the model's own folder."""
    plain = is_repository(model.repository) and COMMIT.fullmatch(model.revision) is not None
    digests = all(re.fullmatch("[0-9a-f]{64}", file.sha256) and file.size >= 0 for file in model.files.values())
    return plain and digests and bool(model.files) and all(map(acceptable, model.files))


def _make_room(size: int) -> None:
    folder = hub_cache().absolute()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if size + SPARE > (free := shutil.disk_usage(there).free):
        message = f"the bundle holds {size / 1e9:.1f} GB, and the disk has {free / 1e9:.1f} GB free"
        raise ResourceLimit(message, hint="free some space, or set HF_HUB_CACHE to a folder on another disk")


def _take(
    tar: tarfile.TarFile, items: dict[str, Item], folder: Path, progress: Progress | None
) -> list[tuple[Item, Path]]:
    """Every file that the list names, checked, under a name of our own; nothing else is ever written."""
    found: dict[str, Path] = {}
    total = sum(item.file.size for item in items.values())
    while (member := tar.next()) is not None:
        item = items.get(member.name)
        if item is None or not member.isreg() or member.name in found or member.size != item.file.size:
            raise Refused(f"the bundle holds something that its list does not name: {member.name[:200]!r}")
        path = found[member.name] = folder / str(len(found))
        _copy(_open(tar, member), path, item)
        if progress:
            progress(sum(items[name].file.size for name in found), total)
    if missing := sorted(set(items) - set(found)):
        raise ModelMissing(f"the bundle is not complete: {missing[0]} is missing", hint="copy or make it again")
    return [(items[name], path) for name, path in found.items()]


def _copy(source: IO[bytes], path: Path, item: Item) -> None:
    digest = hashlib.sha256()
    with path.open("wb") as target:
        while block := source.read(BLOCK):
            digest.update(block)
            target.write(block)
    if digest.hexdigest() != item.file.sha256:
        raise ModelMissing(f"{item.name} in the bundle is damaged: its sha256 differs", hint="copy or make it again")
    if wrong := unsafe(path, item.place.name):
        raise Refused(f"{item.name} in the bundle is not taken: {wrong}")


def _open(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Any:
    return tar.extractfile(member)
