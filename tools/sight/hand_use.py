"""What hands do: whose they are, whether they are at the face and where, and how they move.

All distances are in heights of the person's own face (hairline to chin), which is about as long as their hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.hand_series import HandSeries

Floats = NDArray[np.float64]
Region = Literal["forehead", "eyes", "cheek", "nose", "mouth", "chin"]
REGIONS: tuple[Region, ...] = ("forehead", "eyes", "cheek", "nose", "mouth", "chin")

WRIST, MIDDLE_KNUCKLE, MIDDLE_TIP = 0, 9, 12
TIPS = (4, 8, 12, 16, 20)
REACH = 3.2  # face heights from the face to a hand that may be its person's
HAND = (0.3, 1.7)  # plausible length of a hand (wrist to knuckle to tip)
CLEARER = 1.4  # times as far the next person must be
REMEMBERED = 1.5  # seconds for which a face that is not found, perhaps behind the hand, is still where it was
AT_FACE = 3  # points of a hand inside the face's box
NEXT = 0.75  # seconds between searches over which a hand is followed
STROKE = 1.0  # face heights per second; slower drifts are no strokes


@dataclass(frozen=True)
class Sighted:
    """A hand in one searched frame: `place` (2,) of its middle in face heights from the face's middle, and the region
    of the face that it is at, if any."""

    time: float
    place: tuple[float, float]
    region: Region | None


@dataclass(frozen=True)
class Movement:
    """`speed`: mean over the time in which a hand was followed, in face heights per second; `strokes`: fast movements;
    `followed`: seconds."""

    speed: float
    strokes: int
    followed: float


def hands_by_person(
    hands: HandSeries, faces: FaceSeries, cast: Mapping[str, Sequence[int]], start: float, end: float, aspect: float
) -> dict[str | None, list[Sighted]]:
    """The hands between `start` and `end` (seconds) by person; under `None` those that may be anybody's.

    `cast`: person id -> face tracks; `aspect`: the frame's width over its height.
    """
    owner = {track: person for person, tracks in cast.items() for track in tracks}
    found: dict[str | None, list[Sighted]] = {}
    for row in hands.between(start, end).tolist():
        time = float(hands.time[row])
        boxes = _boxes(faces, owner, time)
        person = _owner(hands.points[row].astype(np.float64), boxes, aspect)
        seen = _sighted(time, hands.points[row].astype(np.float64), boxes[person], aspect) if person else None
        found.setdefault(person, []).append(seen or Sighted(time, (float("nan"), float("nan")), None))
    return found


def movement(seen: Sequence[Sighted]) -> Movement | None:
    """How one person's hands move; None where none could be followed. Up to two hands at a time."""
    frames: dict[float, list[Sighted]] = {}
    for each in seen:
        frames.setdefault(each.time, []).append(each)
    speeds, steps = [], []
    for (t0, before), (t1, after) in pairwise(sorted(frames.items())):
        if t1 - t0 <= NEXT:
            speeds.append(_fastest(before, after) / (t1 - t0))
            steps.append(t1 - t0)
    if not steps:
        return None
    fast = np.array([False, *(speed >= STROKE for speed in speeds)])
    return Movement(float(np.average(speeds, weights=steps)), int((fast[1:] & ~fast[:-1]).sum()), float(sum(steps)))


def _fastest(before: Sequence[Sighted], after: Sequence[Sighted]) -> float:
    """The way of the hand that moved most, each to the nearest place of a hand before."""
    ways = [min(float(np.hypot(b.place[0] - a.place[0], b.place[1] - a.place[1])) for b in before) for a in after]
    return max(ways)


def _boxes(faces: FaceSeries, owner: Mapping[int, str], time: float) -> dict[str, Floats]:
    """Each person's last box, where it is not too old and no cut lies between."""
    since = max([time - REMEMBERED, *faces.cuts[faces.cuts <= time].tolist()[-1:]])
    rows = faces.between(since, float(np.nextafter(time, np.inf)))
    return {owner[t]: faces.box[r].astype(np.float64) for r in rows.tolist() if (t := int(faces.track[r])) in owner}


def _owner(points: Floats, boxes: Mapping[str, Floats], aspect: float) -> str | None:
    """The nearest person within reach whose hand it can be by its size; None if another is nearly as near."""
    far = {}
    for person, box in boxes.items():
        size = float(box[3])
        middle = (box[:2] + box[2:] / 2) * (aspect, 1)
        hand = points * (aspect, 1)
        length = float(np.linalg.norm(hand[WRIST] - hand[MIDDLE_KNUCKLE]))
        length += float(np.linalg.norm(hand[MIDDLE_KNUCKLE] - hand[MIDDLE_TIP]))
        distance = float(np.linalg.norm(hand.mean(axis=0) - middle)) / size
        if HAND[0] <= length / size <= HAND[1] and distance <= REACH:
            far[person] = max(distance, 0.3)
    order = sorted(far, key=lambda person: (far[person], person))
    if not order or (len(order) > 1 and far[order[1]] < CLEARER * far[order[0]]):
        return None
    return order[0]


def _sighted(time: float, points: Floats, box: Floats, aspect: float) -> Sighted:
    middle = box[:2] + box[2:] / 2
    x, y = ((points.mean(axis=0) - middle) * (aspect, 1) / box[3]).tolist()
    return Sighted(time, (x, y), face_region(points, box))


def face_region(points: Floats, box: Floats) -> Region | None:
    """Where on a face a hand (21, 2) is, by its fingertips if they are on it; None where it is not on the face."""
    inside = (points - box[:2]) / box[2:]
    on: NDArray[np.bool_] = np.all((inside >= 0) & (inside <= 1), axis=1)
    if on.sum() < AT_FACE:
        return None
    tips = inside[list(TIPS)][on[list(TIPS)]]
    regions: list[Region] = [_region(x, y) for x, y in (tips if len(tips) else inside[on]).tolist()]
    return max(REGIONS, key=regions.count)


def _region(x: float, y: float) -> Region:
    if y < 0.22:
        return "forehead"
    if y < 0.45:
        return "eyes"
    if abs(x - 0.5) > 0.22:
        return "cheek"
    return "nose" if y < 0.62 else "mouth" if y < 0.85 else "chin"
