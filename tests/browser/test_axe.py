"""axe-core finds nothing serious, in both themes, narrow and wide, on every tab; and the focus is seen."""

from __future__ import annotations

from typing import Any

import pytest
from axe_findings import grave
from watched import DESK, PHONE, Opened

LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESK, "color_scheme": "light"},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
    "narrow": {"viewport": PHONE, "color_scheme": "light"},
    "narrow-dark": {"viewport": PHONE, "color_scheme": "dark"},
    "forced": {"viewport": DESK, "forced_colors": "active"},
}
FOCUS = """() => {
  const e = document.activeElement, s = getComputedStyle(e);
  const seen = (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0) || s.boxShadow !== "none";
  return [e.tagName, e.className, e.getAttribute("aria-label") || e.textContent.slice(0, 40), seen];
}"""


def test_axe_is_awake(opened: Opened, report: str) -> None:
    page = opened().open(report)
    page.evaluate("""() => {
      Object.assign(document.querySelector("h1").style, {color: "#bbb", background: "#fff"});
      document.body.append(document.createElement("button"));
    }""")
    assert {told.partition(":")[0] for told in grave(page)} >= {"color-contrast", "button-name"}


@pytest.mark.parametrize("look", LOOKS)
def test_every_tab(opened: Opened, report: str, look: str) -> None:
    page = opened(**LOOKS[look]).open(report)
    found = {}
    for tab in page.get_by_role("tab").all():
        tab.click()
        if told := grave(page):
            found[tab.inner_text()] = told
    assert not found


def test_folds_the_keys_and_a_conflict(opened: Opened, report: str) -> None:
    page = opened().open(f"{report}#u=u5")
    page.locator("article[data-utterance=u5]").wait_for()
    page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    assert not grave(page)
    page.get_by_test_id("conflict-filter").click()
    assert not grave(page)
    page.keyboard.press("?")
    assert not grave(page)


def test_the_focus_is_seen_and_never_caught(opened: Opened, report: str) -> None:
    """Tab goes through the whole page and back to its beginning, and each stop is marked."""
    page = opened().open(report)
    page.evaluate("document.querySelector('video').removeAttribute('controls')")  # the browser's own, many stops
    stops = []
    for _ in range(400):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(FOCUS))
        if stops[-1][0] == "BODY":
            break
    assert stops[-1][0] == "BODY", stops[-5:]
    assert not [stop for stop in stops[:-1] if not stop[3]]
    names = " ".join(str(stop[2]) for stop in stops)
    assert all(name in names for name in ("Conflicts", "Utterance", "The window that the lanes show"))
