"""How much of a face is covered: by the picture's edge, by a nearer face, or by something that its owner never showed.

What covers a face is seen as places that do not look as the same face did until then, after the light, which changes
everywhere alike, has been taken off. The landmark models draw a whole face over a hand; they do not tell.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.sight.face_match import upright
from emoagent.tools.sight.face_search import Box, Picture

CELLS, SIDE = 8, 32  # cells along each side, and pixels of the upright face
PLACES = np.array([(0.30, 0.30), (0.70, 0.30), (0.50, 0.72)]) * SIDE  # eyes and mouth, so that brows and chin are in
WEIGHTS = np.array([0.6, 1.0, 1.0], np.float32)  # of differences in L, a, b: shadows count less than another colour
LEAST, TIMES_USUAL = 8.0, 3.0  # a place has changed from here on, and from so many times its usual change on
MEMORY, MEMORY_CHANGED = 0.04, 0.004  # weight of the latest sighting in what is usual; where a place has changed
FEW, MANY = 0.12, 0.6  # share of changed places that expressions reach, and from which the face counts as covered
NEARER = 1.2  # times as large as this one: a face that lies in front

Floats = NDArray[np.float32]


def _oval() -> NDArray[np.bool_]:
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    inside = ((columns - 15.5) / 14.5) ** 2 + ((rows - 15) / 15.5) ** 2 <= 1
    shares = inside.reshape(CELLS, SIDE // CELLS, CELLS, SIDE // CELLS).mean(axis=(1, 3))
    return np.asarray(shares > 0.6)


_FACE = _oval()  # (8, 8): the cells that are face rather than hair or background


class Cover:
    """The usual look of one face that is followed; in memory only, as long as its track."""

    def __init__(self) -> None:
        self._usual: Floats | None = None
        self._spread = np.full((CELLS, CELLS), LEAST, np.float32)
        self._seen = 0

    def uncovered(self, rgb: Picture, landmarks: Floats) -> float:
        """0..1, 1: nothing covers the face, as far as it can be known; always 1 at the first sighting."""
        look = _look(rgb, landmarks)
        self._seen += 1
        if self._usual is None:
            self._usual = look
            return 1.0
        change = np.abs(look - self._usual) @ WEIGHTS
        changed = _FACE & (change > np.maximum(LEAST, TIMES_USUAL * self._spread))
        weight = max(MEMORY, 1 / self._seen)
        rate = np.where(changed, weight * MEMORY_CHANGED / MEMORY, weight).astype(np.float32)
        self._usual += rate[..., None] * (look - self._usual)
        self._spread += rate * (change - self._spread)
        share = float(changed[_FACE].mean())
        return 1 - min(1.0, max(0.0, (share - FEW) / (MANY - FEW)))


def unhidden(box: Box, width: int, height: int, others: Iterable[Box]) -> float:
    """The share of the box that lies in the picture and not behind any of the other faces that are nearer, 0..1."""
    area = box.width * box.height
    nearer = [other for other in others if other.side >= NEARER * box.side]
    hidden = max((box.common(other) for other in nearer), default=0.0)
    return max(0.0, (box.common(Box(0, 0, width, height)) - hidden) / area) if area > 0 else 0.0


def _look(rgb: Picture, landmarks: Floats) -> Floats:
    """(8, 8, 3) Lab colours of the upright face, each channel's median over the face taken off."""
    import cv2

    lab = cv2.cvtColor(upright(rgb, landmarks, SIDE, PLACES), cv2.COLOR_RGB2LAB).astype(np.float32)
    cells = lab.reshape(CELLS, SIDE // CELLS, CELLS, SIDE // CELLS, 3).mean(axis=(1, 3))
    return np.asarray(cells - np.median(cells[_FACE], axis=0), np.float32)
