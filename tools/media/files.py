"""Media files, seen from the trusted side: a child process decodes everything (`emoagent.tools.media.decoder`)."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import EmoagentError, MediaError, ResourceLimit
from emoagent.schema import AudioStream, Clip, Fault, VideoStream
from emoagent.tools.digest import sha256_of
from emoagent.tools.progress import stop_if_asked
from emoagent.tools.workspace import workspace

ANALYSIS_FPS = 12.5
ANALYSIS_SIDE = 1920  # pixels: full HD as it is; making it smaller costs as much time as the larger picture saves
STALL_SECONDS = 60.0
GLANCE_SECONDS = 0.25
PIPE_BYTES = 1 << 20
KEPT_VARIABLES = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "LANG", "TMPDIR", "HOME")

Picture = NDArray[np.uint8]
_WANTED = "give the path of a video or audio file"


@dataclass(frozen=True)
class Probed:
    """A usable clip, and what is wrong with it although it can be used."""

    clip: Clip
    faults: tuple[Fault, ...]


def probe(path: Path, sha256: str | None = None) -> Probed:
    """Reads the file to its end, without decoding more than a frame of each stream. `sha256`: where it is known.

    Raises `MediaError` (exit 4) if it is no usable audio or video, `ResourceLimit` (exit 7) if it is too large.
    """
    check_file(path)
    facts = _end(path, {"op": "probe"})
    digest = sha256 or sha256_of(path)
    clip = Clip(
        id=digest[:16], name=path.name, sha256=digest, bytes=path.stat().st_size, format=facts["format"],
        start=facts["start"], duration=max(0.001, round(facts["duration"], 3)), subtitles=facts["subtitles"],
        video=VideoStream(**facts["video"]) if facts["video"] else None,
        audio=AudioStream(**facts["audio"]) if facts["audio"] else None,
    )  # fmt: skip
    return Probed(clip, tuple(_cut_off(clip, facts["claimed"])))


def extract_audio(source: Path, target: Path, clip: Clip) -> None:
    """Writes the sound as raw 16 kHz mono 16-bit samples."""
    job = {"op": "audio", "start": clip.start, "duration": clip.duration, "cpu_seconds": _budget(clip)}
    with target.open("wb") as file:
        for _, data in _messages(source, job):
            file.write(data)


def read_frames(clip: Clip, fps: float = ANALYSIS_FPS) -> Iterator[tuple[float, Picture]]:
    """The pictures of the current run's clip, thinned to about `fps`: (seconds, RGB uint8 (height, width, 3))."""
    job = {"op": "pictures", "start": clip.start, "fps": fps, "side": ANALYSIS_SIDE, "cpu_seconds": _budget(clip)}
    for header, data in _messages(workspace().source, job):
        if "time" in header:
            yield header["time"], np.frombuffer(data, np.uint8).reshape(header["shape"])


def frames_at(clip: Clip, times: Sequence[float]) -> Iterator[tuple[int, float, Picture]]:
    """The pictures shown at `times` (ascending seconds), in one pass: (index into `times`, seconds, RGB uint8)."""
    job = {"op": "pictures_at", "start": clip.start, "times": list(times), "side": ANALYSIS_SIDE,
           "cpu_seconds": _budget(clip)}  # fmt: skip
    for header, data in _messages(workspace().source, job):
        if "index" in header:
            yield header["index"], header["time"], np.frombuffer(data, np.uint8).reshape(header["shape"])


def embedded_subtitles(clip: Clip) -> list[tuple[float, float, str]]:
    """The cues of the first text subtitle stream inside the file: (start, end, text)."""
    job = {"op": "texts", "start": clip.start, "cpu_seconds": _budget(clip)}
    found = [header for header, _ in _messages(workspace().source, job) if "text" in header]
    return [(cue["start"], max(cue["start"], cue["stop"]), cue["text"]) for cue in found]


