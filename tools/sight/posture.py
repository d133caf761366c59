"""How a person holds themselves in the picture, from the face's size and place against where it was before.

Everything is compared within one shot: after a cut the camera is another one. A zoom changes all faces at once, so what
all faces of a picture do together is taken for the camera's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.runs import runs

Floats = NDArray[np.float64]
Way = Literal["in", "out", "left", "right", "down", "up"]

USUAL_SECONDS = 2.0  # of the face before, to know its usual place
HELD = 0.6  # seconds that a change must last
NEARER = 1.12  # times the usual size; turning and talking change it by 3 to 5 %
ASIDE = 0.45  # face widths
LOWER = 0.35  # face heights
NOISE = 4.0  # deviations of the same face before


@dataclass(frozen=True)
class Lean:
    """A change of posture that is held from `start` to `end`. `amount`: for in and out the size over the usual one, for
    the others face sizes of movement."""

    way: Way
    start: float
    end: float
    amount: float


def leans(time: Floats, box: Floats, start: float, *, aspect: float, camera: Floats | None = None) -> list[Lean]:
    """The changes of posture that are held at `start` seconds or later.

    `time` (n,) of one face within one shot, with what came before `start`, which is the usual; `box` (n, 4) x, y,
    width, height as fractions of the frame; `aspect`: its width over its height. `camera` (n, 3): what the other faces
    do meanwhile, as `drift` gives it; None where there are none.
    """
    usual = time < start
    if np.count_nonzero(usual) < 2 or np.ptp(time[usual]) < USUAL_SECONDS / 2:
        return []
    own = place(box, aspect)
    own -= np.median(own[usual], axis=0)
    if camera is not None:
        own = _smaller(own, own - camera)
    width, height = np.median(box[usual, 2:], axis=0)
    moves: tuple[tuple[Floats, float, Way, Way], ...] = (
        (own[:, 0], float(np.log(NEARER)), "in", "out"),
        (own[:, 1] / width, ASIDE, "right", "left"),
        (own[:, 2] / height, LOWER, "down", "up"),
    )
    found = [lean for move, least, *ways in moves for lean in _held(time, move, least, usual, ways, start)]
    return sorted(found, key=lambda lean: lean.start)


def _smaller(one: Floats, other: Floats) -> Floats:
    """The smaller of two changes, 0 where they go opposite ways: a move counts only as far as it is one in the picture
    and one against the other faces, so that who sits still beside somebody who leans in does not lean back."""
    return np.where(one * other > 0, np.where(np.abs(one) < np.abs(other), one, other), 0.0)


def place(box: Floats, aspect: float) -> Floats:
    """(n, 3) logarithm of the face's size, and its middle across and down the frame, 0..1."""
    size = np.log(np.sqrt(box[:, 2] * aspect * box[:, 3]))
    return np.stack([size, box[:, 0] + box[:, 2] / 2, box[:, 1] + box[:, 3] / 2], axis=1)


def drift(time: Floats, others: Sequence[tuple[Floats, Floats]], aspect: float, start: float) -> Floats | None:
    """(n, 3) how the other faces' `place` differs at `time` from what it was before `start`, their median.

    `others`: times and boxes of other faces in the same shot. None where there is none with a before and an after.
    """
    moved = []
    for when, box in others:
        if (when < start).sum() >= 2 and (when >= start).sum() >= 2:
            change = place(box, aspect) - np.median(place(box, aspect)[when < start], axis=0)
            moved.append(np.stack([np.interp(time, when, change[:, k]) for k in range(3)], axis=1))
    return np.median(moved, axis=0) if moved else None


def _held(
    time: Floats, move: Floats, least: float, usual: NDArray[np.bool_], ways: Sequence[Way], start: float
) -> list[Lean]:
    deviation = 1.4826 * float(np.median(np.abs(move[usual] - np.median(move[usual]))))
    limit = max(least, NOISE * deviation)
    found = []
    for way, there in zip(ways, (move >= limit, move <= -limit), strict=True):
        for first, past in runs(there & (time >= start)):
            begin, end = float(time[first]), float(time[past - 1])
            if end - begin >= HELD:
                amount = float(np.median(move[first:past]))
                found.append(Lean(way, begin, end, float(np.exp(amount)) if way in ("in", "out") else abs(amount)))
    return found
