"""The small commands, and that the documentation is the one of the code."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest
from example_trace import example_trace
from test_broken_inputs import run

from emoagent.analysis import trace_json

ROOT = Path(__file__).parents[1]


def generator() -> Any:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_documented_commands_are_those_of_the_code() -> None:
    """Mend with: python docs/generate.py"""
    assert (ROOT / "docs" / "cli.md").read_text() == generator().commands()


def test_agents_are_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "agents", "--json") == 0
    found = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert {"transcript", "face", "voice", "speaker", "subtitles", "pocketsphinx", "windows"} <= set(found)
    assert found["face"]["needs"] == "faces"
    assert all(row["what it does"] for row in found.values())


def test_doctor_names_a_fix_for_every_problem(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run(monkeypatch, "doctor", "--json")
    checks = json.loads(capsys.readouterr().out)
    problems = [check for check in checks if check["state"] == "problem"]
    assert status == (5 if problems else 0)
    assert all(check["fix"] for check in problems)
    assert {"Python", "mediapipe", "profile", "face landmarks"} <= {check["name"] for check in checks}


def test_doctor_sees_a_corrupt_model(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("EMOAGENT_CACHE", str(tmp_path))
    (tmp_path / "face_landmarker.task").write_bytes(b"half a model")
    assert run(monkeypatch, "doctor", "--json") == 5
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
    assert checks["face_landmarker"]["fix"] == "emoagent models pull face_landmarker"


def test_doctor_tries_the_face_model_that_one_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    own = tmp_path / "mine.task"
    own.write_bytes(b"no model")
    monkeypatch.setenv("EMOAGENT_FACE_LANDMARKER", str(own))
    assert run(monkeypatch, "doctor", "--json") == 5
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
    assert checks["face landmarks"]["state"] == "problem"
    assert "mine.task" in checks["face landmarks"]["found"]


def test_models_without_any(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("EMOAGENT_CACHE", str(tmp_path))
    assert run(monkeypatch, "models", "list", "--json") == 0
    assert {row["state"] for row in json.loads(capsys.readouterr().out)} == {"absent"}
    assert run(monkeypatch, "models", "verify") == 5
    monkeypatch.setenv("EMOAGENT_OFFLINE", "1")
    assert run(monkeypatch, "models", "pull") == 5
    assert run(monkeypatch, "models", "pull", "no_such_model") == 2


def test_a_report_can_be_written_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "trace.json").write_bytes(trace_json(example_trace()))
    assert run(monkeypatch, "report", tmp_path) == 0
    assert "<script" in (tmp_path / "report.html").read_text()


def test_a_report_of_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "report", tmp_path / "nowhere") == 2
    (tmp_path / "trace.json").write_text('{"schema_version": "0.1"}')
    assert run(monkeypatch, "report", tmp_path) == 2
    assert "holds no trace" in capsys.readouterr().err


def test_errors_are_an_envelope_with_json(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "analyze", tmp_path / "none.mp4", "--json") == 4
    said = capsys.readouterr()
    assert said.out == ""
    envelope = json.loads(said.err.splitlines()[-1])
    assert set(envelope) == {"code", "message", "hint", "where"}
    assert envelope["code"] == "bad_media"


def test_one_bad_file_among_good_ones(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"no")
    out = tmp_path / "out"
    status = run(monkeypatch, "analyze", tmp_path / "bad.mp4", sample, "-o", out, "--agents", "transcript")
    assert status == 3
    assert (out / sample.stem / "trace.json").exists()
    assert not (out / "bad").exists()
    assert "bad.mp4" in capsys.readouterr().err


def test_settings_come_from_file_environment_and_flags(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from emoagent.settings import load_settings

    monkeypatch.chdir(tmp_path)
    (tmp_path / "emoagent.toml").write_text('policy = "face-first"\ncontext = "research"\n')
    monkeypatch.setenv("EMOAGENT_POLICY", "voice-first")
    assert load_settings().context == "research"
    assert load_settings().policy == "voice-first"
    assert load_settings(policy="report-both").policy == "report-both"


def test_the_readme_names_commands_that_exist() -> None:
    readme = (ROOT / "README.md").read_text()
    used = set(re.findall(r"emoagent ([a-z]+)", readme)) - {"import"}
    known = set(re.findall(r"^## emoagent ([a-z]+)", (ROOT / "docs" / "cli.md").read_text(), re.M))
    assert used <= known
    linked = re.findall(r"\]\(([^)#:]+)\)", readme)
    assert all((ROOT / path).exists() for path in linked), linked
