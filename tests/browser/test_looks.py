"""How it looks: pictures of each main state for people to look at, nothing wider than the window, no motion unasked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from watched import DESK, PHONE, Opened, drawn, ready, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from emoagent.schema import Trace

WIDE = {"width": 1600, "height": 1000}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESK, "color_scheme": "light"},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
    "wide": {"viewport": WIDE, "color_scheme": "light"},
    "narrow": {"viewport": PHONE, "color_scheme": "light", "device_scale_factor": 2, "has_touch": True},
    "narrow-dark": {"viewport": PHONE, "color_scheme": "dark", "device_scale_factor": 2, "has_touch": True},
}
BEYOND = """() => document.scrollingElement.scrollWidth > innerWidth
  ? [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
      .slice(0, 5).map((e) => e.outerHTML.slice(0, 120)) : []"""


def _states(page: Page) -> dict[str, Any]:
    """What is done one after the other to reach each main state."""
    states: dict[str, Any] = {"opened": lambda: None}
    for tab in page.get_by_role("tab").all():
        states[tab.inner_text().lower()] = tab.click
    states["conflict"] = lambda: _conflict(page)
    states["evidence"] = lambda: page.get_by_test_id("evidence").scroll_into_view_if_needed()
    states["peak"] = lambda: page.get_by_test_id("peak").scroll_into_view_if_needed()
    states["correcting"] = lambda: page.get_by_test_id("correction-form").scroll_into_view_if_needed()
    states["lanes"] = lambda: page.get_by_test_id("lane").last.scroll_into_view_if_needed()
    states["keys"] = lambda: page.get_by_test_id("help-open").click()
    return states


def _conflict(page: Page) -> None:
    page.get_by_test_id("tab-utterance").click()
    page.get_by_test_id("conflict-filter").click()
    page.keyboard.press("ArrowDown")
    page.get_by_test_id("claims").get_by_test_id("chip").first.click()


@pytest.mark.parametrize("look", LOOKS)
def test_each_state(opened: Opened, report: str, artefacts: Path, look: str) -> None:
    watched = opened(**LOOKS[look])
    page = watched.open(report)
    ready(page)
    for number, (name, reach) in enumerate(_states(page).items()):
        reach()
        page.wait_for_timeout(250)
        page.screenshot(path=artefacts / f"{look}-{number}-{name}.png")
        assert page.evaluate(BEYOND) == [], name
    watched.check("file:")


@pytest.mark.parametrize("look", ["light", "dark", "narrow"])
def test_an_hour(opened: Opened, hour: str, artefacts: Path, look: str) -> None:
    page = opened(**LOOKS[look]).open(hour)
    drawn(page)
    page.screenshot(path=artefacts / f"hour-{look}-opened.png")
    page.get_by_test_id("fit").click()
    page.wait_for_timeout(250)
    page.screenshot(path=artefacts / f"hour-{look}-whole.png")
    page.get_by_test_id("tab-people").click()
    page.wait_for_timeout(250)
    page.screenshot(path=artefacts / f"hour-{look}-people.png")
    assert page.evaluate(BEYOND) == []


def test_the_theme_is_chosen(opened: Opened, report: str) -> None:
    page = opened(color_scheme="light").open(report)
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    switch = page.get_by_test_id("theme")
    for _ in range(3):
        switch.click()
        if switch.get_attribute("data-theme") == "dark":
            break
    assert page.evaluate(paper) != light


def test_no_motion_where_it_is_not_wanted(opened: Opened, report: str, trace: Trace) -> None:
    page = opened(reduced_motion="reduce").open(report)
    page.get_by_test_id("tab-table").click()
    page.get_by_test_id("tab-utterance").click()
    page.get_by_test_id("zoom-in").click()
    assert page.evaluate("document.getAnimations().length") == 0
    longest = page.evaluate("""Math.max(...[...document.querySelectorAll('*')].flatMap((e) => {
        const s = getComputedStyle(e);
        return [...s.transitionDuration.split(','), ...s.animationDuration.split(',')].map(parseFloat); }))""")
    assert longest <= 0.01
    assert page.evaluate(
        "[...document.querySelectorAll('*')].every((e) => getComputedStyle(e).scrollBehavior === 'auto')"
    )


def test_larger_text_keeps_everything_inside(opened: Opened, report: str) -> None:
    """WCAG 1.4.10: at 320 pixels, which is 1280 at four times the size, nothing scrolls sideways."""
    page = opened(viewport={"width": 320, "height": 640}).open(report)
    for tab in page.get_by_role("tab").all():
        tab.click()
        assert page.evaluate(BEYOND) == []


def test_captions(opened: Opened, report: str, trace: Trace) -> None:
    page = opened().open(report)
    ready(page)
    until(page, "document.querySelector('video').textTracks.length > 0")
    cues = page.evaluate("[...document.querySelector('video').textTracks[0].cues].map((c) => [c.startTime, c.text])")
    assert [start for start, _ in cues] == pytest.approx([u.span.start for u in trace.utterances], abs=0.001)
    assert all(u.text in text for u, (_, text) in zip(trace.utterances, cues, strict=True))
