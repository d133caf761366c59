"""OpenFace's CSV: what `FeatureExtraction -pose -gaze -aus` of OpenFace 2.2 writes, column by column.

With one face, every analysed frame has a row, and `success` is 0 where it is not seen, as FeatureExtraction does. With
several, a frame has a row for each face that is seen, told apart by `face_id`, as FaceLandmarkVidMulti does.
What is not measured is empty: OpenFace would write 0, which is a measurement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from emoagent.viewer.exports import camera
from emoagent.viewer.exports.registry import exporter
from emoagent.viewer.exports.result import Face, Result

EYE_POINTS = 56
INTENSITIES = ("01", "02", "04", "05", "06", "07", "09", "10", "12", "14", "15", "17", "20", "23", "25", "26", "45")
OCCURRENCES = tuple(sorted({*INTENSITIES, "28"}))
GAZE = (*(f"gaze_{eye}_{axis}" for eye in "01" for axis in "xyz"), "gaze_angle_x", "gaze_angle_y")
EYES = tuple(f"eye_lmk_{axis}_{point}" for axis in "xyXYZ" for point in range(EYE_POINTS))
POSE = ("pose_Tx", "pose_Ty", "pose_Tz", "pose_Rx", "pose_Ry", "pose_Rz")
HEADER = (
    "frame", "face_id", "timestamp", "confidence", "success", *GAZE, *EYES, *POSE,
    *(f"AU{unit}_r" for unit in INTENSITIES), *(f"AU{unit}_c" for unit in OCCURRENCES),
)  # fmt: skip
Cells = list[str]


@exporter("openface", suffix=".csv", needs={"faces"})
def openface(result: Result, path: Path) -> None:
    """CSV with the columns of OpenFace 2.2 (pose, gaze, action units), one row a frame and face."""
    rows = sorted(_rows(result), key=lambda row: (float(row[2]), int(row[1])))
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(",".join(cells) + "\n" for cells in [list(HEADER), *rows])


def _rows(result: Result) -> Iterator[Cells]:
    faces = list(result.faces())
    for number, face in enumerate(faces):
        yield from _seen(result, number, face)
    if len(faces) <= 1:
        there = {float(t) for face in faces for t in face.units.time}
        yield from (_lead(result, float(t), 0, 0.0, False) + _empty(len(HEADER) - 5)
                    for t in result.series.frames if float(t) not in there)  # fmt: skip


def _seen(result: Result, number: int, face: Face) -> Iterator[Cells]:
    series, video, at = result.series, result.trace.clip.video, face.units.rows
    assert video is not None
    turned = camera.rotations(series.pose[at])
    line = camera.sight(series.gaze[at], turned)
    looks = np.concatenate([line, line, camera.sight_angles(line)], axis=1)
    poses = np.concatenate([camera.places(series.box[at], video.width, video.height), camera.angles(turned)], axis=1)
    values, active = _units(face)
    for i, row in enumerate(at):
        lead = _lead(result, float(series.time[row]), number, float(series.quality[row]), True)
        gaze = _cells(looks[i, :6], 6) + _cells(looks[i, 6:], 3)
        pose = _cells(poses[i, :3], 1) + _cells(poses[i, 3:], 3)
        yield [*lead, *gaze, *_empty(len(EYES)), *pose, *_cells(values[i], 2), *_cells(active[i], 1)]


def _lead(result: Result, time: float, face: int, confidence: float, success: bool) -> Cells:
    return [str(result.frame_number(time)), str(face), f"{time:.3f}", *_cells([confidence], 2), str(int(success))]


def _units(face: Face) -> tuple[camera.Floats, camera.Floats]:
    """(n, 17) intensities and (n, 18) occurrences, 0 or 1; NaN where not measured."""
    units = face.units
    active = np.where(np.isfinite(units.value), units.active(), np.nan)
    return _picked(units.names, units.value, INTENSITIES), _picked(units.names, active, OCCURRENCES)


def _picked(names: Sequence[str], values: camera.Floats, wanted: Sequence[str]) -> camera.Floats:
    places = [names.index(name) if (name := f"AU{int(unit)}") in names else -1 for unit in wanted]
    padded = np.concatenate([values, np.full((len(values), 1), np.nan)], axis=1)
    return padded[:, places]


def _cells(values: Sequence[float] | camera.Floats, digits: int) -> Cells:
    return [f"{value:.{digits}f}" if np.isfinite(value) else "" for value in values]


def _empty(count: int) -> Cells:
    return [""] * count
