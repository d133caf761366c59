"""Where the eyes point, relative to the head.

The irises come from the landmarks where the model has them. Where it has none, they are looked for in the picture: the
two discs of an iris' size, at the same place in both eyes, that best part the eyes' openings into dark and bright
(the largest variance between the parts, as Otsu 1979 chooses a threshold; a round border, as in Daugman 1993).
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Matrix = NDArray[np.float64]

MESH_POINTS = 468
# The lids of the person's own right and left eye, from the outer corner over the upper lid.
LIDS = (
    np.array([33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7]),
    np.array([263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249]),
)
INNER, UPPER, LOWER = 8, 4, 12  # places in these lists
IRISES = (468, 473)
TOP, CHIN, EAR_RIGHT, EAR_LEFT = 10, 152, 127, 356
SPAN, WIDTH, HEIGHT = 28, 40, 24  # pixels: between the corners of the upright eye that is searched, and its picture
IRIS = 0.18 * SPAN  # radius: 5.5 mm where the corners are 30 mm apart
TURNS_ON = 0.4 * SPAN  # radius on which the middle of the iris turns: 12 mm
DEPTH = 0.15 * SPAN  # how far the iris lies in front of the line between the corners
OUTWARD, RAISED = 0.06 * SPAN, 0.07 * SPAN  # where it lies beside their middle when the eyes look straight ahead
NARROWEST = 12.0  # pixels between the corners in the picture
SHUT = 0.16  # height of the opening over its width, below which an iris cannot be told
TURNED_AWAY = 0.6  # width of an eye over that of the other, below which only the other is looked at
CLEAR = 0.3  # share of the openings' variance that the discs must explain
SHRUNK = np.array([0.85, 0.9])  # the opening that is looked at, across and down: lashes and shadows lie at its edge
LEAST_SEEN = 0.55  # part of the disc that must lie in the opening
EDGE = 3  # pixels around the found place in which nothing of the picture may be missing


class Eye(NamedTuple):
    """An eye in the picture: the map of the picture onto an upright one, (2, 3), in which an iris that looks straight
    ahead is in the middle; the distance of the corners in pixels; the height of the opening over its width; and the
    lids in the upright picture, (16, 2)."""

    onto: Matrix
    width: float
    opening: float
    lids: Matrix


def gaze(rgb: NDArray[np.uint8], landmarks: Floats) -> Floats:
    """(2,) degrees of the eyes in the head, the mean of both: right side of the picture > 0, up > 0.

    `landmarks` (468 or 478, 3) in pixels of the picture `rgb`. NaN where the eyes cannot be seen well enough.
    """
    eyes = [_eye(landmarks, side) for side in (0, 1)]
    widest = max(eye.width for eye in eyes)
    seen = [s for s, eye in enumerate(eyes) if _can_be_seen(eye, widest)]
    if not seen:
        return np.full(2, np.nan, np.float32)
    iris = _irises(landmarks, eyes, seen) if len(landmarks) > MESH_POINTS else _search(rgb, [eyes[s] for s in seen])
    if iris is None:
        return np.full(2, np.nan, np.float32)
    right, down = iris - (WIDTH / 2, HEIGHT / 2) - DEPTH * _nose(landmarks, eyes[seen[0]])
    return np.degrees(np.arcsin(np.clip(np.array([right, -down]) / TURNS_ON, -1, 1))).astype(np.float32)


def _can_be_seen(eye: Eye, widest: float) -> bool:
    return bool(eye.width >= max(NARROWEST, TURNED_AWAY * widest) and eye.opening >= SHUT)


def _eye(landmarks: Floats, side: int) -> Eye:
    points = landmarks[LIDS[side], :2].astype(np.float64)
    outer, inner = points[0], points[INNER]
    x, y = ((inner - outer) if side == 0 else (outer - inner)).tolist()
    width = max(float(np.hypot(x, y)), 1e-6)
    a, b = x / width * SPAN / width, y / width * SPAN / width
    turn = np.array([[a, b], [-b, a]])
    middle = np.array([WIDTH / 2 + (OUTWARD if side == 0 else -OUTWARD), HEIGHT / 2 + RAISED])
    shift = middle - turn @ ((outer + inner) / 2)
    lids = points @ turn.T + shift
    onto = np.array([[a, b, shift[0]], [-b, a, shift[1]]])
    return Eye(onto, width, float(lids[LOWER, 1] - lids[UPPER, 1]) / SPAN, lids)


def _irises(landmarks: Floats, eyes: list[Eye], seen: list[int]) -> Matrix:
    """The mean place of the irises' landmarks in the upright pictures."""
    places = [eyes[s].onto @ np.array([*landmarks[IRISES[s], :2], 1.0]) for s in seen]
    return np.asarray(np.mean(places, axis=0), np.float64)


