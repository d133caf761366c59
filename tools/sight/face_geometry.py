"""Distances on a face that facial muscles change, measured in the face's own frame, and the pose of the head.

The landmarks are turned and scaled onto the rigid points of a canonical face (weighted Procrustes fit; the points come
from MediaPipe's canonical face model, Apache-2.0), so that head pose and distance drop out as far as the landmarks'
own depth allows. Works with 468 and with 478 points. Sides are the person's own: their left eye is to the right in
the picture of somebody who faces the camera.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from emoagent.errors import EmoagentError

Points = NDArray[np.float64]

# Skull-bound landmarks: index -> (x, y, z in canonical units, weight). x to the person's left, y up, z out of the face.
_RIGID = {
    33: (-4.446, 2.664, 3.173, 1.0),
    133: (-1.856, 2.585, 3.758, 1.0),
    362: (1.856, 2.585, 3.758, 1.0),
    263: (4.446, 2.664, 3.173, 1.0),
    168: (0.000, 3.271, 5.236, 1.0),
    6: (0.000, 2.473, 5.789, 1.0),
    197: (0.000, 1.728, 6.317, 0.7),
    195: (0.000, 1.059, 6.775, 0.5),
    5: (0.000, 0.366, 7.243, 0.5),
    4: (0.000, -0.463, 7.587, 0.5),
    127: (-7.743, 2.365, -2.005, 0.5),
    356: (7.743, 2.365, -2.005, 0.5),
    162: (-7.556, 4.107, -0.992, 0.3),
    389: (7.556, 4.107, -0.992, 0.3),
    54: (-6.279, 6.615, 1.426, 0.3),
    284: (6.279, 6.615, 1.426, 0.3),
    10: (0.000, 8.262, 4.482, 0.3),
}
_INTEROCULAR = 8.892  # outer eye corner to outer eye corner on the canonical face: the unit of every distance
_INDEX = np.array(list(_RIGID))
_MODEL: Points = np.array(list(_RIGID.values()))[:, :3] / _INTEROCULAR
_WEIGHT: Points = np.array(list(_RIGID.values()))[:, 3]
_WEIGHT /= _WEIGHT.sum()
_MODEL_CENTRE: Points = _WEIGHT @ _MODEL

# Named places, each the mean of a few landmarks.
_PLACES: dict[str, tuple[int, ...]] = {
    "inner_brow_right": (55, 107, 65),
    "inner_brow_left": (285, 336, 295),
    "outer_brow_right": (46, 70, 53, 63),
    "outer_brow_left": (276, 300, 283, 293),
    "eye_outer_right": (33,),
    "eye_inner_right": (133,),
    "eye_outer_left": (263,),
    "eye_inner_left": (362,),
    "upper_lid_right": (158, 159, 160),
    "lower_lid_right": (153, 145, 144),
    "upper_lid_left": (385, 386, 387),
    "lower_lid_left": (380, 374, 373),
    "cheek_right": (50, 101, 118),
    "cheek_left": (280, 330, 347),
    "ala_right": (129, 64, 98),
    "ala_left": (358, 294, 327),
    "nose_base": (2, 97, 326),
    "upper_lip_top": (0, 37, 267),
    "upper_lip_inner": (13, 82, 312),
    "lower_lip_inner": (14, 87, 317),
    "lower_lip_bottom": (17, 84, 314),
    "lip_corner_right": (61, 78),
    "lip_corner_left": (291, 308),
    "chin_boss": (199, 200),
    "chin": (152, 148, 377),
}
_FLAT = np.array([i for group in _PLACES.values() for i in group])
_STARTS = np.cumsum([0, *(len(group) for group in _PLACES.values())])[:-1]
_COUNTS = np.array([len(group) for group in _PLACES.values()])[:, None]

FEATURES: tuple[str, ...] = (
    "inner_brow_right", "inner_brow_left",    # height over the eye's corners
    "outer_brow_right", "outer_brow_left",    # height over the eye's corners
    "brow_gap",                               # between the inner ends of the brows
    "eye_aperture_right", "eye_aperture_left",  # between the lids
    "upper_lid_right", "upper_lid_left",      # height over the eye's corners
    "lower_lid_right", "lower_lid_left",      # height over the eye's corners (negative)
    "cheek_right", "cheek_left",              # height of the front of the cheek
    "nose_wing_right", "nose_wing_left",      # height of the nose wing
    "nose_width",                             # between the nose wings
    "upper_lip_raise",                        # height of the upper lip's edge towards the nose (negative)
    "lip_corner_height_right", "lip_corner_height_left",
    "lip_corner_curl_right", "lip_corner_curl_left",      # height over the middle of the mouth
    "lip_corner_spread_right", "lip_corner_spread_left",  # distance from the mid-line of the face
    "lip_corner_depth_right", "lip_corner_depth_left",    # out of the face
    "mouth_width",                            # corner to corner
    "lip_aperture",                           # between the inner edges of the lips
    "lip_aperture_outer",                     # between the outer edges of the lips
    "upper_lip_thickness", "lower_lip_thickness",  # the visible red; small when lips are pressed
    "lip_protrusion",                         # of the lips' middle over the corners, out of the face
    "lower_lip_height",                       # of its lower edge
    "jaw_drop",                               # nose base to chin
    "chin_raise",                             # height of the chin boss over the chin's edge
    "chin_lip_gap",                           # lower lip's edge to chin boss; small when the chin is pushed up
)  # fmt: skip


def measure(landmarks: ArrayLike) -> NDArray[np.float32]:
    """The distances named in `FEATURES`, (35,) float32; the unit is the distance between the outer eye corners.

    `landmarks`: (N ≥ 468, 3) MediaPipe face mesh in pixels: x right, y down, z away from the camera (z · image width).
    All NaN where the landmarks are not finite or fall into one point. Raises `EmoagentError` for a wrong shape.
    """
    fit = _fit(_camera_frame(landmarks))
    if fit is None:
        return np.full(len(FEATURES), np.nan, np.float32)
    rotation, scale, centre, points = fit
    face = (points[_FLAT] - centre) @ rotation / scale + _MODEL_CENTRE
    means = np.add.reduceat(face, _STARTS) / _COUNTS
    place = dict(zip(_PLACES, means, strict=True))
    values = {**_upper_face(place), **_mouth(place)}
    return np.array([values[name] for name in FEATURES], np.float32)


def head_pose(landmarks: ArrayLike) -> NDArray[np.float32]:
    """Yaw, pitch and roll of the head in degrees, (3,) float32; 0, 0, 0 faces the camera upright.

    Yaw > 0: turned to the right side of the picture (the person's own left). Pitch > 0: chin up. Roll > 0: the top of
    the head leans to the right side of the picture. NaN as in `measure`; landmarks as in `measure`.
    """
    fit = _fit(_camera_frame(landmarks))
    if fit is None:
        return np.full(3, np.nan, np.float32)
    rotation = fit[0]
    nose = rotation[:, 2]
    yaw = np.arctan2(nose[0], nose[2])
    pitch = np.arcsin(np.clip(nose[1], -1, 1))
    roll = -np.arctan2(rotation[1, 0], rotation[1, 1])
    return np.degrees([yaw, pitch, roll]).astype(np.float32)


def _camera_frame(landmarks: ArrayLike) -> Points:
    points = np.asarray(landmarks, np.float64)
    if points.ndim != 2 or points.shape[0] < 468 or points.shape[1] != 3:
        raise EmoagentError(
            f"face landmarks of shape {points.shape} cannot be measured",
            hint="pass all points of the MediaPipe face mesh, shape (468 or 478, 3)",
        )
    return points * (1.0, -1.0, -1.0)


def _fit(points: Points) -> tuple[Points, float, Points, Points] | None:
    """Rotation (canonical to camera), scale, weighted centre and the points, by weighted Procrustes (Kabsch 1976)."""
    rigid = points[_INDEX]
    if not np.isfinite(rigid).all():
        return None
    centre = _WEIGHT @ rigid
    model, seen = _MODEL - _MODEL_CENTRE, rigid - centre
    u, spread, vt = np.linalg.svd((seen * _WEIGHT[:, None]).T @ model)
    flip = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    scale = float((spread * flip).sum() / (_WEIGHT @ (model**2).sum(axis=1)))
    if scale <= 1e-9:
        return None
    return (u * flip) @ vt, scale, centre, points


def _upper_face(at: dict[str, Points]) -> dict[str, float]:
    values = {"brow_gap": _distance(at["inner_brow_left"], at["inner_brow_right"])}
    for side in ("right", "left"):
        level = (at[f"eye_outer_{side}"][1] + at[f"eye_inner_{side}"][1]) / 2
        values[f"eye_aperture_{side}"] = _distance(at[f"upper_lid_{side}"], at[f"lower_lid_{side}"])
        for place in ("inner_brow", "outer_brow", "upper_lid", "lower_lid", "cheek"):
            values[f"{place}_{side}"] = at[f"{place}_{side}"][1] - level
        values[f"nose_wing_{side}"] = at[f"ala_{side}"][1] - level
    values["nose_width"] = _distance(at["ala_left"], at["ala_right"])
    return values


def _mouth(at: dict[str, Points]) -> dict[str, float]:
    right, left = at["lip_corner_right"], at["lip_corner_left"]
    top, bottom, base = at["upper_lip_top"], at["lower_lip_bottom"], at["nose_base"]
    middle = (at["upper_lip_inner"] + at["lower_lip_inner"]) / 2
    values = {
        "upper_lip_raise": top[1] - base[1],
        "mouth_width": _distance(right, left),
        "lip_aperture": _distance(at["upper_lip_inner"], at["lower_lip_inner"]),
        "lip_aperture_outer": _distance(top, bottom),
        "upper_lip_thickness": _distance(top, at["upper_lip_inner"]),
        "lower_lip_thickness": _distance(bottom, at["lower_lip_inner"]),
        "lip_protrusion": middle[2] - (right[2] + left[2]) / 2,
        "lower_lip_height": bottom[1],
        "jaw_drop": base[1] - at["chin"][1],
        "chin_raise": at["chin_boss"][1] - at["chin"][1],
        "chin_lip_gap": _distance(bottom, at["chin_boss"]),
    }
    for side, corner in (("right", right), ("left", left)):
        values[f"lip_corner_height_{side}"] = corner[1]
        values[f"lip_corner_curl_{side}"] = corner[1] - middle[1]
        values[f"lip_corner_spread_{side}"] = abs(corner[0])
        values[f"lip_corner_depth_{side}"] = corner[2]
    return values


def _distance(a: Points, b: Points) -> float:
    return float(np.linalg.norm(a - b))
