"""`emoagent inspect` beside a real `emoagent analyze`: the stages as they pass, then the report by itself."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_findings import grave
from watched import DESK, PHONE, Opened, inspecting

DONE = "[...document.querySelectorAll('[data-testid=stage].done')].map((stage) => stage.firstChild.textContent)"
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
        page = watched.open(address)
        page.get_by_test_id("stage").first.wait_for()
        assert not grave(page)
        _pictures(page, artefacts)
        seen: set[str] = set()
        latest = time.monotonic() + LONGEST
        while page.get_by_test_id("live").count():
            assert time.monotonic() < latest
            seen.update(page.evaluate(DONE))
            page.wait_for_timeout(50)
        page.get_by_test_id("claim").first.wait_for()
        assert len(seen) > 5
        watched.check(address)


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
