"""Real faces moved on purpose: the picture of a head turned about its neck, as far as its landmarks' depth allows, and
pictures made larger, so that what the head did is known."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Floats = NDArray[np.float64]

RING = 1.7  # times the face's box: what lies farther out stays where it is
COARSE = 3  # pixels between the points at which the movement is computed


def turned_head(rgb: Picture, landmarks: NDArray[np.float32], yaw: float, pitch: float, roll: float) -> Picture:
    """The picture with the head turned by so many degrees (signs as in `face_geometry.head_pose`).

    `landmarks` (468 or more, 3) in pixels. Each pixel is fetched from where the turned surface had it before.
    """
    import cv2

    source = landmarks[:468].astype(np.float64)
    target = _turned(source, yaw, pitch, roll)
    moved = np.vstack([target[:, :2], _ring(source, rgb)])
    shift = np.vstack([source[:, :2] - target[:, :2], np.zeros((len(moved) - len(source), 2))])
    (left, top), (right, bottom) = moved.min(axis=0).astype(int), np.ceil(moved.max(axis=0)).astype(int)
    dx, dy = _spread(moved, shift, left, top, right, bottom)
    y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
    part = cv2.remap(rgb, x + dx, y + dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    result = rgb.copy()
    result[top:bottom, left:right] = part
    return result


def zoomed(rgb: Picture, factor: float, x: float, y: float) -> Picture:
    """The picture made `factor` times larger around the pixel (x, y), and cut to its size."""
    import cv2

    height, width = rgb.shape[:2]
    matrix = np.array([[factor, 0, x * (1 - factor)], [0, factor, y * (1 - factor)]])
    return np.asarray(cv2.warpAffine(rgb, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _turned(points: Floats, yaw: float, pitch: float, roll: float) -> Floats:
    """Turned about the neck: half a face below its middle and half a face behind it."""
    size = float(np.ptp(points[:, 1]))
    pivot = points.mean(axis=0) + np.array([0, 0.6, 0.5]) * size
    y, p, r = np.radians([-yaw, -pitch, roll])  # x right, y down, z away from the camera
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return np.asarray((points - pivot) @ (about_y @ about_x @ about_z).T + pivot, np.float64)


def _ring(points: Floats, rgb: Picture) -> Floats:
    """Points around the face that do not move, inside the picture."""
    height, width = rgb.shape[:2]
    middle, half = points[:, :2].mean(axis=0), RING / 2 * np.ptp(points[:, :2], axis=0)
    angles = np.linspace(0, 2 * np.pi, 33)[:-1]
    ring = middle + np.stack([np.cos(angles), np.sin(angles)], axis=1) * half * np.sqrt(2)
    return np.clip(ring, 0, [width - 1, height - 1])


def _spread(at: Floats, shift: Floats, left: int, top: int, right: int, bottom: int) -> tuple[Floats, Floats]:
    """The shifts at every pixel of the rectangle, linear between the points, as float32 maps."""
    import cv2
    from matplotlib.tri import LinearTriInterpolator, Triangulation

    places, first = np.unique(np.round(at, 2), axis=0, return_index=True)
    mesh = Triangulation(places[:, 0], places[:, 1])
    y, x = np.mgrid[top : bottom + COARSE : COARSE, left : right + COARSE : COARSE]
    size = (x.shape[1] * COARSE, x.shape[0] * COARSE)
    maps = []
    for k in (0, 1):
        coarse = np.ma.filled(LinearTriInterpolator(mesh, shift[first, k])(x, y), 0).astype(np.float32)
        fine = cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)
        maps.append(fine[: bottom - top, : right - left])
    return maps[0], maps[1]


def pasted(rgb: Picture, photograph: Path, x: float, y: float, size: float) -> Picture:
    """The picture with a hand, cut out of a photograph, around (x, y) and `size` pixels high."""
    import cv2

    hand, mask = _hand(photograph)
    factor = size / hand.shape[0]
    at = np.array([[factor, 0, x - factor * hand.shape[1] / 2], [0, factor, y - factor * hand.shape[0] / 2]])
    frame = (rgb.shape[1], rgb.shape[0])
    over = cv2.warpAffine(hand, at, frame, flags=cv2.INTER_LINEAR).astype(np.float32)
    share = cv2.warpAffine(mask, at, frame, flags=cv2.INTER_LINEAR).astype(np.float32)[..., None] / 255
    return np.asarray(np.rint(over * share + rgb * (1 - share)), np.uint8)


@cache
def _hand(photograph: Path) -> tuple[Picture, Picture]:
    """The first hand of a photograph: the picture around it, and a soft mask."""
    import cv2

    from emoagent.tools.sight.hand_landmarker import HandLandmarker
    from emoagent.tools.weights.assets import hand_landmarker

    rgb = cv2.cvtColor(cv2.imread(str(photograph)), cv2.COLOR_BGR2RGB)
    landmarker = HandLandmarker(hand_landmarker().path)
    points = landmarker.detect(0.0, np.asarray(rgb, np.uint8))[0].points * (rgb.shape[1], rgb.shape[0])
    landmarker.close()
    margin = 0.2 * float(np.ptp(points, axis=0).max())
    (left, top), (right, bottom) = points.min(axis=0) - 2 * margin, points.max(axis=0) + 2 * margin
    mask = np.zeros(rgb.shape[:2], np.uint8)
    cv2.fillPoly(mask, [cv2.convexHull(np.rint(points).astype(np.int32))], (255,))
    mask = cv2.dilate(mask, np.ones((3, 3), np.uint8), iterations=round(margin))
    mask = cv2.GaussianBlur(mask, (0, 0), max(1.0, margin / 4))
    part = (slice(max(0, int(top)), int(bottom)), slice(max(0, int(left)), int(right)))
    return np.asarray(rgb[part], np.uint8), np.asarray(mask[part], np.uint8)
