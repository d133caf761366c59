"""An analysis as an agent asks for it: over stdio as in the documentation, with progress, cancelled, interrupted."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from conftest import ROOT
from documented import programs
from mcp import Client
from mcp_client import served

from emoagent.bridges.mcp.analysis import Stages, raised
from emoagent.bridges.mcp.results import Results
from emoagent.bridges.mcp.roots import Roots
from emoagent.errors import (
    EmoagentError,
    MediaError,
    ModelMissing,
    OutputError,
    Refused,
    ResourceLimit,
    TranscriptError,
    UsageError,
)
from emoagent.run_progress import INTERRUPTED, progress_of
from emoagent.settings import load_settings

WORDS = {"agents": ["transcript"]}


def test_the_documented_program_runs_over_stdio(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (program,) = programs("integrations/mcp.md")
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("HOME", str(tmp_path))  # where the server keeps its results
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    exec(compile(program, "mcp.md", "exec"), {"__name__": "__main__"})
    told = capsys.readouterr().out
    assert "tools: analyze_media analyze_turn get_timeline get_evidence explain_label" in told
    assert "9.0 of 9.0: audit: done" in told
    assert "Grace 8.185 Stop it! You broke my computer! anger" in told
    assert "u4.voice.1 Pitch is" in told
    assert told.count("emoagent://results/") == 3
    assert list(tmp_path.rglob("trace.json"))


def test_the_same_again_is_the_same_result_at_once(brief: Path, tmp_path: Path) -> None:
    notices: list[tuple[float, float | None]] = []

    async def told(progress: float, total: float | None, message: str | None) -> None:
        notices.append((progress, total))

    async def scenario(client: Client) -> None:
        given: dict[str, Any] = {"path": str(brief), **WORDS}
        first: Any = await client.call_tool("analyze_media", given, progress_callback=told)
        assert [entry["utterance"] for entry in first.structured_content["timeline"]["entries"]] == ["u1", "u2", "u3"]
        assert notices == sorted(notices)
        assert notices[-1] == (8.0, 8.0)
        before = len(notices)
        again: Any = await client.call_tool("analyze_media", given, progress_callback=told)
        assert again.structured_content == first.structured_content
        assert len(notices) == before
        (name,) = Results(tmp_path, Roots([])).names()
        assert first.structured_content["result"] == name
        assert Results(tmp_path, Roots([])).place(brief, load_settings(agents="transcript"))[0] == name
        assert Results(tmp_path, Roots([])).place(brief, load_settings(mode="offline"))[0] != name

    served(scenario, [brief.parent], tmp_path)


def test_a_call_that_is_cancelled_stops_the_analysis_and_the_next_goes_on(sample: Path, tmp_path: Path) -> None:
    async def scenario(client: Client) -> Path:
        begun = anyio.Event()

        async def told(progress: float, total: float | None, message: str | None) -> None:
            if progress > 2:  # in the middle of watching
                begun.set()

        async with anyio.create_task_group() as group:

            async def call() -> None:
                await client.call_tool("analyze_media", {"path": sample.name}, progress_callback=told)

            group.start_soon(call)
            await begun.wait()
            group.cancel_scope.cancel()
        (folder,) = [each for each in tmp_path.iterdir() if each.is_dir()]
        with anyio.fail_after(60):
            while (found := progress_of(folder)) is not None and found["failed"] is None:
                await anyio.sleep(0.05)
        return folder

    folder = served(scenario, [sample.parent], tmp_path)  # the child ends with its stdin, as when the server is killed
    assert (progress_of(folder) or {})["failed"] == INTERRUPTED
    assert not (folder / "trace.json").exists()


@pytest.mark.parametrize(
    "kind", [MediaError, TranscriptError, Refused, ResourceLimit, ModelMissing, UsageError, OutputError]
)
def test_an_error_of_the_child_is_the_same_error_here(kind: type[EmoagentError]) -> None:
    there = kind("what happened", hint="what to do", where="clip.mp4")
    here = raised(json.loads(json.dumps(there.envelope())))
    assert type(here) is kind
    assert here.envelope() == there.envelope()


def test_what_nobody_expected_there_is_told_by_its_code() -> None:
    here = raised({"code": "internal", "message": "KeyError: 'x'", "hint": "", "where": ""})
    assert isinstance(here, EmoagentError)
    assert (here.code, here.message) == ("internal", "KeyError: 'x'")


def test_what_is_heard_of_a_run_becomes_a_count_of_stages() -> None:
    stages = Stages()
    for message in ({"plan": 9}, {"stage": "probe", "took": 0.2}, {"duration": 10.0}):
        stages.hear(message)
    assert (stages.value, stages.plan) == (1.0, 9)
    assert stages.hear({"stage": "voice", "at": 5.0}) == "voice: 0:05.0 of 0:10.0"
    assert stages.value == 1.5
    stages.hear({"stage": "voice", "at": 2.0})
    assert stages.value == 1.5
    assert stages.hear({"stage": "face", "fetched": 3e6, "of": 9e6}) == "face: fetching a model file, 3 MB"
    stages.hear({"stage": "judge", "at": 0.0})  # whatever was planned before it is through
    assert stages.value == 7.0
    stages.hear({"stage": "audit", "took": 1.0})
    assert stages.value == 9.0
