"""The hands of the current run's clip: found in the same pass as the faces, kept in the workspace."""

from __future__ import annotations

from emoagent.schema import Clip
from emoagent.tools.faces import faces_of
from emoagent.tools.hand_series import HandSeries
from emoagent.tools.workspace import workspace


def hands_of(clip: Clip) -> HandSeries:
    """All hands of the clip. Ask for it only where `clip.video` is not `None`; raises as `faces_of` does."""
    faces_of(clip)
    path = workspace().folder / "work" / "hands.npz"
    return HandSeries.load(path) if path.exists() else HandSeries.empty()
