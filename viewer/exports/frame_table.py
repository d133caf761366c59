"""The frame series of a run as one table: a row for each analysed frame and face, with the unit of every column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoagent.schema import SCHEMA_VERSION
from emoagent.tools.sight.face_geometry import FEATURES
from emoagent.viewer.exports.result import Face, Result

VERSION = "1"
EYE_SPAN = "distances between the outer eye corners"


@dataclass(frozen=True)
class Column:
    """`values`: (n,) numbers with NaN where missing, or strings with "" where missing."""

    name: str
    unit: str
    values: NDArray[Any]


def frame_table(result: Result) -> list[Column]:
    """All columns, the rows ordered by time, then by track; a frame without a face is one row with a time only."""
    columns = _joined([_face(result, face) for face in result.faces()], result)
    order = np.lexsort((columns[3].values, columns[0].values))
    return [Column(c.name, c.unit, c.values[order]) for c in columns]


def about(result: Result) -> dict[str, str]:
    """What a reader of the file needs to know about the whole of it."""
    clip = result.trace.clip
    told = {"schema_version": VERSION, "trace_schema_version": SCHEMA_VERSION, "clip": clip.name, "sha256": clip.sha256}
    return told | {"emoagent": result.trace.provenance.emoagent, "landmark_model": result.series.asset}


def _joined(parts: list[list[Column]], result: Result) -> list[Column]:
    series, empty = result.series, _columns(result, np.zeros(0, np.intp), None)
    unseen = series.frames[~np.isin(series.frames, series.time)]
    gap = [Column(c.name, c.unit, _nothing(c, len(unseen))) for c in empty]
    gap[0] = Column("time", "s", unseen)
    gap[1] = Column("frame", empty[1].unit, np.array([result.frame_number(t) for t in unseen], np.float64))
    every = [*parts, gap]
    return [Column(c.name, c.unit, np.concatenate([part[i].values for part in every])) for i, c in enumerate(empty)]


def _nothing(column: Column, count: int) -> NDArray[Any]:
    return np.full(count, "", column.values.dtype) if column.values.dtype.kind == "U" else np.full(count, np.nan)


def _face(result: Result, face: Face) -> list[Column]:
    return _columns(result, face.units.rows, face)


def _columns(result: Result, at: NDArray[np.intp], face: Face | None) -> list[Column]:
    series = result.series
    person = (face.person if face else None) or ""
    lead = [
        Column("time", "s", series.time[at]),
        Column("frame", "number of the picture, from 1", _numbers(result, at)),
        Column("person", "id in the trace", np.full(len(at), person, "U32")),
        Column("track", "number", series.track[at].astype(np.float64)),
        Column("talks", "1: the person talks", face.talks.astype(np.float64) if face else np.zeros(0)),
    ]
    return [
        *lead,
        *_block(("box_x", "box_y", "box_width", "box_height"), "fraction of the picture", series.box[at]),
        Column("quality", "0-1", series.quality[at]),
        *_block(("size", "sharpness", "frontal", "uncovered"), "0-1", series.factors[at]),
        *_block(("yaw", "pitch", "roll"), "degrees", series.pose[at]),
        *_block(("gaze_x", "gaze_y"), "degrees of the eyes in the head", series.gaze[at]),
        *_unit_columns(face),
        *_block(FEATURES, EYE_SPAN, series.features[at]),
    ]


def _unit_columns(face: Face | None) -> list[Column]:
    from emoagent.tools.sight.action_unit_table import UNITS

    names = tuple(unit.name for unit in UNITS)
    value = face.units.value if face else np.zeros((0, len(names)))
    trust = face.units.reliability if face else np.zeros((0, len(names)))
    reliability = tuple(f"{name}_reliability" for name in names)
    return [*_block(names, "intensity 0-5 over rest", value), *_block(reliability, "0-1", trust)]


def _block(names: Sequence[str], unit: str, values: NDArray[Any]) -> list[Column]:
    return [Column(name, unit, values[:, i]) for i, name in enumerate(names)]


def _numbers(result: Result, at: NDArray[np.intp]) -> NDArray[np.float64]:
    return np.array([result.frame_number(float(time)) for time in result.series.time[at]], np.float64)