def check_file(path: Path) -> None:
    """Raises `MediaError` unless `path` is a regular file that is not empty and may be read."""
    try:
        problem = _problem(path)
    except OSError as error:
        problem = f"it cannot be looked at: {error.strerror or error}"
    if problem:
        address = re.match(r"[a-z][a-z0-9+.-]+:/", str(path), re.IGNORECASE)
        hint = "nothing is fetched: download it, and give the path of the file" if address else _WANTED
        raise MediaError(f"{path.name or path}: {problem}", hint=hint, where=str(path))


def _problem(path: Path) -> str | None:
    if not path.exists():
        return "there is no such file"
    if path.is_dir():
        return "it is a folder, not a media file"
    if not path.is_file():
        return "it is not a regular file"
    if path.stat().st_size == 0:
        return "the file is empty"
    return None if os.access(path, os.R_OK) else "it may not be read"


def _cut_off(clip: Clip, claimed: float | None) -> Iterator[Fault]:
    if claimed and claimed > clip.duration * 1.05 + 1:
        message = f"the file says it lasts {claimed:.1f} s but holds {clip.duration:.1f} s"
        yield Fault(source="probe", code="truncated_media", message=message, hint="get a complete copy of the file")


def _budget(clip: Clip) -> int:
    return 120 + round(20 * clip.duration)


def _end(path: Path, job: dict[str, Any]) -> dict[str, Any]:
    last: dict[str, Any] = {}
    for header, _ in _messages(path, job):
        last = header
    facts: dict[str, Any] = last["end"]
    return facts


def _messages(path: Path, job: dict[str, Any]) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Runs one job in a child process and yields its messages; the last one has the key `end`.

    The child has a session of its own: Ctrl-C must reach only us, or its death would be taken for a broken file. It
    ends with its stdin, which closes however we end.
    """
    told = json.dumps({**job, "path": str(path.resolve())})
    command = [sys.executable, "-P", "-m", "emoagent.tools.media.decoder", told]
    environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0, env=environment,
        start_new_session=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        _widen(child.stdout.fileno())
        try:
            yield from _read(child, path)
        finally:
            child.kill()


def _read(child: subprocess.Popen[bytes], path: Path) -> Iterator[tuple[dict[str, Any], bytes]]:
    while True:
        prefix = _exactly(child, 4, path)
        header = json.loads(_exactly(child, struct.unpack("<I", prefix)[0], path))
        if "error" in header:
            raise _error(header["error"], path)
        yield header, _exactly(child, header.get("bytes", 0), path)
        if "end" in header:
            return


def _exactly(child: subprocess.Popen[bytes], size: int, path: Path) -> bytes:
    assert child.stdout is not None
    data, filled = bytearray(size), 0
    with memoryview(data) as view:
        while filled < size:
            _await(child, path)
            count = child.stdout.readinto(view[filled:])  # type: ignore[attr-defined]
            if not count:
                raise _death(child, path)
            filled += count
    return bytes(data)


def _await(child: subprocess.Popen[bytes], path: Path) -> None:
    assert child.stdout is not None
    for _ in range(round(STALL_SECONDS / GLANCE_SECONDS)):
        stop_if_asked()
        if select.select([child.stdout], [], [], GLANCE_SECONDS)[0]:
            return
    raise ResourceLimit(f"{path.name}: the decoder gave nothing for {STALL_SECONDS:.0f} s", where=str(path))


def _death(child: subprocess.Popen[bytes], path: Path) -> EmoagentError:
    status = child.wait()
    if status in (-signal.SIGKILL, -signal.SIGXCPU):
        return ResourceLimit(f"{path.name}: decoding ran into a limit of memory or processor time", where=str(path))
    return MediaError(f"{path.name}: the decoder broke on this file (status {status})", where=str(path))


def _error(envelope: dict[str, str], path: Path) -> EmoagentError:
    kind = ResourceLimit if envelope["code"] == "resource_limit" else MediaError
    return kind(f"{path.name}: {envelope['message']}", hint=envelope.get("hint", ""), where=str(path))


def _widen(descriptor: int) -> None:
    if sys.platform == "linux":
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
