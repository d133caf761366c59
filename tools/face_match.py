"""Which face tracks of one clip look like the same person. What describes a face is never written to disk."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.face_search import Picture

Description = NDArray[np.float32]

SIDE = 32  # pixels of the upright face
RIGHT_EYE, LEFT_EYE, MOUTH = (33, 133), (263, 362), (13, 14)  # landmarks whose means are put onto fixed places
PLACES = np.array([(0.32, 0.36), (0.68, 0.36), (0.5, 0.76)]) * SIDE
EVERY, FRAMES = 3, 40  # every third sighting is described, and so many of them are averaged
ALIKE = 0.92  # cosine; measured: 0.95 and more for one person in one place, up to 0.88 for two people
REMEMBERED = 64  # people; who has not been seen for longest is forgotten, so that memory does not grow with the clip


@dataclass
class Portrait:
    """The average look of one track."""

    total: Description = field(default_factory=lambda: np.zeros(3 * SIDE * SIDE, np.float32))
    seen: int = 0

    def add(self, rgb: Picture, landmarks: NDArray[np.float32]) -> None:
        """Takes in one more sighting; `landmarks` (468 or more, 3) in pixels of the picture."""
        if self.seen % EVERY == 0 and self.seen < EVERY * FRAMES:
            self.total = self.total + describe(rgb, landmarks)
        self.seen += 1


@dataclass(eq=False)
class Group:
    """Tracks that look alike, and when each was in view."""

    total: Description | None
    tracks: list[int]
    spans: list[tuple[float, float]]


class Gallery:
    """Puts tracks that look alike into groups, one track after the other."""

    def __init__(self) -> None:
        self._groups: list[Group] = []

    def add(self, track: int, portrait: Portrait, start: float, end: float) -> None:
        """Takes a track that has ended; `start` and `end` in seconds. Two in view at once are never one."""
        known = [group for group in self._groups[-REMEMBERED:] if group.total is not None]
        free = [group for group in known if all(end < a or b < start for a, b in group.spans)]
        best = max(free, key=lambda group: _cosine(group.total, portrait.total), default=None)
        if best is None or best.total is None or _cosine(best.total, portrait.total) < ALIKE:
            best = Group(None, [], [])
        else:
            self._groups.remove(best)
        best.total = portrait.total if best.total is None else best.total + portrait.total
        best.tracks.append(track)
        best.spans.append((start, end))
        self._groups.append(best)
        if len(self._groups) > REMEMBERED:
            self._groups[-REMEMBERED - 1].total = None

    def groups(self) -> list[list[int]]:
        """The track numbers of each group, ascending; every track is in one group."""
        return sorted(sorted(group.tracks) for group in self._groups)


def describe(rgb: Picture, landmarks: NDArray[np.float32]) -> Description:
    """The upright face, (3072,) float32 of length 1, without its brightness; zeros where it is plain."""
    import cv2

    points = np.array([landmarks[list(group), :2].mean(axis=0) for group in (RIGHT_EYE, LEFT_EYE, MOUTH)])
    turn = _similarity(points, PLACES)
    face = cv2.warpAffine(rgb, turn, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    lab = cv2.cvtColor(face, cv2.COLOR_RGB2LAB).astype(np.float32)
    lab[..., 0] -= lab[..., 0].mean()
    lab[..., 1:] -= 128
    norm = float(np.linalg.norm(lab))
    return np.asarray(lab.ravel() / max(norm, 1e-6), np.float32)


def _similarity(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The turn, scale and shift, (2, 3), that bring points closest to others: least squares in complex numbers."""
    a, b = (points[:, 0] + 1j * points[:, 1] for points in (source, target))
    centred = a - a.mean()
    factor = np.vdot(centred, b - b.mean()) / max(float(np.vdot(centred, centred).real), 1e-9)
    shift = b.mean() - factor * a.mean()
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])


def _cosine(one: Description | None, other: Description) -> float:
    if one is None:
        return -1.0
    norm = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / norm if norm > 0 else -1.0
