"""A finished run as the formats see it: its trace, and the frame series kept beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote
from zipfile import BadZipFile

import numpy as np

from emoagent.errors import UsageError
from emoagent.run_folder import read_trace, trace_file
from emoagent.schema import Evidence, Trace
from emoagent.tools.media.audio import Audio
from emoagent.tools.sight.action_units import AuSeries, Expression, Mask
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.talking import talking
from emoagent.viewer.corrections import FOLDER, layers
from emoagent.viewer.exports.cleaning import clean
from emoagent.viewer.exports.lines import Transcript

AGAIN = "analyse the video again with this version"
OWN = ("trace.json", "report.html", "timings.json", "run.json", "checkpoints.sqlite")


@dataclass(frozen=True)
class Face:
    """One person's face: `tracks` of the series, and the action units over the rest seen in the whole clip.

    `person`: None for a face that the run bound to nobody; `talks`: (n,) whether the person talks, for each row of
    `units`."""

    person: str | None
    tracks: tuple[int, ...]
    units: AuSeries
    talks: np.ndarray[tuple[int], np.dtype[np.bool_]]


class Result:
    """A result folder. What is asked for is read when it is asked for."""

    def __init__(self, folder: Path, trace: Trace) -> None:
        self.folder, self.trace = folder, trace

    @classmethod
    def open(cls, source: Path) -> Result:
        """The run in a result folder, or beside its trace.json. Raises `UsageError` if there is none."""
        path = trace_file(source)
        return cls(path.parent, read_trace(path))

    def require_faces(self) -> None:
        """Raises `UsageError` where the run has no series of frames, saying why."""
        _ = self.series

    def own_files(self) -> set[Path]:
        """What belongs to the run and must not be replaced."""
        kept = [path for name in ("work", "media", FOLDER) for path in (self.folder / name).rglob("*")]
        return {path.resolve() for path in [*kept, *(self.folder / name for name in OWN)]}

    @cached_property
    def transcript(self) -> Transcript:
        """The utterances, with what people have corrected."""
        return Transcript(self.trace, layers(self.folder, self.trace))

    @cached_property
    def written(self) -> float:
        """When the trace was written: seconds since 1970, 0 where there is no file."""
        path = self.folder / "trace.json"
        return path.stat().st_mtime if path.exists() else 0.0

    @cached_property
    def evidence(self) -> dict[str, Evidence]:
        """All evidence by its id."""
        return {item.id: item for item in self.trace.evidence}

    def video_seen_from(self, folder: Path) -> str:
        """The clip's relative address as seen from `folder`, percent-encoded: of the file that was analysed, if it is
        still there and some folder holds both, else of a file of its name in `folder`. Never an absolute path."""
        source, place = self._source(), folder.resolve()
        if source is None or os.path.commonpath([source, place]) == os.path.sep:
            return "./" + quote(clean(Path(self.trace.clip.name).name) or "clip")
        address = quote(Path(os.path.relpath(source, place)).as_posix(), errors="surrogateescape")
        return address if address.startswith(".") else f"./{address}"

    def _source(self) -> Path | None:
        """The file that was analysed, if it is still there."""
        try:
            told = json.loads((self.folder / "run.json").read_text(encoding="utf-8"))["source"]
            source = Path(told).resolve()
            return source if source.is_file() and source.stat().st_size == self.trace.clip.bytes else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @cached_property
    def series(self) -> FaceSeries:
        """The faces of every analysed frame. Raises as `require_faces`."""
        path, name = self.folder / "work" / "faces.npz", self.trace.clip.name
        if self.trace.clip.video is None:
            raise UsageError(f"{name} has no picture, so there are no faces to export", where=str(path))
        if not path.exists():
            hint = f"{AGAIN}, into a folder (-o DIR), with an agent that needs faces"
            raise UsageError(f"this result of {name} holds no frame series", hint=hint, where=str(path))
        try:
            return FaceSeries.load(path)
        except (TypeError, KeyError, ValueError, OSError, EOFError, BadZipFile) as error:
            message = f"the frame series of {name} cannot be read, or is from another version"
            raise UsageError(message, hint=AGAIN, where=str(path)) from error

    def faces(self) -> Iterator[Face]:
        """The faces in the order of the trace's people, then those that were bound to nobody."""
        for person, tracks in self.tracks():
            expression, talk = self.expression(person, tracks)
            units = expression.intensities()
            yield Face(person, tracks, units, talk[units.rows])

    def tracks(self) -> Iterator[tuple[str | None, tuple[int, ...]]]:
        """Each face's person and tracks, in the order of `faces`."""
        seen, bound = set(self.series.tracks()), set[int]()
        for person in self.trace.people:
            tracks = tuple(sorted(number for name in person.tracks if (number := _number(name)) in seen))
            bound.update(tracks)
            if tracks:
                yield person.id, tracks
        groups = self.series.groups() or [[track] for track in sorted(seen)]
        for group in groups:
            if left := tuple(track for track in group if track in seen - bound):
                yield None, left

    def expression(self, person: str | None, tracks: tuple[int, ...]) -> tuple[Expression, Mask]:
        """What a face does, and (rows of `series`,) whether its person talks."""
        spans = [u.span for u in self.trace.utterances if person is not None and u.person == person]
        talk = talking(self.series, tracks, spans, self._audio)
        return Expression(self.series, tracks, talk), talk

    def frame_number(self, time: float) -> int:
        """1 for the first picture of the video; exact where its frame rate is constant."""
        assert self.trace.clip.video is not None
        return 1 + round(time * self.trace.clip.video.fps)

    @cached_property
    def _audio(self) -> Audio | None:
        path = self.folder / "work" / "audio.s16"
        return Audio(path) if path.exists() else None


def _number(track: str) -> int:
    digits = track.removeprefix("t")
    return int(digits) if digits.isdigit() else -1
