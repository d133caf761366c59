"""What a run measured of each person all the time: face quality, action units, pitch, loudness."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from emoagent.errors import UsageError
from emoagent.schema import Trace
from emoagent.tools.voice_series import VoiceSeries
from emoagent.viewer.exports.result import Face, Result
from emoagent.viewer.series import Floats, Series, grid, resampled, series, tenths

TRUSTED = 0.05  # reliability of a unit below which it is not shown


def curves(result: Result) -> Iterator[Series]:
    """The series of a run, person by person: of the face, then of the voice. None where the run kept none that can be
    read; a face that was bound to nobody has none."""
    yield from _faces(result)
    if kept := _kept(result.folder / "work" / "voice.npz"):
        yield from _voices(result.trace, kept)


def _faces(result: Result) -> Iterator[Series]:
    try:
        result.require_faces()
    except UsageError:
        return
    for face in result.faces():
        if face.person is not None and len(face.units.rows):
            yield from _face(result, face)


def _face(result: Result, face: Face) -> Iterator[Series]:
    from emoagent.tools.action_unit_table import UNITS

    units, seen = face.units, result.series
    start, count = grid(float(units.time[0]), float(units.time[-1]))
    quality = seen.quality[units.rows].astype(np.float64)
    shown = np.where(units.reliability >= TRUSTED, units.value, np.nan)
    table = resampled(units.time, np.column_stack([quality, shown]), seen.frames, start, count)
    yield series("quality", "face_quality", "face quality", "0-1", (0.0, 1.0), table[:, 0],
                 person=face.person, start=start)  # fmt: skip
    for place, unit in enumerate(UNITS, start=1):
        yield series(unit.name, "action_unit", unit.words, "intensity 0-5", (0.0, 5.0), table[:, place],
                     person=face.person, start=start)  # fmt: skip


def _kept(path: Path) -> VoiceSeries | None:
    try:
        kept = VoiceSeries.load(path)
    except (OSError, TypeError, KeyError, ValueError, EOFError, BadZipFile):
        return None
    return kept if len(kept.time) and np.isfinite(kept.time).all() else None


def _voices(trace: Trace, kept: VoiceSeries) -> Iterator[Series]:
    """Of each person, and of those of whom nobody knows who they are."""
    speaker = {utterance.id: utterance.person for utterance in trace.utterances}
    names = [str(name) for name in kept.utterances]
    bounds = {"pitch": _bounds(kept.pitch, 20.0), "loudness": _bounds(kept.loudness, 10.0)}
    for person in [*(person.id for person in trace.people), None]:
        own = [place for place, name in enumerate(names) if name in speaker and speaker[name] == person]
        rows = np.flatnonzero(np.isin(kept.of, own))
        if not len(rows):
            continue
        start, count = grid(float(kept.time[rows].min()), float(kept.time[rows].max()))
        for kind, unit in (("pitch", "Hz"), ("loudness", "dBFS")):
            values = _laid(kept.time[rows], getattr(kept, kind)[rows].astype(np.float64), start, count)
            yield series(kind, kind, kind, unit, bounds[kind], values, person=person, start=start)


def _laid(time: Floats, values: Floats, start: float, count: int) -> Floats:
    """(count,) the values where they belong, NaN elsewhere; the last of two."""
    found = np.full(count, np.nan)
    found[tenths(time) - tenths(np.array([start]))] = values
    return found


def _bounds(values: np.ndarray[tuple[int], np.dtype[np.float32]], step: float) -> tuple[float, float]:
    """The range of the finite values, widened to multiples of `step`; for everybody, so that people can be compared."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, step
    low = float(np.floor(finite.min() / step) * step)
    return low, max(low + step, float(np.ceil(finite.max() / step) * step))
