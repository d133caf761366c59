"""The frames that a vision-language model is shown of one person: spread over a stretch of time, the tracked face in a
box, the rest of the picture left as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import EmoagentError
from emoagent.schema import Clip, Span
from emoagent.tools.language.backends import Budget
from emoagent.tools.language.generation import Picture
from emoagent.tools.media.files import frames_at
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.workspace import workspace

QUALITY = 85  # of the JPEG
RATE = 8.0  # frames a second at most: the faces are tracked at 12.5
FEWEST = 2  # frames; one shows no change
NEAR = 0.25  # seconds from a tracked row within which the face has hardly moved
GAP = 0.6  # seconds without a tracked row across which the box is interpolated
MARGIN = 0.12  # of the face's size between face and box, which must not cover brows or chin
RED = (0, 0, 255)  # blue, green, red

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """What is to be shown: the file names begin with `name`; `times` (k,) ascending seconds; `boxes` (k, 4) as in
    `FaceSeries.box`; `quality`: 0..1, how well the face is seen there; `part`: seconds that each frame stands for."""

    name: str
    times: tuple[float, ...]
    boxes: Floats
    quality: float
    part: float


def plan(name: str, span: Span, series: FaceSeries, tracks: Sequence[int], budget: Budget) -> Plan | None:
    """The middles of equal parts of `span`, or the nearest time in a part at which the face in `tracks` is tracked.
    `None` where fewer than `FEWEST` parts show it: who cannot be seen is not described."""
    rows = _rows(series, span, tracks)
    count = max(FEWEST, min(budget.frames, int(np.ceil(span.duration * RATE))))
    part = span.duration / count
    if not len(rows) or not part:
        return None
    found = [_within(series, rows, span.start + part * k, part) for k in range(count)]
    kept = [(time, box) for each in found if each is not None for time, box in (each,)]
    if len(kept) < FEWEST:
        return None
    inside = rows[(series.time[rows] >= span.start) & (series.time[rows] <= span.end)]
    quality = float(np.nan_to_num(series.quality[inside]).mean()) if len(inside) else 0.0
    return Plan(name, tuple(time for time, _ in kept), np.array([box for _, box in kept]), quality, part)


def box_at(series: FaceSeries, rows: NDArray[np.intp], time: float) -> Floats | None:
    """(4,) where the face is at `time`, between the tracked `rows` (one at a time, in time order) before and after it;
    `None` where it is not known: too long a gap, or a shot cut in between."""
    near = [int(r) for r in _neighbours(series, rows, time) if not _cut_between(series, float(series.time[r]), time)]
    if not near:
        return None
    boxes, times = series.box[near].astype(np.float64), series.time[near]
    if len(near) == 2 and times[1] - times[0] <= GAP:
        share = (time - times[0]) / max(1e-9, times[1] - times[0])
        return np.asarray(boxes[0] + share * (boxes[1] - boxes[0]))
    nearest = int(np.argmin(np.abs(times - time)))
    return np.asarray(boxes[nearest]) if abs(times[nearest] - time) <= NEAR else None


def pictures(clip: Clip, plans: Sequence[Plan], budget: Budget) -> Iterator[tuple[Plan, tuple[Picture, ...]]]:
    """The frames of each plan, written to `media/captions/<name>.<k>.jpg` of the run, in one lazy pass over the clip.
    A plan comes when its last frame is there; one of which the clip shows fewer than `FEWEST` does not come."""
    wanted: dict[float, list[Plan]] = {}
    for each in plans:
        for time in each.times:
            wanted.setdefault(time, []).append(each)
    due = sorted(wanted)
    made: dict[str, list[Picture]] = {}
    for index, _, rgb in frames_at(clip, due) if due else ():
        small = _reduced(rgb, budget.side)
        for each in wanted[due[index]]:
            shown = made.setdefault(each.name, [])
            place = each.times.index(due[index])
            shown.append(_kept(each, place, marked(small, each.boxes[place])))
            if place == len(each.times) - 1:
                yield each, tuple(made.pop(each.name))
    cut_off = [each for each in plans if len(made.get(each.name, ())) >= FEWEST]
    yield from ((each, tuple(made[each.name])) for each in cut_off)


def marked(rgb: NDArray[np.uint8], box: Sequence[float] | Floats) -> bytes:
    """The picture as JPEG with a red box around the face. `rgb`: (height, width, 3) uint8. `box`: x, y, width, height
    as fractions of the picture."""
    import cv2

    height, width = rgb.shape[:2]
    x, y, w, h = (float(value) for value in box)
    left, right = (round(side * (width - 1)) for side in (x - MARGIN * w, x + w + MARGIN * w))
    top, bottom = (round(side * (height - 1)) for side in (y - MARGIN * h, y + h + MARGIN * h))
    picture = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    cv2.rectangle(picture, (left, top), (right, bottom), RED, max(2, round(max(height, width) / 220)))
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise EmoagentError(f"a picture of {width} x {height} pixels cannot be written as JPEG")
    return bytes(data)


def _kept(plan: Plan, place: int, jpeg: bytes) -> Picture:
    name = f"captions/{plan.name}.{place + 1}.jpg"
    workspace().media(name).write_bytes(jpeg)
    return Picture(jpeg, f"media/{name}", plan.times[place])


def _reduced(rgb: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    import cv2

    height, width = rgb.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8) if scale < 1 else rgb


def _rows(series: FaceSeries, span: Span, tracks: Sequence[int]) -> NDArray[np.intp]:
    """The rows of the person in and around `span`: of each moment the one seen best."""
    near = series.between(span.start - GAP, span.end + GAP)
    own = near[np.isin(series.track[near], tracks) & np.isfinite(series.box[near]).all(axis=1)]
    order = own[np.lexsort((-np.nan_to_num(series.quality[own]), series.time[own]))]
    return np.asarray(order[np.unique(series.time[order], return_index=True)[1]], np.intp)


def _within(series: FaceSeries, rows: NDArray[np.intp], start: float, part: float) -> tuple[float, Floats] | None:
    """The analysed frame nearest to the middle of a part, else the nearest in it that has the face; with the box."""
    middle = start + part / 2
    for times in (series.frames, series.time[rows]):
        inside = times[slice(*np.searchsorted(times, [start, start + part]))]
        nearest = float(inside[np.argmin(np.abs(inside - middle))]) if len(inside) else None
        box = box_at(series, rows, nearest) if nearest is not None else None
        if nearest is not None and box is not None:
            return round(nearest, 3), box
    return None


def _neighbours(series: FaceSeries, rows: NDArray[np.intp], time: float) -> NDArray[np.intp]:
    place = int(np.searchsorted(series.time[rows], time, side="right"))
    return rows[max(0, place - 1) : place + 1]


def _cut_between(series: FaceSeries, one: float, other: float) -> bool:
    """A cut is the first frame after it: a row at that time is behind it."""
    early, late = sorted((one, other))
    return bool(((series.cuts > early) & (series.cuts <= late)).any())
