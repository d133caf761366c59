"""The report of a real clip: from disk, from `emoagent inspect`, without its clip, without a script."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from watched import ROOT, Opened, Watched, drawn, inspecting, ready, until

if TYPE_CHECKING:
    from emoagent.schema import Trace


def _whole(watched: Watched, trace: Trace) -> None:
    """The video is there, and so are the lanes: blocks, and curves that are painted."""
    page = watched.page
    ready(page)
    assert page.get_by_role("heading", level=1).inner_text() == trace.clip.name
    assert page.get_by_test_id("video").evaluate("v => v.duration") == pytest.approx(trace.clip.duration, abs=0.2)
    assert page.get_by_test_id("group").count() >= len({u.person for u in trace.utterances})
    drawn(page)


def test_from_disk(opened: Opened, report: str, trace: Trace) -> None:
    watched = opened()
    page = watched.open(report)
    _whole(watched, trace)
    assert page.get_by_test_id("claim").count() > 0
    assert set(watched.requests) - {url for url in watched.requests if url.startswith(("data:", "blob:"))} == {
        report, (ROOT / "samples" / "dialogue.mp4").as_uri()}  # fmt: skip
    watched.check("file:")


def test_from_inspect(opened: Opened, trace: Trace, inspected: str) -> None:
    watched = opened()
    answers: dict[str, Any] = {}
    watched.page.on("response", lambda answer: answers.setdefault(answer.url, answer))
    watched.open(inspected)
    _whole(watched, trace)
    assert "default-src 'none'" in answers[inspected].headers["content-security-policy"]
    assert answers[f"{inspected}video"].status == 206
    watched.check(inspected)


def test_a_recorded_clip(opened: Opened, shared: Path, tmp_path: Path) -> None:
    from emoagent import analyze

    trace = analyze(shared / "media" / "composites" / "grid_side_by_side.mp4", tmp_path / "run")
    with inspecting(tmp_path / "run") as address:
        for place in ((tmp_path / "run" / "report.html").as_uri(), address):
            watched = opened()
            watched.open(place)
            _whole(watched, trace)
            watched.check(place if place == address else "file:")


def test_a_clip_that_has_gone(opened: Opened, sampled: tuple[Trace, Path], tmp_path: Path) -> None:
    """The page keeps time by itself."""
    moved = tmp_path / "far" / "away" / "from" / "the" / "clip" / "report.html"
    moved.parent.mkdir(parents=True)
    moved.write_bytes((sampled[1] / "report.html").read_bytes())
    page = opened().open(moved.as_uri())
    page.get_by_test_id("clock").wait_for()
    page.get_by_role("button", name="On 1 s").click()
    assert page.get_by_test_id("time").inner_text() == "0:01.0"
    page.get_by_test_id("play").click()
    until(page, "document.querySelector('[data-testid=time]').textContent > '0:01.2'")


def test_without_a_script(opened: Opened, report: str, trace: Trace) -> None:
    watched = opened(java_script_enabled=False)
    watched.page.goto(report)
    assert watched.page.get_by_role("row").count() == len(trace.utterances) + 1
    for utterance in trace.utterances:
        assert watched.page.get_by_role("cell", name=utterance.text, exact=True).count() == 1
    assert not watched.trouble


def test_an_hour(opened: Opened, hour: str) -> None:
    watched = opened()
    page = watched.open(hour)
    drawn(page)
    assert page.get_by_test_id("group").count() == 3
    page.get_by_test_id("fit").click()
    page.get_by_test_id("tab-table").click()
    assert page.get_by_test_id("table-count").inner_text().startswith("900 rows")
    watched.check("file:")
