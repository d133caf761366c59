"""The agent of docs/new-agent.md, installed as a distribution of its own, is found and runs."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import wave
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
PLUGIN = ROOT / "tests" / "plugin"
RUN = """
import json, sys
from pathlib import Path
from emoagent.agents.registry import perceivers
from emoagent.schema import Span, Utterance
from emoagent.tools.media.files import probe
from emoagent.tools.workspace import Workspace, working_in

agent = {agent.name: agent for agent in perceivers()}["onset"]
path = Path(sys.argv[1])
clip = probe(path).clip
spoken = Utterance(id="u1", person="A", span=Span(start=0, end=1), text="hello", source="subtitles")
silent = Utterance(id="u2", person="A", span=Span(start=1.1, end=1.5), text="", source="subtitles")
with working_in(Workspace(path, path.parent / "run")):
    evidence = [e.model_dump(mode="json") for e in agent(clip, [spoken, silent])]
print(json.dumps({"summary": agent.summary, "evidence": evidence}))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the plug-in as installed: by pip where setuptools can build wheels without help, else by hand."""
    target = tmp_path_factory.mktemp("site")
    if importlib.util.find_spec("pip") and _builds_wheels():
        source = shutil.copytree(PLUGIN, tmp_path_factory.mktemp("source") / "plugin")
        options = ["--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check", "--quiet"]
        subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", target, source], check=True)
    else:
        shutil.copy(PLUGIN / "emoagent_onset.py", target)
        info = target / "emoagent_onset-1.0.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: emoagent-onset\nVersion: 1.0.0\n")
        (info / "entry_points.txt").write_text("[emoagent.agents]\nonset = emoagent_onset\n")
    return target


def _builds_wheels() -> bool:
    """Older versions of setuptools need another package for it."""
    try:
        return int(metadata.version("setuptools").partition(".")[0]) >= 71
    except metadata.PackageNotFoundError:
        return False


def python(installed: Path, folder: Path, *arguments: str | Path) -> str:
    path = os.pathsep.join(filter(None, [str(installed), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "COLUMNS": "200"}
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_is_found_by_its_entry_point_and_yields_evidence(installed: Path, tmp_path: Path) -> None:
    sound = tmp_path / "tone.wav"
    time = np.arange(int(1.5 * 16_000)) / 16_000
    rising = np.clip((time - 0.3) / 0.1, 0, 1) * (time < 1)
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes((9000 * rising * np.sin(2 * np.pi * 200 * time)).astype("<i2").tobytes())
    result = json.loads(python(installed, tmp_path, "-c", RUN, sound))
    assert result["summary"] == "How abruptly each utterance starts."
    (evidence,) = result["evidence"]
    assert (evidence["id"], evidence["utterance"], evidence["person"]) == ("u1.onset.1", "u1", "A")
    assert (evidence["producer"]["name"], evidence["saw_text"]) == ("onset", False)
    assert 0 < evidence["measures"]["rise"]["value"] < 0.1


def test_it_stands_in_the_list_of_agents(installed: Path, tmp_path: Path) -> None:
    listing = python(installed, tmp_path, "-c", "from emoagent.cli import main; main()", "agents")
    assert re.search(r"\bonset\b.*How abruptly each utterance starts", listing)


@pytest.mark.parametrize("name", ["emoagent_onset.py", "pyproject.toml"])
def test_the_page_shows_the_files_as_they_are(name: str) -> None:
    blocks = re.findall(r"```(?:python|toml)\n(.*?)```", (ROOT / "docs" / "new-agent.md").read_text("utf-8"), re.DOTALL)
    assert (PLUGIN / name).read_text("utf-8") in blocks
