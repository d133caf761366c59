"""What the tests share: real media where it is there, a place for models, and no network by accident."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "samples" / "dialogue.mp4"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real clips and labelled data beside the project; tests that use it skip where it is absent."""
    folder = Path(os.environ.get("EMOAGENT_SHARED", ROOT.parent / "shared"))
    if not (folder / "media").is_dir():
        pytest.skip("no shared media beside the project (set EMOAGENT_SHARED)")
    return folder


@pytest.fixture(scope="session")
def sample() -> Path:
    """The project's own dialogue: two faces, two voices, subtitles."""
    return SAMPLE
