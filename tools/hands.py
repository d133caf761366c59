"""The hands of the current run's clip: found in the same pass as the faces, kept in the workspace."""

from __future__ import annotations

from emoagent.schema import Clip, Model
from emoagent.tools.faces import faces_of
from emoagent.tools.hand_series import HandSeries
from emoagent.tools.workspace import workspace


def hands_of(clip: Clip) -> HandSeries:
    """All hands of the clip. Ask for it only where `clip.video` is not `None`; raises as `faces_of` does.

    Where the hand model cannot be had nothing is raised: nothing was searched, and `reason` says why.
    """
    faces_of(clip)
    path = workspace().folder / "work" / "hands.npz"
    return HandSeries.load(path) if path.exists() else HandSeries.empty("the clip was watched before hands were")


def hand_model() -> Model | None:
    """The hand landmark model that `hands_of` uses, for the provenance of the run; `None` where it cannot be had."""
    from emoagent.errors import ModelMissing, ResourceLimit
    from emoagent.tools.assets import hand_landmarker

    try:
        asset = hand_landmarker()
    except (ModelMissing, ResourceLimit):
        return None
    return Model(name=asset.name, sha256=asset.sha256, licence=asset.licence, source=asset.source)
