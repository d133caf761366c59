"""The hands of the current run's clip: found in the same pass as the faces, kept in the workspace."""

from __future__ import annotations

from emoagent.schema import Clip, Model
from emoagent.tools.sight.faces import faces_of
from emoagent.tools.sight.hand_series import HandSeries
from emoagent.tools.workspace import workspace


def hands_of(clip: Clip) -> HandSeries:
    """All hands of the clip. Ask for it only where `clip.video` is not `None`; raises as `faces_of` does.

    Where the hand model cannot be had nothing is raised: nothing was searched, and `reason` says why.
    """
    faces_of(clip)
    path = workspace().folder / "work" / "hands.npz"
    return HandSeries.load(path) if path.exists() else HandSeries.empty("the clip was watched before hands were")


def hand_model() -> Model:
    """The hand landmark model that `hands_of` uses, for the provenance of the run. May fetch it.

    Raises `ModelMissing` where it cannot be had; `hands_of` then finds no hands.
    """
    from emoagent.tools.progress import tell_fetched
    from emoagent.tools.weights.assets import hand_landmarker

    return hand_landmarker(tell_fetched).model()
