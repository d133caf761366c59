"""The child process that opens untrusted pictures, as long as it is asked (see `emoagent.tools.media.child_process`).

It is given the bytes of a JPEG, PNG or WebP file and answers `{"height": …}` with RGB bytes, or `{"error": why}`. It
reads no file. Memory, processor time for one picture, and open files are limited.
"""

from __future__ import annotations

import os
import resource
import sys
from typing import TYPE_CHECKING

from emoagent.tools.media.child_process import Data, Header, answer_all

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MEMORY = 2 << 30  # bytes of address space; the libraries take half of it
SECONDS = 10  # of processor time for one picture
MAX_SIDE, MAX_PIXELS = 8192, 4096 * 4096  # larger ones are refused before they are decoded
SIDE = 1920  # pixels; larger pictures are made smaller


class UnusableError(Exception):
    """The picture cannot be used; the message says why."""


def main() -> None:
    """Answers one picture after the other."""
    os.environ |= {"OPENCV_IO_MAX_IMAGE_PIXELS": str(MAX_PIXELS), "OPENCV_LOG_LEVEL": "SILENT"}
    os.environ |= {f"OPENCV_IO_MAX_IMAGE_{side}": str(MAX_SIDE) for side in ("WIDTH", "HEIGHT")}
    import cv2

    cv2.setNumThreads(1)
    _limit()
    answer_all(_answer)


def _answer(header: Header, data: bytes) -> tuple[Header, Data]:
    import cv2

    _allow(SECONDS)
    try:
        picture = decoded(data)
    except UnusableError as error:
        return {"error": str(error)}, b""
    except (MemoryError, cv2.error):
        return {"error": "it is too large or broken"}, b""
    return {"height": len(picture)}, picture.data.cast("B")


def decoded(data: bytes) -> NDArray[np.uint8]:
    """RGB, upright, the longer side at most 1920 pixels. Raises `UnusableError`."""
    import cv2
    import numpy as np

    if not _accepted(data):
        raise UnusableError("it is no JPEG, PNG or WebP picture")
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise UnusableError("it cannot be decoded: it is broken or cut off")
    height, width = picture.shape[:2]
    if max(height, width) > SIDE:
        scale = SIDE / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def _accepted(data: bytes) -> bool:
    webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return webp or data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))


def _limit() -> None:
    for kind, value in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_NOFILE, 16),
                        (resource.RLIMIT_AS, MEMORY)):  # fmt: skip
        _set(kind, value, hard=True)


def _allow(seconds: int) -> None:
    """Processor time from now on, on top of what was used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _set(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + 1 + seconds, hard=False)


def _set(kind: int, value: int, *, hard: bool) -> None:
    highest = resource.getrlimit(kind)[1]
    value = value if highest == resource.RLIM_INFINITY else min(value, highest)
    try:
        resource.setrlimit(kind, (value, value if hard else highest))
    except (ValueError, OSError) as error:
        if sys.platform == "linux":
            raise RuntimeError(f"the picture decoder cannot be limited: {error}") from error


if __name__ == "__main__":
    main()
