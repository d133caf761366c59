"""Talking and silent faces with any sound: real clips tracked in memory, their sound cut, moved and exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from emoagent.schema import Span
from emoagent.tools.media.audio import RATE, Audio
from emoagent.tools.media.files import extract_audio, probe, read_frames
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.face_tracker import FaceTracker
from emoagent.tools.sight.landmarker import Landmarker
from emoagent.tools.workspace import Workspace, working_in

GREY = 90
Samples = NDArray[np.int16]
Picture = NDArray[np.uint8]


class Heard(Audio):
    """Sound in memory: 16 kHz mono samples."""

    def __init__(self, samples: Samples) -> None:
        self.samples, self._count = samples, len(samples)

    def read_int16(self, span: Span) -> Samples:
        """The samples of `span`, (n,) 16-bit."""
        first, last = (min(round(t * RATE), self._count) for t in (span.start, span.end))
        return self.samples[first:last]


@dataclass(frozen=True)
class Talker:
    """A face and its own sound. `size`: by how much the picture was shrunk, 1 for not at all."""

    name: str
    model: str
    size: float
    series: FaceSeries
    sound: Samples


def pictures(path: Path) -> Iterator[tuple[float, Picture]]:
    """The analysed pictures of a clip."""
    with working_in(Workspace(path, path.parent)):
        yield from read_frames(probe(path).clip)


def sound(path: Path, seconds: float = 60.0) -> Samples:
    """The first `seconds` of a file's sound."""
    with TemporaryDirectory() as folder:
        target = Path(folder) / "sound.s16"
        extract_audio(path, target, probe(path).clip)
        return np.fromfile(target, "<i2", count=round(seconds * RATE))


def tracked(frames: Iterator[tuple[float, Picture]], model: Path) -> FaceSeries:
    """The faces of pictures, by the real tracker."""
    with Landmarker(model) as landmarker:
        tracker = FaceTracker(landmarker, asset=model.name)
        for time, rgb in frames:
            tracker.add(time, rgb)
        return tracker.series()


def talker(path: Path, model: Path, size: float = 1.0) -> Talker:
    """A clip's face, in a picture shrunk to `size` and filled up with grey, and its sound."""
    frames = ((time, shrunk(rgb, size)) for time, rgb in pictures(path))
    return Talker(path.stem, model.stem, size, tracked(frames, model), sound(path))


def shrunk(rgb: Picture, size: float) -> Picture:
    """The picture in the corner of a grey one of the same shape."""
    import cv2

    if size == 1:
        return rgb
    small = cv2.resize(rgb, None, fx=size, fy=size, interpolation=cv2.INTER_AREA)
    whole = np.full_like(rgb, GREY)
    whole[: small.shape[0], : small.shape[1]] = small
    return whole


def moved(samples: Samples, seconds: float) -> Samples:
    """The sound, later by `seconds` (earlier where negative)."""
    count = round(abs(seconds) * RATE)
    return np.concatenate([np.zeros(count, np.int16), samples]) if seconds > 0 else samples[count:]


def resting(series: FaceSeries, spans: tuple[tuple[float, float], ...], seconds: float = 4.0) -> FaceSeries:
    """The face as it rests: its first track's rows in `spans`, to and fro, for `seconds`."""
    rows = series.rows(series.tracks()[0])
    time = series.time[rows]
    kept = rows[np.any([(time >= a) & (time < b) for a, b in spans], axis=0)]
    step = float(np.median(np.diff(time)))
    swing = np.concatenate([kept, kept[-2:0:-1]])
    order = np.resize(swing, round(seconds / step))
    moments = np.arange(len(order), dtype=np.float64) * step
    columns = ("box", "quality", "pose", "features", "blendshapes", "gaze", "factors")
    chosen = {name: getattr(series, name)[order] for name in columns}
    track = np.zeros(len(order), np.int32)
    return replace(series, time=moments, track=track, frames=moments, cuts=np.zeros(0), **chosen)
