"""The folders that a client may name files of. Everything else does not exist for it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from emoagent.errors import NotFound, Refused, UsageError
from emoagent.tools.words.subtitles import find_subtitles
from emoagent.viewer.visible import visible

LONGEST = 4096  # characters of a path
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Roots:
    """`folders`: what may be read, with all below. A path leads there without any `..` and without a symbolic link on
    its way; that a folder itself lies behind one is up to whoever names it here. Relative paths begin in the first."""

    def __init__(self, folders: Sequence[Path]) -> None:
        if missing := [folder for folder in folders if not folder.is_dir()]:
            raise UsageError(f"there is no folder {missing[0]}", hint="name folders that are there")
        self.folders = tuple(dict.fromkeys((folder.absolute(), folder.resolve()) for folder in folders))

    def media(self, path: str) -> Path:
        """A regular file. Subtitles that lie beside it are read with it, and are held to the same.
        Raises `Refused`, `NotFound`."""
        found = self._walk(path, stat.S_ISREG, "regular file")
        if beside := find_subtitles(found):
            self._walk(str(beside), stat.S_ISREG, "regular file")
        return found

    def content(self, path: str, most: int) -> bytes:
        """The bytes of a regular file, `most` and one more at most. Raises `Refused`, `NotFound`."""
        found = self._walk(path, stat.S_ISREG, "regular file")
        try:
            with open(os.open(found, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
                return file.read(most + 1)
        except OSError as error:
            raise Refused(f"{visible(path)} cannot be read", hint=self._hint()) from error

    def folder(self, path: str) -> Path:
        """A folder. Raises `Refused`, `NotFound`."""
        return self._walk(path, stat.S_ISDIR, "folder")

    def _walk(self, path: str, fits: Callable[[int], bool], kind: str) -> Path:
        root, steps = self._below(path)
        try:
            mode = _mode(root, steps)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotFound(f"there is no {visible(path)}", hint=self._hint()) from error
        except (OSError, ValueError) as error:
            raise Refused(f"{visible(path)} cannot be looked at", hint=self._hint()) from error
        if stat.S_ISLNK(mode):
            raise Refused(
                f"a symbolic link lies on the way to {visible(path)}", hint="give the path of the file itself"
            )
        if not fits(mode):
            raise Refused(f"{visible(path)} is no {kind}", hint=f"give the path of a {kind}")
        return root.joinpath(*steps)

    def _below(self, path: str) -> tuple[Path, tuple[str, ...]]:
        """The folder that `path` is said to lie in, and the way from there; decided without looking."""
        if not path or len(path) > LONGEST or not path.isprintable():
            raise Refused("this is no path of a file that may be read", hint=self._hint())
        if "://" in path:
            raise Refused("addresses are not accepted, only files", hint=self._hint())
        told = Path(path)
        for named, real in () if ".." in told.parts else self.folders:
            if not told.is_absolute():
                return real, told.parts
            for root in (named, real):
                if told.is_relative_to(root):
                    return real, told.relative_to(root).parts
        raise Refused(f"{path} lies in no folder that may be read", hint=self._hint())

    def _hint(self) -> str:
        if not self.folders:
            return "this server may read no folder; start it with one: emoagent mcp FOLDER"
        return f"folders that may be read: {', '.join(str(named) for named, _ in self.folders)}"


def _mode(root: Path, steps: Sequence[str]) -> int:
    """What lies at the end of the way, or that of the first link on it. Nothing but folders is opened."""
    handle, mode = os.open(root, _FOLDER), stat.S_IFDIR
    try:
        for place, step in enumerate(steps, 1):
            mode = os.stat(step, dir_fd=handle, follow_symlinks=False).st_mode
            if stat.S_ISLNK(mode) or place == len(steps):
                break
            before, handle = handle, os.open(step, _FOLDER, dir_fd=handle)
            os.close(before)
    finally:
        os.close(handle)
    return mode
