"""A run as the inspector sees it: how far it has come, what it gave, and where its video lies now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from emoagent.errors import UsageError
from emoagent.run_folder import TRACE, UNFINISHED, source_of
from emoagent.run_progress import progress_of
from emoagent.schema import Clip
from emoagent.tools.digest import sha256_of

WITHOUT = "the run ended without a result; what emoagent analyze printed says why"


class ServedRun:
    """The run in `folder`. `asked`: where its video is said to lie. Raises `UsageError` where there is no run, or only
    one that was interrupted."""

    def __init__(self, source: Path, asked: Path | None = None) -> None:
        self.folder, self.asked = (source.parent if source.name == TRACE else source), asked
        self.trace = self.folder / TRACE
        self._clip = ""
        going = self.going_on()
        if not going and not self.trace.is_file():
            self._refuse(source)
        if asked is not None and not asked.is_file():
            raise UsageError(f"there is no video {asked}", hint="give the path of the analysed file", where=str(asked))

    def going_on(self) -> bool:
        """Whether somebody is working on it right now."""
        found = progress_of(self.folder)
        return found is not None and found["failed"] is None

    def unfinished(self) -> bool:
        """Whether a run that was begun lies there, besides a result or without one."""
        return progress_of(self.folder) is not None

    def progress(self) -> dict[str, Any]:
        """`Progress` of viewer/front/src/model.ts: that of the unfinished run, else that it is done, or has failed."""
        if (found := progress_of(self.folder)) is not None:
            self._clip = found["clip"]
            return {name: found.get(name) for name in ("clip", "duration", "stages", "done", "failed")}
        done = self.trace.is_file()
        return {
            "clip": self._clip, "duration": None, "stages": [], "done": done, "failed": None if done else WITHOUT,
        }  # fmt: skip

    def video(self, clip: Clip) -> tuple[Path | None, str]:
        """The file that was analysed, or `None` and why it is not served."""
        places = [self.asked] if self.asked else list(self._places(clip))
        for place in filter(Path.is_file, places):
            if self._same(place, clip):
                return place, ""
        rest = "the report is served without its video; --video FILE says where it is"
        if other := next(filter(Path.is_file, places), None):
            return None, f"the file {other} is not the one that was analysed: {rest}"
        lay = source_of(self.folder)
        return None, f"there is no {lay} any more: {rest}" if lay else f"{clip.name} is not beside the result: {rest}"

    def _places(self, clip: Clip) -> Iterator[Path]:
        """Where it lay, then beside the result and in it, for both may have moved together."""
        if lay := source_of(self.folder):
            yield lay
        name = Path(clip.name).name
        yield from (folder / name for folder in (self.folder.resolve().parent, self.folder) if name)

    def _same(self, file: Path, clip: Clip) -> bool:
        """By its size; by its content where it was written after the result, or was named by hand."""
        found = file.stat()
        if found.st_size != clip.bytes:
            return False
        later = found.st_mtime > self.trace.stat().st_mtime
        return not (later or self.asked) or sha256_of(file) == clip.sha256

    def _refuse(self, source: Path) -> None:
        if (self.folder / UNFINISHED).is_dir():
            raise UsageError(
                f"the run in {self.folder} was interrupted and has no result yet",
                hint="go on with it: emoagent analyze … --resume", where=str(self.folder),
            )  # fmt: skip
        what = "holds no result" if self.folder.is_dir() else "does not exist"
        raise UsageError(f"{source} {what}", hint="give the folder that emoagent analyze -o wrote", where=str(source))
