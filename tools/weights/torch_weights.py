"""The tensors of a checkpoint that PyTorch saved, read without PyTorch and without running what stands in it.

Such a file is a zip with a pickle in it, and a pickle is a program that may call anything. Here it can name four things
only: an ordered dictionary, two kinds of storages and the function that lays a tensor over a storage, all of which are
replaced by ours or harmless. Everything else is refused before it is looked up.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tensor = NDArray[np.float32]
LARGEST = 1 << 28  # bytes of a member of the zip


@dataclass(frozen=True)
class _Numbers:
    """A storage before it is read: the member `key` of the zip, as numbers of the type `of`."""

    of: str
    key: str


@dataclass(frozen=True)
class _View:
    """A tensor before it is read: `shape` and `stride` count numbers, from `offset` in the storage."""

    storage: _Numbers
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


class _Reader(pickle.Unpickler):
    """Builds dictionaries, numbers, strings and `_View`s, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise ValueError(f"the file names {module}.{name}, which no weights need") from None

    def persistent_load(self, pid: Any) -> Any:
        """The storage that `("storage", type, key, device, length)` means."""
        kind, of, key = pid[:3]
        if kind != "storage" or of not in ("<f4", "<i8") or not isinstance(key, str):
            raise ValueError("the file holds something else than numbers")
        return _Numbers(of, key)


def read_tensors(data: bytes) -> dict[str, Tensor]:
    """The tensors of 32-bit floats in the saved dictionary, or in its entry `state_dict`, by name.

    Raises `ValueError` if `data` is not such a file, or names anything that tensors do not need.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read(archive)
    except (zipfile.BadZipFile, pickle.UnpicklingError, EOFError, AttributeError, IndexError, KeyError, TypeError,
            OverflowError, NotImplementedError) as error:  # fmt: skip
        raise ValueError(f"the checkpoint cannot be read: {type(error).__name__}: {error}") from error


def _read(archive: zipfile.ZipFile) -> dict[str, Tensor]:
    root = next(name for name in [*archive.namelist(), "/data.pkl"] if name.endswith("/data.pkl"))[: -len("data.pkl")]
    saved = _Reader(io.BytesIO(_member(archive, root + "data.pkl"))).load()
    if not isinstance(saved, Mapping):
        raise ValueError("the checkpoint is not a dictionary")
    views = saved.get("state_dict", saved)
    kept = {name: view for name, view in views.items() if isinstance(view, _View) and view.storage.of == "<f4"}
    return {str(name): _laid(view, _member(archive, f"{root}data/{view.storage.key}")) for name, view in kept.items()}


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > LARGEST:
        raise ValueError(f"{name} is larger than any weights")
    return archive.read(name)


def _laid(view: _View, storage: bytes) -> Tensor:
    """The numbers of `view`. Raises `ValueError` where it does not lie densely inside its storage."""
    size = int(np.prod(view.shape, dtype=np.int64))
    dense = tuple(int(np.prod(view.shape[axis + 1 :], dtype=np.int64)) for axis in range(len(view.shape)))
    if view.stride != dense or not 0 <= view.offset <= view.offset + size <= len(storage) // 4:
        raise ValueError("a tensor does not lie densely inside its storage")
    return np.frombuffer(storage, "<f4", count=size, offset=4 * view.offset).reshape(view.shape).astype(np.float32)


def _view(storage: _Numbers, offset: int, shape: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> _View:
    return _View(storage, offset, tuple(shape), tuple(stride))


_ALLOWED: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch", "FloatStorage"): "<f4",
    ("torch", "LongStorage"): "<i8",
    ("torch._utils", "_rebuild_tensor_v2"): _view,
}
