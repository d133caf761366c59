"""What a run measured of each person all the time: face quality, action units, pitch, loudness."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import UsageError
from emoagent.schema import Span, Trace
from emoagent.tools.sight.action_units import Expression
from emoagent.tools.voice.voice_series import VoiceSeries
from emoagent.viewer.exports.result import Result
from emoagent.viewer.series import Floats, Series, grid, resampled, series, tenths

BLOCK = 300.0  # seconds that are worked on at a time
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
    for person, tracks in result.tracks():
        if person is not None:
            yield from _face(result, person, tracks)


def _face(result: Result, person: str, tracks: tuple[int, ...]) -> Iterator[Series]:
    from emoagent.tools.sight.action_unit_table import UNITS

    seen, (expression, _) = result.series, result.expression(person, tracks)
    rows, shown = _shown(expression, float(seen.time[-1]))
    time, quality = seen.time[rows], seen.quality[rows].astype(np.float64)
    start, count = grid(float(time[0]), float(time[-1]))
    table = resampled(time, np.column_stack([quality, shown]), seen.frames, start, count)
    yield series("quality", "face_quality", "face quality", "0-1", (0.0, 1.0), table[:, 0],
                 person=person, start=start)  # fmt: skip
    for place, unit in enumerate(UNITS, start=1):
        yield series(unit.name, "action_unit", unit.words, "intensity 0-5", (0.0, 5.0), table[:, place],
                     person=person, start=start)  # fmt: skip


def _shown(expression: Expression, last: float) -> tuple[NDArray[np.intp], Floats]:
    """(n,) rows of the face series and (n, K) intensities, NaN where not to be trusted; in blocks, for memory."""
    starts = np.arange(0.0, last + 1e-3, BLOCK).tolist()
    parts = [expression.intensities(Span(start=start, end=start + BLOCK)) for start in starts]
    shown = [np.where(part.reliability >= TRUSTED, part.value, np.nan) for part in parts]
    return np.concatenate([part.rows for part in parts]), np.concatenate(shown)


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


def _bounds(values: NDArray[np.float32], step: float) -> tuple[float, float]:
    """The range of the finite values, widened to multiples of `step`; for everybody, so that people can be compared."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, step
    low = float(np.floor(finite.min() / step) * step)
    return low, max(low + step, float(np.ceil(finite.max() / step) * step))
