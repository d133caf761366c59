"""A turn out of a file: sound, frames, and words where subtitles have them. The decoding child process opens it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from emoagent.errors import MediaError, UsageError
from emoagent.schema import Clip, Span
from emoagent.tools.media.frame import Frame, Picture
from emoagent.tools.media.sound import Sound
from emoagent.tools.plain_text import clock

LONGEST = 60.0  # seconds of a turn
FPS = 5.0  # frames per second that are looked at
SIDE = 640  # pixels of a frame's longer side
PART = re.compile(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)")
USAGE = "/clip PATH, /clip PATH 3.5-8 for a part in seconds, /clip PATH the words that are said"


@dataclass(frozen=True)
class Wanted:
    """What was asked for. `part`: seconds; `words`: what is said in it, by the person's own account."""

    path: Path
    part: Span | None = None
    words: str | None = None


@dataclass(frozen=True)
class ClipTurn:
    """What a session is given. `remarks`: what the person should know about it."""

    words: str | None
    sound: Sound | None
    frames: tuple[Frame, ...]
    remarks: tuple[str, ...]


def wanted(rest: str) -> Wanted:
    """What stands behind `/clip`. Raises `UsageError`."""
    try:
        path, *more = shlex.split(rest)
    except ValueError as error:
        raise UsageError("no file is named, or a quotation mark is open", hint=USAGE) from error
    part = PART.fullmatch(more[0]) if more else None
    words = " ".join(more[1:] if part else more)
    return Wanted(Path(path).expanduser(), _span(part), words or None)


def clip_turn(asked: Wanted) -> ClipTurn:
    """Reads the file. Raises `MediaError`, `ResourceLimit`, and `UsageError` where the part is not in it."""
    from emoagent.tools.media.files import probe
    from emoagent.tools.workspace import Workspace, working_in

    clip = probe(asked.path).clip
    span, remarks = _within(asked.part, clip)
    with TemporaryDirectory(prefix="emoagent-") as folder, working_in(Workspace(asked.path.resolve(), Path(folder))):
        sound = _sound(asked.path, clip, span, Path(folder)) if clip.audio else None
        frames = tuple(_frames(clip, span)) if clip.video else ()
        words = asked.words or _subtitles(clip, span)
    if words and not asked.words:
        remarks += (f"words of the subtitles: “{words}”",)
    return ClipTurn(words, sound, frames, remarks)


def _span(part: re.Match[str] | None) -> Span | None:
    if part is None:
        return None
    start, end = float(part[1]), float(part[2])
    if end <= start:
        raise UsageError(f"a part cannot go from {part[1]} to {part[2]} s", hint=USAGE)
    return Span(start=start, end=end)


def _within(part: Span | None, clip: Clip) -> tuple[Span, tuple[str, ...]]:
    """The part that is in the clip and no longer than a turn may be."""
    start, end = (part.start, min(part.end, clip.duration)) if part else (0.0, clip.duration)
    if start >= end:
        raise UsageError(f"{clip.name} lasts {clip.duration:.1f} s", hint="name a part that is in it")
    if end - start <= LONGEST:
        return Span(start=start, end=end), ()
    told = f"only {clock(start)} to {clock(start + LONGEST)} of {clock(clip.duration)}; `emoagent analyze` takes it all"
    return Span(start=start, end=start + LONGEST), (told,)


def _sound(path: Path, clip: Clip, span: Span, folder: Path) -> Sound | None:
    from emoagent.tools.media.audio import RATE, Audio
    from emoagent.tools.media.files import extract_audio

    target = folder / "samples"
    extract_audio(path, target, clip.model_copy(update={"duration": span.end}))
    samples = Audio(target).read(span)
    return Sound(samples, RATE) if len(samples) else None


def _frames(clip: Clip, span: Span) -> Iterator[Frame]:
    """Times count from the start of the part."""
    from emoagent.tools.media.files import read_frames

    for time, picture in read_frames(clip, FPS):
        if time > span.end:
            return
        if time >= span.start:
            yield Frame(time - span.start, _small(picture))


def _small(picture: Picture) -> Picture:
    import cv2
    import numpy as np

    height, width = picture.shape[:2]
    scale = SIDE / max(height, width)
    if scale >= 1:
        return picture
    size = max(16, round(width * scale)), max(16, round(height * scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _subtitles(clip: Clip, span: Span) -> str | None:
    """What subtitles beside the file, else inside it, say in this part; `None` without any that can be read."""
    from emoagent.agents.hear_subtitles import beside, inside
    from emoagent.tools.words.subtitles import find_subtitles
    from emoagent.tools.workspace import workspace

    try:
        path = find_subtitles(workspace().source)
        heard = beside(clip, path) if path else inside(clip)
    except MediaError:
        return None
    said = [u.text for u in heard.utterances if span.start <= u.span.middle <= span.end] if heard else []
    return " ".join(said) or None
