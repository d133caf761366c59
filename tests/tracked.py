"""Faces for tests: a still canonical face in any pose, series made of features, and real clips tracked for real."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.media.audio import Audio
from emoagent.tools.sight import face_geometry
from emoagent.tools.sight.action_unit_table import BLENDSHAPES, UNITS
from emoagent.tools.sight.face_geometry import FEATURES
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.workspace import Workspace, working_in

FPS = 12.5
Floats = NDArray[np.float64]


def mesh(seed: int = 0) -> Floats:
    """468 points in the camera's frame, the rigid ones where the canonical face has them, in units of an eye span."""
    points = np.random.default_rng(seed).normal(0, 0.3, (468, 3))
    points[face_geometry._INDEX] = face_geometry._MODEL
    return points * (1, -1, -1)


def turned(points: Floats, yaw: float, pitch: float, roll: float) -> Floats:
    """The points turned as `head_pose` counts, then scaled and moved."""
    y, p, r = np.radians([yaw, -pitch, -roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    flip = np.array([1, -1, -1])
    return np.asarray((points * flip) @ (about_y @ about_x @ about_z).T * flip * 120 + (300, 200, 0), np.float64)


def rest_features() -> Floats:
    """(F,) features of a face at which every unit of the table rests, in the least-squares sense."""
    from emoagent.tools.sight.action_unit_table import FEATURE_DRIVERS

    means = np.array([unit.geometry.mean for unit in UNITS])
    return np.asarray(np.linalg.lstsq(FEATURE_DRIVERS.T, means, rcond=None)[0], np.float64)


def series_of(features: Floats, track: Sequence[int] | None = None, start: float = 0.0) -> FaceSeries:
    """A frontal series with (n, F) features at `FPS`, and blendshapes at the population's rest."""
    n = len(features)
    shapes = np.zeros((n, len(BLENDSHAPES)))
    for unit in UNITS:
        for name in unit.shapes.weights if unit.shapes else ():
            at = [i for i, shape in enumerate(BLENDSHAPES) if shape in (name, f"{name}Left", f"{name}Right")]
            shapes[:, at] = unit.shapes.mean if unit.shapes else 0
    time = start + np.arange(n) / FPS
    return FaceSeries(
        time=time,
        track=np.asarray(track if track is not None else np.zeros(n), np.int32),
        box=np.tile(np.array([0.3, 0.2, 0.3, 0.5], np.float32), (n, 1)),
        quality=np.ones(n, np.float32),
        pose=np.zeros((n, 3), np.float32),
        features=features.astype(np.float32),
        blendshapes=shapes.astype(np.float32),
        gaze=np.full((n, 2), np.nan, np.float32),
        factors=np.ones((n, 4), np.float32),
        frames=np.unique(time),
        cuts=np.zeros(0),
        asset="made for a test",
    )


def column(name: str) -> int:
    return FEATURES.index(name)


@cache
def watch(path: Path, model: Path) -> FaceSeries:
    """The faces of a real clip, by the real tracker."""
    from emoagent.tools.media.files import probe, read_frames
    from emoagent.tools.sight.face_tracker import FaceTracker
    from emoagent.tools.sight.landmarker import Landmarker

    clip = probe(path).clip
    with working_in(Workspace(path, path.parent)), Landmarker(model) as landmarker:
        tracker = FaceTracker(landmarker, asset=model.name)
        for time, rgb in read_frames(clip):
            tracker.add(time, rgb)
        return tracker.series()


def listen(path: Path, folder: Path) -> Audio:
    """The sound of a real clip, decoded into `folder`."""
    from emoagent.tools.media.files import extract_audio, probe

    target = folder / f"{path.stem}.s16"
    extract_audio(path, target, probe(path).clip)
    return Audio(target)
