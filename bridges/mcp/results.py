"""The results that the server has made, each in a folder of its own, and those that lie in the folders it may read."""

from __future__ import annotations

import json
import re
from collections import OrderedDict
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from threading import Lock

from platformdirs import user_data_path

from emoagent.bridges.mcp.roots import Roots
from emoagent.errors import NotFound, OutputError
from emoagent.run_folder import TRACE, RunFolder, fingerprint, read_trace
from emoagent.schema import Trace
from emoagent.settings import Settings
from emoagent.viewer.visible import visible

KEPT = 4  # traces in memory
NAME = re.compile(r"[0-9a-f]{12}-[0-9a-f]{8}")


class Results:
    """`folder`: the server's own; what is in it can be read by its user alone. A result goes by an id of what was
    analysed and how, so that the same again is the same result."""

    def __init__(self, folder: Path | None, roots: Roots) -> None:
        self.folder, self.roots = folder or user_data_path("emoagent") / "mcp", roots
        self._traces, self._lock = OrderedDict[tuple[Path, int], Trace](), Lock()
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)
        except OSError as error:
            raise OutputError(f"{self.folder} cannot be used: {error.strerror}", hint="--data FOLDER") from error

    def place(self, source: Path, settings: Settings) -> tuple[str, RunFolder]:
        """Id and folder for what `source` will give, or has given. Reads the file."""
        facts = fingerprint(source, settings.told(), metadata.version("emoagent"))
        how = sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
        name = f"{facts['sha256'][:12]}-{how[:8]}"
        return name, RunFolder(self.folder / name, facts)

    def names(self) -> tuple[str, ...]:
        """Ids of what has been analysed here, the last first."""
        found = [path for path in self.folder.iterdir() if NAME.fullmatch(path.name) and (path / TRACE).is_file()]
        return tuple(path.name for path in sorted(found, key=lambda path: -(path / TRACE).stat().st_mtime_ns))

    def find(self, name: str) -> Path:
        """The folder of a result: by its id, or by the path of a folder that may be read. Raises `NotFound`,
        `Refused`."""
        own = self.folder / name if NAME.fullmatch(name) else None
        found = own if own is not None else self.roots.folder(name)
        if not (found / TRACE).is_file() or (found / TRACE).is_symlink():
            raise NotFound(f"there is no result {visible(name)!r}", hint="analyze_media gives the id of one")
        return found

    def trace(self, name: str) -> Trace:
        """What was found. Raises as `find`, `UsageError` where another version wrote it."""
        file = self.find(name) / TRACE
        key = file, file.stat().st_mtime_ns
        with self._lock:
            if key not in self._traces:
                self._traces[key] = read_trace(file)
            self._traces.move_to_end(key)
            while len(self._traces) > KEPT:
                self._traces.popitem(last=False)
            return self._traces[key]
