"""A person sets a label and a speaker right, downloads the file, and `emoagent import` takes it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watched import Opened, Watched, choose, until

if TYPE_CHECKING:
    from emoagent.schema import Trace


def _copy(folder: Path, target: Path) -> Path:
    return Path(shutil.copytree(folder, target, ignore=shutil.ignore_patterns("checkpoints.sqlite*", "work")))


def _command(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "emoagent", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _correct(watched: Watched, utterance: str, field: str, value: str) -> None:
    choose(watched.page, utterance)
    watched.page.get_by_test_id(f"correction-{field}").select_option(value)
    watched.page.get_by_test_id(f"correction-save-{field}").click()


def _downloaded(watched: Watched, target: Path) -> list[dict[str, Any]]:
    with watched.page.expect_download() as download:
        watched.page.locator("header").get_by_test_id("corrections-download").click()
    assert download.value.suggested_filename == "corrections.jsonl"
    download.value.save_as(target)
    return [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]


def test_there_and_back(opened: Opened, sampled: tuple[Trace, Path], report: str, tmp_path: Path) -> None:
    trace, file = sampled[0], tmp_path / "corrections.jsonl"
    watched = opened()
    watched.open(report)
    choose(watched.page, "u2")
    watched.page.get_by_test_id("correction-by").fill("A. Viewer")
    watched.page.get_by_test_id("correction-note").fill("the brows, not the words; <b>=1+1</b>")
    _correct(watched, "u2", "label", "disgust")
    _correct(watched, "u3", "person", "p1")
    before = {verdict.utterance: verdict.label for verdict in trace.verdicts}
    _correct(watched, "u4", "label", before["u4"] or "")  # confirmed as it is
    found = _downloaded(watched, file)
    assert [(c["utterance"], c["field"], c["before"], c["after"]) for c in found] == [
        ("u2", "label", before["u2"], "disgust"), ("u3", "person", trace.utterances[2].person, "p1"),
        ("u4", "label", before["u4"], before["u4"])]  # fmt: skip
    assert {c["by"] for c in found} == {"A. Viewer"}
    run = _copy(sampled[1], tmp_path / "run")
    done = _command("import", str(run), str(file))
    assert done.returncode == 0, done.stderr
    assert "1 of 2" in done.stdout
    again = _command("report", str(run))
    assert again.returncode == 0, again.stderr
    page = opened().open((run / "report.html").as_uri())
    choose(page, "u2")
    assert page.get_by_test_id("correction-label").input_value() == "disgust"
    assert "<b>=1+1</b>" in page.get_by_test_id("correct").inner_text()
    watched.check("file:")


def test_undone(opened: Opened, report: str) -> None:
    watched = opened()
    page = watched.open(report)
    _correct(watched, "u1", "label", "fear")
    assert page.get_by_test_id("corrections-download").count() >= 1
    page.get_by_test_id("correction-undo").click()
    assert page.locator("header").get_by_test_id("corrections-download").count() == 0


def test_somebody_whom_the_run_does_not_know(opened: Opened, report: str, tmp_path: Path) -> None:
    watched = opened()
    page = watched.open(report)
    choose(page, "u1")
    page.get_by_test_id("correction-person").select_option(label="somebody else…")
    page.get_by_test_id("correction-newcomer").fill('Zoë "</script>"')
    page.get_by_test_id("correction-save-person").click()
    (found,) = _downloaded(watched, tmp_path / "corrections.jsonl")
    assert found["after"] == 'new:Zoë "</script>"'


def test_unsaved_work_is_not_lost_without_a_question(opened: Opened, report: str, tmp_path: Path) -> None:
    watched = opened()
    page = watched.open(report)
    _correct(watched, "u1", "label", "fear")
    page.close(run_before_unload=True)
    until(page, "1")
    assert any(word.startswith("dialog") for word in watched.trouble)
