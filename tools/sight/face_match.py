"""Which face tracks of one clip look like the same person. What describes a face is never written to disk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.sight.face_search import Picture

Description = NDArray[np.float32]

SIDE = 64  # pixels of the upright face
RIGHT_EYE, LEFT_EYE, MOUTH = (33, 133), (263, 362), (13, 14)  # landmarks whose means are put onto fixed places
PLACES = np.array([(0.32, 0.36), (0.68, 0.36), (0.5, 0.76)]) * SIDE
BLUR, RADIUS, GRID = 1.0, 2, 6  # of the local binary patterns: pixels, pixels, and cells along each side
EVERY, FRAMES = 4, 24  # every fourth sighting is described, and so many of them are averaged
ALIKE = 0.82  # cosine; measured: 0.9 and more for one person, in other light too, up to 0.79 for two people
PORTRAITS = 5  # tracks of a group that a new one is compared with, besides their mean
REMEMBERED = 64  # people; who has not been seen for longest is forgotten, so that memory does not grow with the clip
PATTERNS = 59  # 58 uniform ones, and all others


@dataclass
class Portrait:
    """The average look of one track."""

    total: Description = field(default_factory=lambda: np.zeros(GRID * GRID * PATTERNS, np.float32))
    seen: int = 0

    def add(self, rgb: Picture, landmarks: NDArray[np.float32]) -> None:
        """Takes in one more sighting; `landmarks` (468 or more, 3) in pixels of the picture."""
        if self.seen % EVERY == 0 and self.seen < EVERY * FRAMES:
            self.total = self.total + describe(rgb, landmarks)
        self.seen += 1


@dataclass(eq=False)
class Group:
    """Tracks that look alike, and when each was in view."""

    portraits: list[Description]  # the mean of all, then those of the last tracks; empty: forgotten
    tracks: list[int]
    spans: list[tuple[float, float]]

    def likeness(self, portrait: Portrait) -> float:
        """The best cosine with any of the portraits: a smile and a frown of one person are both remembered."""
        return max((_cosine(known, portrait.total) for known in self.portraits), default=-1.0)

    def add(self, track: int, portrait: Portrait, start: float, end: float) -> None:
        """Takes in one more track."""
        mean = self.portraits[0] + portrait.total if self.portraits else portrait.total
        self.portraits = [mean, *self.portraits[1:][-PORTRAITS + 1 :], portrait.total]
        self.tracks.append(track)
        self.spans.append((start, end))


class Gallery:
    """Puts tracks that look alike into groups, one track after the other."""

    def __init__(self) -> None:
        self._groups: list[Group] = []

    def add(self, track: int, portrait: Portrait, start: float, end: float) -> None:
        """Takes a track that has ended; `start` and `end` in seconds. Two in view at once are never one."""
        best = self._nearest(portrait, start, end)
        if best is None:
            best = Group([], [], [])
        else:
            self._groups.remove(best)
        best.add(track, portrait, start, end)
        self._groups.append(best)
        if len(self._groups) > REMEMBERED:
            self._groups[-REMEMBERED - 1].portraits = []

    def groups(self) -> list[list[int]]:
        """The track numbers of each group, ascending; every track is in one group."""
        return sorted(sorted(group.tracks) for group in self._groups if group.tracks)

    def groups_with(self, current: Iterable[tuple[int, Portrait, float, float]]) -> list[list[int]]:
        """The same with tracks that have not ended, each (number, portrait, start, end); they are not remembered."""
        joined: dict[int, list[int]] = {}
        alone: list[list[int]] = []
        for number, portrait, start, end in current:
            group = self._nearest(portrait, start, end)
            if group is None or id(group) in joined:
                alone.append([number])
            else:
                joined[id(group)] = [number]
        known = [sorted(group.tracks + joined.get(id(group), [])) for group in self._groups]
        return sorted([*alone, *(tracks for tracks in known if tracks)])

    def forget(self, before: float) -> None:
        """Drops the numbers of tracks that ended before that second; how those people looked stays."""
        for group in self._groups:
            kept = [(track, span) for track, span in zip(group.tracks, group.spans, strict=True) if span[1] >= before]
            group.tracks, group.spans = [track for track, _ in kept], [span for _, span in kept]
        self._groups = [group for group in self._groups if group.tracks or group.portraits]

    def _nearest(self, portrait: Portrait, start: float, end: float) -> Group | None:
        """The group that looks most like it, if one looks enough like it and was not in view at the same time."""
        known = [group for group in self._groups[-REMEMBERED:] if group.portraits]
        free = [group for group in known if all(end < a or b < start for a, b in group.spans)]
        best = max(free, key=lambda group: group.likeness(portrait), default=None)
        return best if best is not None and best.likeness(portrait) >= ALIKE else None


def describe(rgb: Picture, landmarks: NDArray[np.float32]) -> Description:
    """The upright face, (2124,) float32 of length 1: root histograms of its local binary patterns, cell by cell.

    A pattern says which of eight neighbours are brighter than a pixel, so light and contrast hardly matter (Ahonen,
    Hadid & Pietikäinen 2006; the root of a histogram after Arandjelović & Zisserman 2012).
    """
    import cv2

    face = upright(rgb, landmarks, SIDE, PLACES)
    luma = cv2.GaussianBlur(cv2.cvtColor(face, cv2.COLOR_RGB2GRAY), (0, 0), BLUR).astype(np.int16)
    patterns = _patterns(luma)
    side = patterns.shape[0] // GRID
    cells = patterns[: GRID * side, : GRID * side].reshape(GRID, side, GRID, side).transpose(0, 2, 1, 3)
    offsets = PATTERNS * np.arange(GRID * GRID)[:, None]
    counts = np.bincount((cells.reshape(GRID * GRID, -1) + offsets).ravel(), minlength=PATTERNS * GRID * GRID)
    return np.asarray(np.sqrt(counts / counts.sum()), np.float32)


def upright(rgb: Picture, landmarks: NDArray[np.float32], side: int, places: NDArray[np.float64]) -> Picture:
    """The face turned, scaled and moved so that its eyes and its mouth come to `places`, (side, side, 3)."""
    import cv2

    points = np.array([landmarks[list(group), :2].mean(axis=0) for group in (RIGHT_EYE, LEFT_EYE, MOUTH)])
    turn = _similarity(points, places)
    face = cv2.warpAffine(rgb, turn, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(face, np.uint8)


def _patterns(luma: NDArray[np.int16]) -> NDArray[np.intp]:
    """The number of the uniform pattern around each pixel, in clockwise order; 0 for all others."""
    r, (height, width) = RADIUS, luma.shape
    centre = luma[r:-r, r:-r]
    code = np.zeros(centre.shape, np.intp)
    ring = ((-r, -r), (-r, 0), (-r, r), (0, r), (r, r), (r, 0), (r, -r), (0, -r))
    for bit, (dy, dx) in enumerate(ring):
        neighbour = luma[r + dy : height - r + dy, r + dx : width - r + dx]
        code |= (neighbour > centre).astype(np.intp) << bit
    return _UNIFORM[code]


def _uniform() -> NDArray[np.intp]:
    """For each of 256 patterns: 1, 2, … where bits change at most twice around the ring, else 0 (Ojala et al. 2002)."""
    changes = [(i ^ ((i >> 1) | ((i & 1) << 7))).bit_count() for i in range(256)]
    numbers = np.cumsum([change <= 2 for change in changes])
    return np.where(np.array(changes) <= 2, numbers, 0).astype(np.intp)


_UNIFORM = _uniform()


def _similarity(source: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The turn, scale and shift, (2, 3), that bring points closest to others: least squares in complex numbers."""
    a, b = (points[:, 0] + 1j * points[:, 1] for points in (source, target))
    centred = a - a.mean()
    factor = np.vdot(centred, b - b.mean()) / max(float(np.vdot(centred, centred).real), 1e-9)
    shift = b.mean() - factor * a.mean()
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])


def _cosine(one: Description, other: Description) -> float:
    norm = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / norm if norm > 0 else -1.0
