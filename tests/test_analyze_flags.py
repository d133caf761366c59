"""Every flag of `analyze` that names a setting reaches it, and beats the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from emoagent.cli import app
from emoagent.settings import Settings

FLAGS = {
    "--profile": ("profile", "server"),
    "--transcript": ("transcript", "windows"),
    "--language": ("language", "de"),
    "--policy": ("policy", "report-both"),
    "--mode": ("mode", "offline"),
    "--context": ("context", "research"),
    "--reasoner-url": ("reasoner_url", "http://localhost:8000/v1"),
    "--reasoner-model": ("reasoner_model", "qwen"),
    "--adapter": ("adapter", "emotions"),
    "--vision-url": ("vision_url", "http://localhost:8001/v1"),
    "--vision-model": ("vision_model", "qwen-vl"),
    "--captions": ("captions", "bemerc"),
}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    seen = list[Settings]()

    def run(files: list[Path], out: Path | None, settings: Settings, **others: Any) -> int:
        seen.append(settings)
        return 0

    monkeypatch.setattr("emoagent.commands.analyze.run", run)
    return seen


@pytest.mark.parametrize("flag", FLAGS)
def test_a_flag_reaches_its_setting(flag: str, told: list[Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    name, value = FLAGS[flag]
    if (usual := getattr(Settings(), name)) is not None:
        monkeypatch.setenv(f"EMOAGENT_{name.upper()}", str(usual))
    assert CliRunner().invoke(app, ["analyze", "a.mp4", flag, value]).exit_code == 0
    assert getattr(told[0], name) == value


def test_without_flags_the_environment_counts(told: list[Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOAGENT_REASONER_MODEL", "qwen")
    monkeypatch.setenv("EMOAGENT_ABLATE", "true")
    CliRunner().invoke(app, ["analyze", "a.mp4"])
    assert (told[0].reasoner_model, told[0].ablate) == ("qwen", True)


def test_ablate(told: list[Settings]) -> None:
    CliRunner().invoke(app, ["analyze", "a.mp4", "--ablate"])
    CliRunner().invoke(app, ["analyze", "a.mp4"])
    assert [settings.ablate for settings in told] == [True, False]
