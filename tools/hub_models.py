"""The models of the hub that the profiles `local` and `server` can use, and where a pulled one lies."""

from __future__ import annotations

import re
from pathlib import Path

from emoagent.errors import ModelMissing
from emoagent.tools.hub_lock import read_lock

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def is_repository(name: str) -> bool:
    """Whether the name has the form `organisation/model`."""
    return REPOSITORY.fullmatch(name) is not None and ".." not in name and "--" not in name


def local_folder(name: str) -> Path:
    """The folder with a model's files: a folder is taken as it is, a model of the hub at the revision that was pulled.

    Nothing is fetched. Raises `ModelMissing` (exit 5) where it is not there.
    """
    own = Path(name).expanduser()
    if own.is_dir():
        return own.resolve()
    if not is_repository(name):
        raise ModelMissing(f"there is no model folder {name!r}", hint="a folder, or organisation/model of the hub")
    locked = read_lock().get(name)
    if locked is None or not all((locked.folder / file).is_file() for file in locked.files):
        state = "has not been pulled" if locked is None else "is not complete"
        raise ModelMissing(f"the model {name} {state}", hint=f"emoagent models pull {name}", where=name)
    return locked.folder
