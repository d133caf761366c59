"""What the tests share: real media where it is there, a place for models, and no network by accident."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "samples" / "dialogue.mp4"
BRIEF = 8.0  # seconds


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


@pytest.fixture(scope="session")
def brief(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first eight seconds of the sample, three utterances, for tests that analyse it many times."""
    import av
    import pysubs2

    target = tmp_path_factory.mktemp("brief") / SAMPLE.name
    with av.open(str(SAMPLE)) as source, av.open(str(target), "w") as out:
        copies = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None and packet.pts is not None and float(packet.pts * packet.time_base) < BRIEF:
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
    cues = pysubs2.load(str(SAMPLE.with_suffix(".srt")))
    cues.events = [cue for cue in cues if cue.end <= BRIEF * 1000]
    cues.save(str(target.with_suffix(".srt")))
    return target
