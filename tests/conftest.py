"""What the tests share: real media where it is there, a place for models, and no network by accident."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from emoagent.schema import Trace

if "PYTEST_XDIST_WORKER" in os.environ:  # one worker a core: threads of libraries would only wait for each other
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")

if importlib.util.find_spec("hypothesis"):  # the environments of some integration tests do without it
    from hypothesis import settings

    settings.load_profile("ci")  # always the same examples, none timed; `--hypothesis-profile default` searches on

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "samples" / "dialogue.mp4"
BRIEF = 8.0  # seconds


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes many seconds is for those who ask for it."""
    if not os.environ.get("EMOAGENT_TEST_SLOW"):
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip("takes many seconds (set EMOAGENT_TEST_SLOW=1)"))


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
    import pysubs2

    target = shortened(SAMPLE, tmp_path_factory.mktemp("brief") / SAMPLE.name, BRIEF)
    cues = pysubs2.load(str(SAMPLE.with_suffix(".srt")))
    cues.events = [cue for cue in cues if cue.end <= BRIEF * 1000]
    cues.save(str(target.with_suffix(".srt")))
    return target


def shortened(source: Path, target: Path, seconds: float) -> Path:
    """The beginning of a clip, not coded anew."""
    import av

    with av.open(str(source)) as media, av.open(str(target), "w") as out:
        copies = {stream.index: out.add_stream_from_template(stream) for stream in media.streams}
        for packet in media.demux():
            if packet.dts is not None and packet.pts is not None and float(packet.pts * packet.time_base) < seconds:
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
    return target


@pytest.fixture(scope="session")
def sampled(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Trace, Path]:
    """The sample as it is analysed, once for all tests that only look at it, and the folder of the result."""
    from emoagent import analyze

    out = tmp_path_factory.mktemp("sampled") / "out"
    return analyze(sample, out), out


@pytest.fixture(scope="session")
def briefed(brief: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What the command says on stdout of the beginning of the sample, by `--json`, and the folder of the result."""
    out = tmp_path_factory.mktemp("briefed") / "out"
    command = [sys.executable, "-P", "-m", "emoagent", "analyze", str(brief), "--json", "-o", str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout, out
