"""The peak memory of this process and of its children together, while a block runs."""

from __future__ import annotations

import resource
import sys
import threading
from pathlib import Path
from typing import Self

INTERVAL = 0.1  # seconds


class PeakMemory:
    """Memory of the process and its direct children, sampled; `megabytes` is the largest sum seen.

    Shared pages are counted once (proportional set size). Neither what `getrusage` says of children nor the sum of
    resident sizes would do: a child that has just been forked has all the pages of its parent. Where there is no /proc,
    the peak of the process alone.
    """

    def __init__(self) -> None:
        self.megabytes = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self.megabytes = max(self.megabytes, own / (1024 if sys.platform == "linux" else 1024**2))

    def _watch(self) -> None:
        while sys.platform == "linux" and not self._stop.wait(INTERVAL):
            self.megabytes = max(self.megabytes, sum(map(_proportional, _family())) / 1024)


def _family() -> list[str]:
    children = [text for task in Path("/proc/self/task").iterdir() if (text := _text(task / "children"))]
    return ["self", *" ".join(children).split()]


def _proportional(process: str) -> int:
    lines = _text(Path("/proc") / process / "smaps_rollup").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it has ended in between
        return ""
