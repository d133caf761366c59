"""A still portrait that can move: a MediaPipe face mesh over a picture, posed by named facial actions.

The picture is cut along the 852 triangles of the face mesh plus rings around the face that let go of the motion, and
each triangle is drawn where its corners went (piecewise affine warp). Action names follow FACS (Ekman & Friesen 1978);
what they do to the vertices is a sketch of it by hand, in units of the distance between the outer eye corners.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

EYES = (
    ((33, 246, 161, 160, 159, 158, 157, 173, 133), (33, 7, 163, 144, 145, 153, 154, 155, 133)),
    ((263, 466, 388, 387, 386, 385, 384, 398, 362), (263, 249, 390, 373, 374, 380, 381, 382, 362)),
)
INNER_UPPER = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
INNER_LOWER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
LIP_CORNERS = (61, 76, 62, 78, 291, 306, 292, 308)
UPPER_LIP = (185, 40, 39, 37, 0, 267, 269, 270, 409, 184, 74, 73, 72, 11, 302, 303, 304, 408,
             183, 42, 41, 38, 12, 268, 271, 272, 407, 191, 80, 81, 82, 13, 312, 311, 310, 415)  # fmt: skip
LOWER_LIP = (146, 91, 181, 84, 17, 314, 405, 321, 375, 77, 90, 180, 85, 16, 315, 404, 320, 307,
             96, 89, 179, 86, 15, 316, 403, 319, 325, 95, 88, 178, 87, 14, 317, 402, 318, 324)  # fmt: skip

# action: (vertex on the right half of the face, its twin on the left, outwards, downwards, reach), in eye distances
ACTIONS: dict[str, tuple[tuple[int, int, float, float, float], ...]] = {
    "AU1": ((107, 336, 0.00, -0.11, 0.11), (55, 285, 0.00, -0.09, 0.09), (66, 296, 0.00, -0.07, 0.09)),
    "AU2": ((70, 300, 0.01, -0.10, 0.12), (105, 334, 0.00, -0.09, 0.11), (46, 276, 0.01, -0.08, 0.09)),
    "AU4": ((107, 336, -0.04, 0.07, 0.09), (55, 285, -0.04, 0.08, 0.09), (105, 334, -0.02, 0.05, 0.11)),
    "AU5": ((159, 386, 0.00, -0.035, 0.07), (145, 374, 0.00, 0.012, 0.05)),
    "AU6": ((50, 280, 0.01, -0.05, 0.15), (118, 347, 0.00, -0.045, 0.12), (145, 374, 0.00, -0.025, 0.06)),
    "AU12": ((61, 291, 0.11, -0.09, 0.15), (205, 425, 0.04, -0.06, 0.16)),
    "AU15": ((61, 291, 0.00, 0.075, 0.13), (17, 17, 0.00, -0.012, 0.10)),
    "AU20": ((61, 291, 0.07, 0.045, 0.13),),
}
BROWS = ("AU1", "AU2", "AU4")
RINGS = ((1.22, 0.5, 1.0), (1.55, 0.12, 0.9), (2.0, 0.0, 0.45), (2.7, 0.0, 0.0))  # size, share of action, of head
MOUTH_DARK = (38, 14, 14)
TEETH = (226, 206, 184)


class View(NamedTuple):
    """A window on the picture: its left top corner in picture pixels, and output pixels per picture pixel."""

    left: float
    top: float
    scale: float
    width: int
    height: int


def find_landmarks(image: Array, model: Path) -> Array:
    """Landmarks of the only face in an RGB picture: (478 or 468, 3) in pixels, z towards the viewer negative."""
    from mediapipe import Image, ImageFormat
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceLandmarkerOptions(base_options=BaseOptions(model_asset_path=str(model)))
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        found = landmarker.detect(Image(image_format=ImageFormat.SRGB, data=np.ascontiguousarray(image)))
    if len(found.face_landmarks) != 1:
        raise SystemExit(f"expected one face in the picture, the landmarker found {len(found.face_landmarks)}")
    height, width = image.shape[:2]
    return np.array([(p.x * width, p.y * height, p.z * width) for p in found.face_landmarks[0]])


def mesh_triangles() -> list[tuple[int, int, int]]:
    """The 852 triangles of MediaPipe's tessellation, which leaves the eyes and the mouth open, and the eyes filled."""
    from mediapipe.tasks.python.vision import FaceLandmarksConnections

    edges = FaceLandmarksConnections.FACE_LANDMARKS_TESSELATION
    triangles = [(edges[i].start, edges[i + 1].start, edges[i + 2].start) for i in range(0, len(edges), 3)]
    for upper, lower in EYES:
        triangles += strip(upper, lower)
    return triangles