def _nose(landmarks: Floats, eye: Eye) -> Matrix:
    """(2,) where the nose points in the upright picture; its length is the sine of the angle to the camera."""
    (ax, ay, az), (dx, dy, dz) = (
        (landmarks[p].astype(np.float64) - landmarks[q]).tolist() for p, q in ((EAR_LEFT, EAR_RIGHT), (CHIN, TOP))
    )
    x, y, z = dy * az - dz * ay, dz * ax - dx * az, dx * ay - dy * ax
    length = max((x * x + y * y + z * z) ** 0.5, 1e-6) * SPAN / eye.width
    return np.asarray(eye.onto[:, :2] @ np.array([x, y]) / length, np.float64)


def _search(rgb: NDArray[np.uint8], eyes: list[Eye]) -> Matrix | None:
    """The place of the irises in the upright pictures; None where it is not clear."""
    import cv2

    layers = [layer for eye in eyes if (pair := _upright(rgb, eye)) is not None for layer in pair]
    if not layers:
        return None
    filtered = cv2.filter2D(np.dstack(layers), -1, _disc(), borderType=cv2.BORDER_CONSTANT)
    pairs = zip(filtered[..., ::2].transpose(2, 0, 1), filtered[..., 1::2].transpose(2, 0, 1), strict=True)
    areas = [float(layer.sum()) for layer in layers[1::2]]
    parts = [_parted(dark, seen, area) for (dark, seen), area in zip(pairs, areas, strict=True)]
    parted = np.asarray(np.mean(parts, axis=0), np.float32)
    y, x = divmod(int(np.argmax(parted)), WIDTH)
    if parted[y, x] < CLEAR or not (EDGE <= x < WIDTH - EDGE and EDGE <= y < HEIGHT - EDGE):
        return None
    return np.array([x + _vertex(parted[y, x - 1 : x + 2]), y + _vertex(parted[y - 1 : y + 2, x])]) + 0.5


def _upright(rgb: NDArray[np.uint8], eye: Eye) -> tuple[Floats, Floats] | None:
    """The eye's darkness, of mean 0 and variance 1 inside its opening and 0 outside, and the opening, 0 or 1."""
    import cv2

    onto = eye.onto.copy()
    onto[:, 2] += onto[:, :2].sum(axis=1) / 2 - 0.5  # a landmark at 0 is a pixel's edge, OpenCV's 0 is its middle
    flags, border = cv2.INTER_LINEAR, cv2.BORDER_REPLICATE
    grey = cv2.warpAffine(rgb, onto, (WIDTH, HEIGHT), flags=flags, borderMode=border)[..., 0].astype(np.float32)
    opening = np.zeros((HEIGHT, WIDTH), np.uint8)
    lids = eye.lids.mean(axis=0) + SHRUNK * (eye.lids - eye.lids.mean(axis=0))
    cv2.fillPoly(opening, [np.rint(lids * 16 - 8).astype(np.int32)], (1,), shift=4)
    inside = grey[opening > 0]
    if len(inside) < IRIS**2:
        return None
    glint = int(0.9 * len(inside))
    bright = np.partition(inside, glint)[glint]  # a reflection is no white of the eye
    inside = np.minimum(inside, bright)
    spread = float(inside.std())
    if spread < 1:
        return None
    dark = (float(inside.mean()) - np.minimum(grey, bright)) / spread * opening
    return np.asarray(dark, np.float32), opening.astype(np.float32)


def _parted(dark: Floats, seen: Floats, area: float) -> Floats:
    """The share of the opening's variance, 0..1, that a disc around each pixel explains where it is the darker part.

    `dark`, `seen`: the sum of the darkness and of the opening in the disc.
    """
    rest = np.maximum(area - seen, 0.08 * area)
    contrast = dark / np.maximum(seen, 1e-3) + dark / rest
    counts = (contrast > 0) & (seen > LEAST_SEEN * _disc().sum())
    return np.asarray(np.where(counts, seen * rest * (contrast / area) ** 2, 0), np.float32)


@cache
def _disc() -> Floats:
    reach = int(np.ceil(IRIS))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return np.asarray(np.clip(IRIS + 0.5 - np.hypot(x, y), 0, 1), np.float32)


def _vertex(three: Floats) -> float:
    """Where between three neighbours the maximum lies, by a parabola; 0 is in the middle."""
    before, at, after = three.tolist()
    bend = before - 2 * at + after
    return 0.5 * (before - after) / bend if bend < -1e-9 else 0.0
