"""`emoagent inspect` beside a real `emoagent analyze`: the stages as they pass, then the report by itself."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_findings import grave
from watched import DESK, PHONE, Opened, inspecting

# What the page says is kept beyond its reload: the report comes when the analysis likes.
KEPT = """
new MutationObserver(() => {
  for (const stage of document.querySelectorAll("[data-testid=stage].done")) {
    sessionStorage.setItem(`done ${stage.firstChild.textContent}`, "");
  }
}).observe(document, {subtree: true, childList: true, attributes: true});
"""
DONE = "Object.keys(sessionStorage).filter((key) => key.startsWith('done '))"
LONGEST = 120.0  # seconds
Analysis = tuple[Path, subprocess.Popen[bytes]]


@pytest.fixture
def analysis(browser: Any, sample: Path, tmp_path: Path) -> Iterator[Analysis]:
    """The folder of an analysis that has just begun, and its process."""
    folder = tmp_path / "run"
    command = [sys.executable, "-P", "-m", "emoagent", "analyze", str(sample), "-o", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        latest = time.monotonic() + LONGEST
        while not (folder / ".unfinished" / "progress.json").exists():
            assert process.poll() is None
            assert time.monotonic() < latest
            time.sleep(0.05)
        yield folder, process
        process.kill()


def test_stages_then_the_report(opened: Opened, analysis: Analysis, artefacts: Path) -> None:
    with inspecting(analysis[0]) as address:
        watched = opened(viewport=DESK)
        watched.page.add_init_script(KEPT)
        page = watched.open(address)
        page.get_by_test_id("stage").first.wait_for()
        with _held_up(analysis[1]):
            assert not grave(page)
            _pictures(page, artefacts)
        page.get_by_test_id("claim").first.wait_for(timeout=LONGEST * 1000)
        assert len(page.evaluate(DONE)) > 5
        watched.check(address)


@contextmanager
def _held_up(analysis: subprocess.Popen[bytes]) -> Iterator[None]:
    """So that the page that is looked at is not exchanged for the report meanwhile."""
    analysis.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        analysis.send_signal(signal.SIGCONT)


def _pictures(page: Any, artefacts: Path) -> None:
    page.screenshot(path=artefacts / "live-light.png")
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=artefacts / "live-dark.png")
    page.set_viewport_size(PHONE)
    page.screenshot(path=artefacts / "live-narrow.png")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE["width"]


def test_an_analysis_that_is_killed(opened: Opened, analysis: Analysis) -> None:
    with inspecting(analysis[0]) as address:
        page = opened().open(address)
        page.get_by_test_id("stage").first.wait_for()
        analysis[1].kill()
        page.get_by_role("alert").wait_for()
        assert "resume" in page.get_by_role("alert").inner_text()