def strip(first: tuple[int, ...], second: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """Triangles between two rows of vertices of equal length."""
    pairs = zip(first, second, first[1:], second[1:], strict=False)
    both = [((a, b, c), (b, d, c)) for a, b, c, d in pairs]
    return [t for two in both for t in two if len(set(t)) == 3]


def face_oval() -> tuple[int, ...]:
    from mediapipe.tasks.python.vision import FaceLandmarksConnections

    following = {c.start: c.end for c in FaceLandmarksConnections.FACE_LANDMARKS_FACE_OVAL}
    row = [10]
    while (nxt := following[row[-1]]) != 10:
        row.append(nxt)
    return (*row, 10)


class Puppet:
    """One person. `rest` is the pose that makes the picture neutral, such as a photographed smile taken back."""

    def __init__(self, image: Array, landmarks: Array, rest: dict[str, float]) -> None:
        self.image, self.rest = image, rest
        self.points = landmarks[:468].copy()
        right, left = self.points[33, :2], self.points[263, :2]
        self.eye = float(np.linalg.norm(left - right))
        self.across = (left - right) / self.eye
        self.down = np.array([-self.across[1], self.across[0]])
        centred = self.points[:, :2] - self.points[13, :2]
        self.flat = np.stack([centred @ self.across, centred @ self.down], 1) / self.eye
        self.middle = float(self.flat[[61, 291], 0].mean())
        self.side = self._lip_side()
        self._add_rings()
        self._add_mouth()

    def _lip_side(self) -> Array:
        """-1 above the mouth's line, 1 below, 0 for its corners: what keeps the lips from sticking together."""
        line = self.flat[[61, 291], 1].mean()
        side = np.where(self.flat[:, 1] < line, -1, 1)
        side[list(UPPER_LIP)], side[list(LOWER_LIP)], side[list(LIP_CORNERS)] = -1, 1, 0
        return side

    def _add_rings(self) -> None:
        oval = face_oval()
        centre = self.points[list(oval[:-1])].mean(0)
        vertices, self.triangles, self.ring_of, before = [self.points], mesh_triangles(), [], oval
        for size, action, head in RINGS:
            first = sum(map(len, vertices))
            ring = tuple(range(first, first + len(oval) - 1))
            vertices.append(centre + (self.points[list(oval[:-1])] - centre) * size)
            self.ring_of += [(i, j, action, head) for i, j in zip(ring, oval[:-1], strict=True)]
            self.triangles += strip(before, (*ring, ring[0]))
            before = (*ring, ring[0])
        self.vertices = np.concatenate(vertices)

    def _add_mouth(self) -> None:
        """Photographed teeth hang from the upper lip: a row of vertices where the picture has the lower lip."""
        first = len(self.vertices)
        self.teeth = tuple(range(first, first + len(INNER_UPPER)))
        self.vertices = np.concatenate([self.vertices, self.points[list(INNER_LOWER)]])
        self.triangles += strip(INNER_UPPER, self.teeth)

    def _act(self, pose: dict[str, float]) -> Array:
        """Displacement (468, 2) across and down, in eye distances, of the muscles alone."""
        total = np.zeros((468, 2))
        for name, anchors in ACTIONS.items():
            if not (amount := pose.get(name, 0.0)):
                continue
            weights, moved = np.zeros(468), np.zeros((468, 2))
            for right, left, out, down, reach in anchors:
                for vertex, sign in ((right, -1.0), (left, 1.0)):
                    distance = np.linalg.norm(self.flat - self.flat[vertex], axis=1)
                    w = np.exp(-0.5 * (distance / reach) ** 2)
                    weights, moved = weights + w, moved + w[:, None] * np.array([sign * out, down])
            moved /= np.maximum(1.0, weights)[:, None]
            if name in BROWS:
                moved *= self._above_eyes()[:, None]
            total += amount * moved
        return total

    def _above_eyes(self) -> Array:
        """1 at the brows, 0 from the upper lids downwards: glasses and eyes stay where they are."""
        lid = self.flat[[159, 386], 1].mean()
        brow = self.flat[[52, 282], 1].mean()
        return np.asarray(np.clip((lid - self.flat[:, 1]) / (lid - brow), 0.0, 1.0))

    def _mouth(self, jaw: float, close: float) -> Array:
        """Open the jaw (0..1) and bring the photographed lips together (0..1): displacement as in `_act`."""
        half = abs(self.flat[291, 0] - self.flat[61, 0]) / 2
        line, chin = self.flat[[61, 291], 1].mean(), self.flat[152, 1]
        below = np.clip((self.flat[:, 1] - line) / (chin - line), 0.0, 1.0)
        u = np.abs(self.flat[:, 0] - self.middle) / (half * (1 + 1.3 * below))
        profile = np.clip(1 - u**2.4, 0.0, 1.0)
        moved = np.zeros((468, 2))
        moved[:, 1] = 0.20 * jaw * profile * (self.side == 1)
        above = np.exp(-(((self.flat[:, 1] - line) / 0.12) ** 2)) * (self.side == -1)
        moved[:, 1] -= 0.02 * jaw * profile * above
        for corner, inwards in ((61, 1.0), (291, -1.0)):
            near = np.exp(-0.5 * (np.linalg.norm(self.flat - self.flat[corner], axis=1) / 0.09) ** 2)
            moved += jaw * near[:, None] * np.array([0.05 * inwards, 0.055])
        for row, other, side, share in ((INNER_UPPER, INNER_LOWER, -1, 0.45), (INNER_LOWER, INNER_UPPER, 1, 0.55)):
            pulls, weights = np.zeros((468, 2)), np.zeros(468)
            for a, b in zip(row[1:-1], other[1:-1], strict=True):
                w = np.exp(-0.5 * (np.linalg.norm(self.flat - self.flat[a], axis=1) / 0.06) ** 2) * (self.side == side)
                pulls, weights = pulls + w[:, None] * (self.flat[b] - self.flat[a]), weights + w
            moved += close * share * pulls / np.maximum(1.0, weights)[:, None]
            inner = list(row[1:-1])
            moved[inner] += close * share * (self.flat[list(other[1:-1])] - self.flat[inner]) - (
                close * share * pulls[inner] / np.maximum(1.0, weights[inner])[:, None]
            )
        return moved

    def _blink(self, moved: Array, blink: float) -> None:
        for upper, lower in EYES:
            a, b = list(upper[1:-1]), list(lower[1:-1])
            gap = self.flat[b] + moved[b] - self.flat[a] - moved[a]
            moved[a] += 0.92 * blink * gap
            moved[b] -= 0.06 * blink * gap

    def _turn(self, points: Array, pose: dict[str, float]) -> Array:
        """The head turned by yaw, pitch, roll (degrees) about the neck, as displacement (n, 2) in pixels."""
        yaw, pitch, roll = (np.deg2rad(pose.get(k, 0.0)) for k in ("yaw", "pitch", "roll"))
        pivot = self.points[152] + np.array([0.0, 0.25 * self.eye, 0.6 * self.eye])
        x, y, z = (points - pivot).T
        x1, z1 = x * np.cos(yaw) + z * np.sin(yaw), z * np.cos(yaw) - x * np.sin(yaw)
        y1 = y * np.cos(pitch) - z1 * np.sin(pitch)
        turned = np.stack([x1 * np.cos(roll) - y1 * np.sin(roll), x1 * np.sin(roll) + y1 * np.cos(roll)], 1)
        return np.asarray(turned - np.stack([x, y], 1))

    def move(self, pose: dict[str, float]) -> Array:
        """Where the vertices go: (n, 2) picture pixels."""
        full = {k: pose.get(k, 0.0) + self.rest.get(k, 0.0) for k in {*pose, *self.rest}}
        full["close"] = min(1.0, max(0.0, self.rest.get("close", 0.0) * (1 - pose.get("AU12", 0.0))))
        moved = self._act(full) + self._mouth(full.get("jaw", 0.0), full["close"])
        self._blink(moved, full.get("blink", 0.0))
        shift = moved[:, :1] * self.across + moved[:, 1:] * self.down
        out = self.vertices[:, :2].copy()
        out[:468] += shift * self.eye
        for ring, source, action, _ in self.ring_of:
            out[ring] += shift[source] * self.eye * action
        turn = self._turn(self.vertices, full)
        for ring, _, _, head in self.ring_of:
            turn[ring] *= head
        out += turn
        self._hang_teeth(out)
        return out

    def _hang_teeth(self, out: Array) -> None:
        for tooth, upper, lower in zip(self.teeth, INNER_UPPER, INNER_LOWER, strict=True):
            room = float((out[lower] - out[upper]) @ self.down)
            hang = float((self.points[lower, :2] - self.points[upper, :2]) @ self.down)
            out[tooth] = out[upper] + self.down * max(0.0, min(room, hang))

    def render(self, pose: dict[str, float], view: View) -> Array:
        """The posed picture through a window: RGB, uint8, (view.height, view.width, 3); drawn at twice the size."""
        scale, size = view.scale * 2, (view.width * 2, view.height * 2)
        moved = self.move(pose)
        where = (moved - (view.left, view.top)) * scale
        drawn = self._warp(where, view, scale, size)
        self._paint_mouth(drawn, where, scale)
        self._paint_lids(drawn, where, pose.get("blink", 0.0), pose, view, scale)
        self._paint_frown(drawn, where, max(0.0, pose.get("AU4", 0.0)), scale)
        return np.asarray(cv2.resize(drawn, (view.width, view.height), interpolation=cv2.INTER_AREA))

    def _warp(self, where: Array, view: View, scale: float, size: tuple[int, int]) -> Array:
        label = np.zeros((size[1], size[0]), np.int32)
        for i in range(len(self.triangles) - 1, -1, -1):
            cv2.fillConvexPoly(label, np.round(where[list(self.triangles[i])] * 16).astype(np.int32), i + 1, shift=4)
        corners = np.array(self.triangles)
        to = np.concatenate([where[corners], np.ones((*corners.shape, 1))], 2) + np.eye(3)[None] * 1e-7
        maps = np.linalg.pinv(to) @ self.vertices[:, :2][corners]
        y, x = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float64)
        still = np.array([[1 / scale, 0.0], [0.0, 1 / scale], [view.left, view.top]])
        m = np.concatenate([still[None], maps])[label]
        at = x[..., None] * m[..., 0, :] + y[..., None] * m[..., 1, :] + m[..., 2, :]
        fields = at.astype(np.float32)
        u, v = fields[..., 0], fields[..., 1]
        return np.asarray(cv2.remap(self.image, u, v, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))

    def _paint_mouth(self, drawn: Array, where: Array, scale: float) -> None:
        """What no picture shows: the dark behind the teeth, and a hint of teeth where none were photographed."""
        lower = where[list(INNER_LOWER)][::-1]
        upper = where[list(self.teeth)]
        gap = float(np.max((lower[::-1] - upper) @ self.down)) / (scale * self.eye)
        if gap < 0.004:
            return
        fill(drawn, np.concatenate([upper, lower]), MOUTH_DARK, 1.0, 0.012 * scale * self.eye)
        if self.flat[14, 1] - self.flat[13, 1] < 0.04:
            room = (lower[::-1] - upper) @ self.down
            edge = upper + self.down * np.minimum(room * 0.45, 0.045 * self.eye * scale)[:, None]
            fill(drawn, np.concatenate([upper[2:-2], edge[2:-2][::-1]]), TEETH, 0.85, 0.006 * scale * self.eye)

    def _paint_lids(
        self, drawn: Array, where: Array, blink: float, pose: dict[str, float], view: View, scale: float
    ) -> None:
        """A closing lid shows skin that the picture hides: it is painted in the colour found under the eye."""
        if blink < 0.05:
            return
        still = (self.move({**pose, "blink": 0.0}) - (view.left, view.top)) * scale
        unit = self.eye * scale
        for upper, lower in EYES:
            x, y = np.round(still[lower[4]] + self.down * 0.07 * unit).astype(int)
            skin = np.median(drawn[y - 3 : y + 4, x - 8 : x + 9].reshape(-1, 3), axis=0)
            a, b = still[list(upper)] - self.down * 0.015 * unit, where[list(upper)]
            fill(drawn, np.concatenate([a, b[::-1]]), tuple(skin * 0.92), min(1.0, 1.2 * blink), 0.01 * unit)
            lash = np.concatenate([b - self.down * 0.008 * unit, (b + self.down * 0.012 * unit)[::-1]])
            fill(drawn, lash, (60, 38, 30), 0.8 * blink, 0.008 * unit)

    def _paint_frown(self, drawn: Array, where: Array, amount: float, scale: float) -> None:
        """The two furrows that drawn brows fold into the skin between them."""
        if amount < 0.05:
            return
        for inner, sign in ((55, 1.0), (285, -1.0)):
            top = where[inner] + (self.across * 0.055 * sign - self.down * 0.05) * self.eye * scale
            ends = np.stack([top, top + (self.down * 0.11 + self.across * 0.01 * sign) * self.eye * scale])
            wide = self.across * 0.012 * self.eye * scale
            shape = np.concatenate([ends - wide, (ends + wide)[::-1]])
            fill(drawn, shape, (95, 55, 42), 0.5 * amount, 0.018 * scale * self.eye)


def fill(image: Array, polygon: Array, colour: tuple[float, ...], strength: float, blur: float) -> None:
    """Paint a soft-edged polygon into an RGB picture, in place; `blur` is the edge's width in pixels."""
    pad = int(4 * blur) + 3
    x0, y0 = np.maximum(np.floor(polygon.min(0)).astype(int) - pad, 0)
    x1, y1 = np.ceil(polygon.max(0)).astype(int) + pad
    part = image[y0:y1, x0:x1]
    if not part.size:
        return
    mask = np.zeros(part.shape[:2], np.float32)
    cv2.fillPoly(mask, [np.round((polygon - (x0, y0)) * 16).astype(np.int32)], 1.0, shift=4)
    mask = cv2.GaussianBlur(mask, (0, 0), max(blur, 0.3))[..., None] * strength
    part[:] = np.round(part * (1 - mask) + np.array(colour, np.float32) * mask).astype(np.uint8)
