"""Looking for faces in parts of a picture: boxes, the parts to look in, and what was sighted there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.sight.face_geometry import head_pose
from emoagent.tools.sight.landmarker import Face

Picture = NDArray[np.uint8]

CROP_SIDE = 256  # pixels that larger parts are made smaller to, about; the landmark models look at 192 or 256
SMALL_CROP = 128  # pixels that smaller parts are enlarged to, about: landmarks of small faces are steadier then
SEARCH_SIDE = 1280  # pixels of the longer side of a picture that is searched, at most
TILE_OVERLAP = 1.2  # a picture less oblong than this is cut into quarters instead of squares side by side
QUARTER = 0.6
FINE, FINE_OVERLAP, SMALLEST_FINE = 0.56, 0.15, 300  # squares for distant faces: of the shorter side; pixels
MIN_WIDTH = 10.0  # pixels; a person that far away still counts as seen, though `face_quality` is 0 below 32 pixels
MIN_INSIDE = 0.6  # part of the face's box that lies inside the picture
MAX_YAW, MAX_PITCH = 80.0, 65.0  # degrees
ASPECT = (0.6, 2.6)  # height to width of the box around the landmarks


class Finder(Protocol):
    """What finds faces in a picture: `emoagent.tools.sight.landmarker.Landmarker`, or a double in tests."""

    def detect(self, rgb: Picture) -> list[Face]: ...


class Box(NamedTuple):
    """A rectangle in pixels: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def around(cls, landmarks: NDArray[np.float32]) -> Self:
        """The smallest box that holds the points, (n, 2 or more)."""
        (left, top), (right, bottom) = landmarks[:, :2].min(axis=0).tolist(), landmarks[:, :2].max(axis=0).tolist()
        return cls(left, top, right - left, bottom - top)

    @property
    def centre(self) -> tuple[float, float]:
        """x and y in pixels."""
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def side(self) -> float:
        """The longer side in pixels."""
        return max(self.width, self.height)

    def times(self, factor: float) -> Box:
        """The same box in a picture `factor` times as large."""
        return Box(self.x * factor, self.y * factor, self.width * factor, self.height * factor)

    def moved(self, dx: float, dy: float) -> Box:
        """The same box elsewhere."""
        return Box(self.x + dx, self.y + dy, self.width, self.height)

    def square(self, factor: float) -> Box:
        """The square around the same centre, `factor` times as long as the longer side."""
        (x, y), side = self.centre, factor * self.side
        return Box(x - side / 2, y - side / 2, side, side)

    def common(self, other: Box) -> float:
        """The area in both boxes, in square pixels."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(0.0, width) * max(0.0, height)

    def overlap(self, other: Box) -> float:
        """Intersection over union, 0..1."""
        common = self.common(other)
        union = self.width * self.height + other.width * other.height - common
        return common / union if union > 0 else 0.0


@dataclass(frozen=True)
class Sighting:
    """A face in a picture; `landmarks` as in `Face`, but in pixels of the whole picture."""

    box: Box
    landmarks: NDArray[np.float32]
    blendshapes: NDArray[np.float32] | None
    pose: NDArray[np.float32]


def look(finder: Finder, rgb: Picture, region: Box) -> list[Sighting]:
    """The plausible faces in one part of the picture; the part may stick out of it."""
    height, width = rgb.shape[:2]
    left, top = max(0, round(region.x)), max(0, round(region.y))
    right, bottom = min(width, round(region.x + region.width)), min(height, round(region.y + region.height))
    if min(right - left, bottom - top) < MIN_WIDTH:
        return []
    scaled, factor = _scaled(rgb[top:bottom, left:right])
    faces = finder.detect(scaled)
    return _plausible((_sighting(face, factor, left, top) for face in faces), width, height)


def search_regions(width: int, height: int) -> list[Box]:
    """The parts to look in so that small faces are found too: the whole, and overlapping squares."""
    short, long = min(width, height), max(width, height)
    whole = Box(0, 0, width, height)
    if long < TILE_OVERLAP * short:
        w, h = QUARTER * width, QUARTER * height
        return [whole, *(Box(x, y, w, h) for y in (0, height - h) for x in (0, width - w))]
    count = max(3, -(-long * 5 // (short * 4)))
    starts = [(long - short) * i / (count - 1) for i in range(count)]
    return [whole, *(Box(s, 0, short, short) if width > height else Box(0, s, short, short) for s in starts)]


def fine_regions(width: int, height: int) -> list[Box]:
    """Overlapping squares in which a face of 4 % of the picture's height can be found; none if the picture is small."""
    side = max(SMALLEST_FINE, round(FINE * min(width, height)))
    if side > 0.8 * min(width, height):
        return []
    lefts, tops = _starts(width, side), _starts(height, side)
    return [Box(left, top, side, side) for top in tops for left in lefts]


def _starts(length: int, side: int) -> list[float]:
    count = max(2, -(-(length - FINE_OVERLAP * side) // ((1 - FINE_OVERLAP) * side)))
    return [(length - side) * i / (count - 1) for i in range(int(count))]


def reduced(rgb: Picture, side: int = SEARCH_SIDE) -> tuple[Picture, int]:
    """The picture made smaller by a whole number, so that its longer side has at most `side` pixels; and the number."""
    factor = max(1, -(-max(rgb.shape[:2]) // side))
    return _smaller(rgb, factor), factor


def without(rgb: Picture, boxes: Iterable[Box]) -> Picture:
    """The picture with the boxes painted grey, so that known faces are not found again; the same one if none."""
    boxes = list(boxes)
    if not boxes:
        return rgb
    painted = rgb.copy()
    for box in boxes:
        left, top = max(0, int(box.x)), max(0, int(box.y))
        painted[top : int(box.y + box.height) + 1, left : int(box.x + box.width) + 1] = 127
    return painted


def _scaled(part: Picture) -> tuple[Picture, float]:
    """The part, made smaller or larger by a whole number; how many of its pixels make one of the result."""
    import cv2

    side = max(part.shape[:2])
    if side > SMALL_CROP * 3 // 4:
        factor = max(1, round(side / CROP_SIDE))
        return _smaller(part, factor), factor
    times = round(SMALL_CROP / side)
    larger = cv2.resize(part, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    return np.asarray(larger, np.uint8), 1 / times


def _smaller(part: Picture, factor: int) -> Picture:
    """The mean of every `factor` × `factor` pixels; OpenCV is much faster at whole factors than at others."""
    import cv2

    if factor == 1:
        return part
    height, width = part.shape[0] // factor, part.shape[1] // factor
    whole = part[: height * factor, : width * factor]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _sighting(face: Face, factor: float, left: int, top: int) -> Sighting:
    landmarks = face.landmarks * np.float32(factor) + np.array([left, top, 0], np.float32)
    return Sighting(Box.around(landmarks), landmarks, face.blendshapes, head_pose(landmarks))


def _plausible(sightings: Iterable[Sighting], width: int, height: int) -> list[Sighting]:
    picture = Box(0, 0, width, height)
    return [seen for seen in sightings if _is_plausible(seen, picture)]


def _is_plausible(seen: Sighting, picture: Box) -> bool:
    box, (yaw, pitch, _) = seen.box, seen.pose.tolist()
    inside = box.common(picture) >= MIN_INSIDE * box.width * box.height
    shape = box.width >= MIN_WIDTH and ASPECT[0] <= box.height / box.width <= ASPECT[1]
    return bool(inside and shape and abs(yaw) <= MAX_YAW and abs(pitch) <= MAX_PITCH)
