"""The faces of the current run's clip: tracked once, kept in the workspace, read by whoever needs them."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import ModelMissing
from emoagent.schema import Clip, Model
from emoagent.tools.sight.face_detector import FaceDetector
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.workspace import workspace


def faces_of(clip: Clip) -> FaceSeries:
    """All faces of the clip; the first call tracks them. Ask for it only where `clip.video` is not `None`.

    Raises `ModelMissing` if there is no landmark model, `MediaError` if the pictures cannot be decoded.
    """
    return FaceSeries.load(workspace().derived("faces.npz", lambda path: _track(clip).save(path)))


def landmark_model() -> Model:
    """The landmark model that `faces_of` uses, for the provenance of the run. May fetch it, as `faces_of` does."""
    from emoagent.tools.progress import tell_fetched
    from emoagent.tools.weights.assets import face_landmarker

    return face_landmarker(tell_fetched).model()


def detector_model() -> Model:
    """The model for distant faces, as `landmark_model`; without it, `faces_of` finds the near ones."""
    from emoagent.tools.progress import tell_fetched
    from emoagent.tools.weights.assets import face_detector

    return face_detector(tell_fetched).model()


def _track(clip: Clip) -> FaceSeries:
    """One pass for faces and hands; `hands.npz` is written first, and `faces.npz` ends the work."""
    from emoagent.tools.background import Background
    from emoagent.tools.media.audio import audio_of
    from emoagent.tools.media.files import read_frames
    from emoagent.tools.media.frame_plan import FramePlan
    from emoagent.tools.progress import tell
    from emoagent.tools.sight.face_search import reduced
    from emoagent.tools.sight.face_tracker import FaceTracker
    from emoagent.tools.sight.hand_tracker import HandTracker
    from emoagent.tools.sight.landmarker import Landmarker
    from emoagent.tools.weights.assets import face_landmarker

    asset = face_landmarker()
    with Landmarker(asset.path) as landmarker, _detector() as detector, HandTracker() as hands, Background() as aside:
        plan = FramePlan(audio_of(clip) if clip.audio is not None else None)
        tracker = FaceTracker(landmarker, detector, plan, asset=asset.name)
        for time, rgb in read_frames(clip):
            tracker.add(time, rgb)
            if tracker.following:
                aside.do(partial(hands.add, time, reduced(rgb)[0]))
            tell(time)
        aside.finish()
        hands.series().save(workspace().folder / "work" / "hands.npz")
        return replace(tracker.series(), alike=_alike(tracker.similar()))


def _detector() -> FaceDetector | nullcontext[None]:
    """The detector of distant faces; none where its file cannot be had, for the landmarker finds the near ones too."""
    from emoagent.tools.progress import tell_fetched
    from emoagent.tools.weights.assets import face_detector

    try:
        return FaceDetector(face_detector(tell_fetched).path)
    except ModelMissing:
        return nullcontext()


def _alike(groups: list[list[int]]) -> NDArray[np.int32]:
    of = {track: number for number, tracks in enumerate(groups) for track in tracks}
    return np.array([of[track] for track in sorted(of)], np.int32)
