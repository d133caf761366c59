"""Poses, places and lines of sight as OpenFace tells them: x to the right, y down, z away from the camera.

OpenFace 2 turns a head by Rx · Ry · Rz (radians; pitch > 0: chin down; yaw > 0: to the left side of the picture;
roll > 0: clockwise) and guesses the camera: focal length 500 pixels for a picture of 640 × 480.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

FACE_HEIGHT = 177.0  # millimetres from the hairline to the chin of MediaPipe's canonical face
FAR_SIDE = np.array([1.0, -1.0, -1.0])  # from y up and z towards the camera to OpenFace's axes, and back


def rotations(pose: ArrayLike) -> Floats:
    """(n, 3, 3) in OpenFace's axes, from (n, 3) yaw, pitch, roll in degrees as in `face_geometry.head_pose`."""
    yaw, pitch, roll = np.radians(np.asarray(pose, np.float64)).T
    turn = _about(1, yaw) @ _about(0, -pitch) @ _about(2, -roll)
    return np.asarray(turn * FAR_SIDE[:, None] * FAR_SIDE, np.float64)


def angles(rotation: Floats) -> Floats:
    """(n, 3) Rx, Ry, Rz in radians with Rx · Ry · Rz = `rotation` (n, 3, 3)."""
    about_y = np.arcsin(np.clip(rotation[:, 0, 2], -1, 1))
    about_x = np.arctan2(-rotation[:, 1, 2], rotation[:, 2, 2])
    about_z = np.arctan2(-rotation[:, 0, 1], rotation[:, 0, 0])
    return np.stack([about_x, about_y, about_z], axis=1)


def places(box: ArrayLike, width: int, height: int) -> Floats:
    """(n, 3) millimetres from the camera to the middle of each face, as if all faces were equally tall.

    `box`: (n, 4) x, y, width, height as fractions of a picture of `width` × `height` pixels."""
    x, y, w, h = np.asarray(box, np.float64).T
    focal = (500 * width / 640 + 500 * height / 480) / 2
    depth = focal * FACE_HEIGHT / (h * height)
    across, down = (x + w / 2 - 0.5) * width, (y + h / 2 - 0.5) * height
    return np.stack([across * depth / focal, down * depth / focal, depth], axis=1)


def sight(gaze: ArrayLike, rotation: Floats) -> Floats:
    """(n, 3) unit vectors of the line of sight, from (n, 2) degrees of the eyes in the head (right side of the picture,
    up) and the head's rotation (n, 3, 3)."""
    right, up = np.tan(np.radians(np.asarray(gaze, np.float64))).T
    direction = np.stack([right, -up, np.full_like(right, -1.0)], axis=1)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    return np.asarray(np.einsum("nij,nj->ni", rotation, direction), np.float64)


def sight_angles(direction: Floats) -> Floats:
    """(n, 2) radians: right side of the picture > 0, down > 0; 0, 0 looks into the camera."""
    x, y, z = direction.T
    return np.stack([np.arctan2(x, -z), np.arctan2(y, -z)], axis=1)


def _about(axis: int, angle: Floats) -> Floats:
    first, second = (i for i in range(3) if i != axis)
    matrix = np.tile(np.eye(3), (len(angle), 1, 1))
    sign = -1.0 if axis == 1 else 1.0
    matrix[:, first, first] = matrix[:, second, second] = np.cos(angle)
    matrix[:, first, second], matrix[:, second, first] = -sign * np.sin(angle), sign * np.sin(angle)
    return matrix
