"""Which parts of the picture to search for new faces, and when: all at the start, later where it is worth most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emoagent.tools.media.shot_cuts import Thumbnail
from emoagent.tools.sight.face_search import Box, fine_regions, search_regions

EMPTY_SECONDS = 0.4  # between searches while no face is in view: all coarse parts, and a few fine ones
SECONDS = 0.5  # between searches of one part while faces are followed
FINE_AT_ONCE = 3
COARSE_WORTH, FINE_WORTH = 2.0, 0.5  # how much sooner a coarse part is due than a fine one
MOVED, MOST_MOVED = 4.0, 3.0  # mean change (0..255 per colour) that makes a part due twice as soon; and the most


@dataclass
class Part:
    """A part of the picture, in pixels of the searched picture: when it was last searched and how it looked then."""

    box: Box
    fine: bool
    time: float = -1e9
    look: Thumbnail | None = None


class SearchPlan:
    """Says which parts of each frame to search. A face far away that comes in without any motion is found last."""

    def __init__(self, width: int, height: int, *, fine: bool) -> None:
        squares = fine_regions(width, height) if fine else []
        self.parts = [Part(box, False) for box in search_regions(width, height)] + [Part(box, True) for box in squares]
        self._cells = [_cells(part.box, width, height) for part in self.parts]
        self._last: float | None = None
        self._all, self._lost = True, list[Box]()

    def want_all(self) -> None:
        """A shot begins: everything is to be searched in the next frame."""
        self._all = True

    def want(self, box: Box) -> None:
        """A face was lost here: the parts around it are to be searched in the next frame."""
        self._lost.append(box)

    def due(self, time: float, look: Thumbnail, *, followed: bool) -> list[Part]:
        """The parts to search now. `followed`: whether any face is in view; `look`: the frame's thumbnail."""
        chosen = self._due(time, look, followed)
        for part in chosen:
            part.time, part.look = time, look
        if chosen:
            self._last, self._all, self._lost = time, False, []
        return chosen

    def _due(self, time: float, look: Thumbnail, followed: bool) -> list[Part]:
        if self._all:
            return self.parts
        passed = float("inf") if self._last is None else time - self._last
        if self._lost:
            return [part for part in self.parts if any(_holds(part.box, lost) for lost in self._lost)]
        if passed < (SECONDS if followed else EMPTY_SECONDS) - 1e-6:
            return []
        ranked = sorted(range(len(self.parts)), key=lambda i: -self._worth(i, time, look))
        if followed:
            return [self.parts[ranked[0]]]
        fine = [self.parts[i] for i in ranked if self.parts[i].fine]
        return [part for part in self.parts if not part.fine] + fine[:FINE_AT_ONCE]

    def _worth(self, index: int, time: float, look: Thumbnail) -> float:
        part, (rows, columns) = self.parts[index], self._cells[index]
        change = 0.0 if part.look is None else float(np.abs(look[rows, columns] - part.look[rows, columns]).mean())
        worth = FINE_WORTH if part.fine else COARSE_WORTH
        return worth * (1 + min(MOST_MOVED, change / MOVED)) * (time - part.time)


def _cells(box: Box, width: int, height: int) -> tuple[slice, slice]:
    """The rows and columns of a thumbnail that show the part."""
    rows, columns = 18 / height, 32 / width
    return (
        slice(int(box.y * rows), max(int(box.y * rows) + 1, round((box.y + box.height) * rows))),
        slice(int(box.x * columns), max(int(box.x * columns) + 1, round((box.x + box.width) * columns))),
    )


def _holds(part: Box, box: Box) -> bool:
    return part.common(box) >= 0.5 * box.width * box.height
