"""An interrupted run goes on where it stopped, and gives the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from report_page import read

from emoagent.run_folder import RESULTS, RunFolder

pytestmark = pytest.mark.real


def start(brief: Path, out: Path, *more: str, start_new_session: bool = False) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "emoagent", "analyze", str(brief), "-o", str(out), *more]
    return subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=start_new_session
    )


def finish(brief: Path, out: Path, *more: str) -> str:
    process = start(brief, out, *more)
    _, said = process.communicate(timeout=240)
    assert process.returncode == 0, said
    return said


def results(folder: Path) -> dict[str, Any]:
    """What must be the same however often a run was interrupted: the trace, its series and what the page is given,
    but for the way from the folder to the clip."""
    page = read(folder / "report.html")
    kept = {name: (folder / name).read_bytes() for name in ("trace.json", "work/voice.npz", "work/peaks.json")}
    return {**kept, "payload": page.payload | {"video": None}, "pictures": page.pictures}


@pytest.fixture(scope="module")
def expected(briefed: tuple[str, Path]) -> dict[str, Any]:
    return results(briefed[1])


@pytest.mark.slow
def test_killed_after_one_stage_after_the_other_and_resumed(
    brief: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for stage in ("probe", "hear", "watch", "voice", "opine"):
        process = start(brief, out, *(() if stage == "probe" else ("--resume",)))
        assert process.stderr is not None
        reached = any(line.startswith(f"  {stage}:") for line in process.stderr)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert reached, stage
    said = finish(brief, out, "--resume")
    assert results(out) == expected
    assert not (out / ".unfinished").exists()
    assert "  watch:" not in said


def test_killed_in_the_middle_of_watching(brief: Path, expected: dict[str, Any], tmp_path: Path) -> None:
    process = start(brief, tmp_path / "out")
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("  hear:"):
            break
    time.sleep(0.5)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    finish(brief, tmp_path / "out", "--resume")
    assert results(tmp_path / "out") == expected


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_watching(
    number: signal.Signals, brief: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    """As by Ctrl-C, which a terminal sends to the children too: it stops and leaves no fault behind."""
    process = start(brief, tmp_path / "out", start_new_session=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("  hear:"):
            break
    time.sleep(0.5)
    os.killpg(process.pid, number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--resume" in said
    assert "Traceback" not in said
    if number == signal.SIGTERM:
        return  # both end the same way: what follows is done for one of them
    finish(brief, tmp_path / "out", "--resume")
    assert results(tmp_path / "out") == expected


@pytest.mark.parametrize("moved", range(len(RESULTS)))
def test_killed_while_results_are_moved_into_place(moved: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = RunFolder(tmp_path / "out", {"sha256": "1"})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "trace.json").write_text("old")
    work = folder.open(resume=False)
    for name in RESULTS:
        if name in ("media", "work"):
            (work / name).mkdir()
            (work / name / "file").write_text("new")
        else:
            (work / name).write_text("new")
    real, calls = os.replace, list[Path]()

    def replace(source: Path, target: Path) -> None:
        if Path(target).name in RESULTS:
            calls.append(target)
            if len(calls) > moved:
                raise KeyboardInterrupt
        real(source, target)

    monkeypatch.setattr("os.replace", replace)
    with pytest.raises(KeyboardInterrupt):
        folder.finish()
    monkeypatch.setattr("os.replace", real)
    assert folder.finishing()
    folder.finish()
    assert folder.finished()
    assert (tmp_path / "out" / "trace.json").read_text() == "new"
    assert (tmp_path / "out" / "media" / "file").read_text() == "new"


def test_a_new_run_first_completes_one_that_was_killed_while_it_was_moved(tmp_path: Path) -> None:
    """Else the folder would keep a mixture of two runs if the new one fails."""
    folder = RunFolder(tmp_path, {"sha256": "1"})
    work = folder.open(resume=False)
    (work / "trace.json").write_text("complete")
    (work / ".moving").write_text("trace.json")
    other = RunFolder(tmp_path, {"sha256": "2"})
    other.open(resume=False)
    other.discard()
    assert folder.finished()
    assert (tmp_path / "trace.json").read_text() == "complete"


def test_a_different_run_is_not_resumed(tmp_path: Path) -> None:
    work = RunFolder(tmp_path, {"sha256": "1"}).open(resume=False)
    (work / "checkpoints.sqlite").write_text("of another clip")
    other = RunFolder(tmp_path, {"sha256": "2"})
    assert not other.resumable()
    assert not (other.open(resume=True) / "checkpoints.sqlite").exists()
