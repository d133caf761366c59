"""Going to a time: by a claim, its evidence, a lane, an address, a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from watched import Opened, at, choose, ready, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from emoagent.schema import Trace, Verdict


@pytest.fixture
def page(opened: Opened, report: str) -> Page:
    """The report of the sample, its video ready."""
    shown = opened().open(report)
    ready(shown)
    return shown


def _starts(trace: Trace) -> dict[str, float]:
    return {item.id: item.span.start for item in trace.evidence}


def _argued(trace: Trace) -> Verdict:
    """The verdict with the most claims."""
    return max(trace.verdicts, key=lambda verdict: len(verdict.claims))


def test_a_claim_goes_to_its_evidence(page: Page, trace: Trace) -> None:
    starts = _starts(trace)
    for verdict in trace.verdicts:
        choose(page, verdict.utterance)
        page.get_by_test_id("video").evaluate("v => { v.currentTime = v.duration; }")
        for claim, shown in zip(verdict.claims, page.get_by_test_id("claim").all(), strict=True):
            shown.locator("button.text").click()
            at(page, starts[claim.cites[0]])


def test_every_piece_of_evidence_goes_to_its_time(page: Page, trace: Trace) -> None:
    starts, verdict = _starts(trace), _argued(trace)
    choose(page, verdict.utterance)
    for chip in page.get_by_test_id("claims").get_by_test_id("chip").all():
        chip.click()
        at(page, starts[str(chip.get_attribute("data-evidence"))])
    for row in page.get_by_test_id("evidence-row").all():
        row.locator("button.text").click()
        at(page, starts[str(row.get_attribute("data-evidence"))])


def test_what_a_claim_cites_is_marked_in_the_lanes(page: Page, trace: Trace) -> None:
    verdict = next(v for v in trace.verdicts if any(len(claim.cites) > 1 for claim in v.claims))
    place = next(i for i, claim in enumerate(verdict.claims) if len(claim.cites) > 1)
    choose(page, verdict.utterance)
    page.get_by_test_id("claim").nth(place).locator("button.text").click()
    marked = page.locator("[data-testid=block].marked").all()
    assert {block.get_attribute("data-utterance") for block in marked} == {verdict.utterance}


@pytest.mark.parametrize("share", [0.1, 0.5, 0.93])
def test_a_lane_goes_where_it_is_clicked(page: Page, trace: Trace, share: float) -> None:
    plot = page.locator(".lane-unit .plot, .lane-curve .plot, [data-testid=lane]:has(canvas) .plot").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box
    page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
    at(page, share * trace.clip.duration)


def test_a_block_opens_its_utterance(page: Page, trace: Trace) -> None:
    utterance = trace.utterances[3]
    page.locator(f"[data-kind=words] [data-testid=block][data-utterance={utterance.id}]").click()
    page.locator(f"article[data-utterance={utterance.id}]").wait_for()
    at(page, utterance.span.start)


def test_links_lead_where_they_say(opened: Opened, report: str, trace: Trace) -> None:
    item = next(e for e in trace.evidence if e.utterance == "u5" and e.modality == "voice")
    page = opened().open(f"{report}#t=12.3")
    at(page, 12.3)
    for address, seconds in ((f"#t=14.5&e={item.id}", 14.5), (f"#e={item.id}", None)):
        page = opened().open(f"{report}{address}")
        page.locator(f"article[data-utterance={item.utterance}]").wait_for()
        assert page.locator(f"[data-testid=evidence-row][data-evidence='{item.id}'].on").count() == 1
        if seconds is not None:
            at(page, seconds)
    page.evaluate("location.hash = '#u=u2'")
    page.locator("article[data-utterance=u2]").wait_for()


def test_the_address_leads_back(opened: Opened, page: Page, report: str, trace: Trace) -> None:
    verdict = _argued(trace)
    choose(page, verdict.utterance)
    page.get_by_test_id("claims").get_by_test_id("chip").first.click()
    cited = verdict.claims[0].cites[0]
    until(page, "(id) => new URLSearchParams(location.hash.slice(1)).get('e') === id", cited)
    again = opened().open(page.url)
    at(again, _starts(trace)[cited])
    assert again.locator(f"[data-testid=evidence-row][data-evidence='{cited}'].on").count() == 1


@pytest.mark.parametrize("address", ["#t=NaN", "#t=1e999", "#t=-5", "#u=__proto__", "#e=constructor",
                                     "#e=%3Cimg%20src%3Dx%3E", "#%", "#t=1&t=2&e=&u=", "#" + "a" * 5000])  # fmt: skip
def test_links_that_lead_nowhere_do_no_harm(opened: Opened, report: str, address: str) -> None:
    watched = opened()
    page = watched.open(f"{report}{address}")
    ready(page)
    assert page.get_by_test_id("utterance").count() == 1
    watched.check("file:")


def test_only_conflicts(opened: Opened, report: str, trace: Trace) -> None:
    page = opened(viewport={"width": 1280, "height": 4000}).open(report)  # what is scrolled away is not drawn
    disputed = [u.id for u in trace.utterances if any(c.utterance == u.id for c in trace.conflicts)]
    assert 0 < len(disputed) < len(trace.utterances)
    filters = page.get_by_role("button", name="Conflicts")
    filters.click()
    assert filters.get_attribute("aria-pressed") == "true"
    blocks = page.locator("[data-kind=verdict] [data-testid=block]:visible")
    assert {block.get_attribute("data-utterance") for block in blocks.all()} == set(disputed)
    page.get_by_test_id("tab-table").click()
    assert page.get_by_test_id("table-count").inner_text().startswith(f"{len(disputed)} rows")
    page.keyboard.press("c")
    assert page.get_by_test_id("table-count").inner_text() == f"{len(trace.utterances)} rows"


def _now(page: Page) -> float:
    found: Any = page.get_by_test_id("video").evaluate("v => v.currentTime")
    return float(found)


def test_keys_of_an_editing_desk(page: Page) -> None:
    page.keyboard.press("l")
    until(page, "!document.querySelector('video').paused && document.querySelector('video').currentTime > 0.5")
    page.keyboard.press("l")
    assert page.get_by_test_id("video").evaluate("v => v.playbackRate") == 2
    page.keyboard.press("k")
    until(page, "document.querySelector('video').paused")
    stood = _now(page)
    page.wait_for_timeout(200)
    assert _now(page) == stood
    page.keyboard.press("End")
    at(page, 22.0)
    page.keyboard.press("j")
    until(page, "document.querySelector('video').currentTime < 21.2")
    page.keyboard.press("k")
    page.keyboard.press("Home")
    at(page, 0.0)


def test_an_end_that_is_told_late_does_not_stop_the_way_back(page: Page) -> None:
    page.keyboard.press("End")
    at(page, 22.0)
    page.keyboard.press("j")
    page.get_by_test_id("video").evaluate("v => v.dispatchEvent(new Event('ended'))")
    until(page, "document.querySelector('video').currentTime < 21.2")


def test_a_start_that_is_told_late_does_not_undo_the_pause(page: Page) -> None:
    page.keyboard.press("k")
    page.get_by_test_id("video").evaluate("v => v.dispatchEvent(new Event('play'))")
    page.wait_for_timeout(200)
    assert page.get_by_test_id("video").evaluate("v => v.paused")


def test_arrow_keys(page: Page, trace: Trace) -> None:
    for key, seconds in (("ArrowRight", 1), ("ArrowRight", 2), ("Shift+ArrowRight", 7), ("ArrowLeft", 6)):
        page.keyboard.press(key)
        at(page, seconds)
    first, second = trace.utterances[0], trace.utterances[1]
    page.keyboard.press("Home")
    choose(page, first.id)
    page.locator("body").evaluate("() => document.activeElement.blur()")
    page.keyboard.press("ArrowDown")
    page.locator(f"article[data-utterance={second.id}]").wait_for()
    at(page, second.span.start)
    page.keyboard.press("ArrowUp")
    page.locator(f"article[data-utterance={first.id}]").wait_for()


def test_keys_belong_to_whoever_types(page: Page) -> None:
    page.get_by_test_id("tab-table").click()
    page.get_by_test_id("table-filter").fill("")
    page.get_by_test_id("table-filter").type("ljc?t")
    assert page.get_by_test_id("table-filter").input_value() == "ljc?t"
    assert page.get_by_test_id("video").evaluate("v => v.paused")
    assert page.get_by_test_id("conflict-filter").get_attribute("aria-pressed") == "false"


def test_the_keys_are_listed(page: Page) -> None:
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").wait_for()
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").is_visible()


def test_lanes_by_keys(page: Page, trace: Trace) -> None:
    """Arrow keys go from block to block, Enter opens one."""
    spoken = [u for u in trace.utterances if u.person == trace.utterances[0].person]
    words = page.get_by_test_id("group").first.locator("[data-kind=words] [data-testid=block]")
    words.first.focus()
    page.keyboard.press("ArrowRight")
    until(page, "(id) => document.activeElement.dataset.utterance === id", spoken[1].id)
    page.keyboard.press("Enter")
    page.locator(f"article[data-utterance={spoken[1].id}]").wait_for()
    at(page, spoken[1].span.start)


def test_tabs_by_keys(page: Page) -> None:
    page.get_by_role("tab", name="Utterance").focus()
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("tab", name="People").get_attribute("aria-selected") == "true"
    page.keyboard.press("End")
    assert page.get_by_role("tab", name="Provenance").get_attribute("aria-selected") == "true"


def test_the_window_is_moved_and_zoomed(page: Page) -> None:
    shown = page.get_by_test_id("range")
    whole = shown.inner_text()
    page.get_by_test_id("zoom-in").click()
    closer = shown.inner_text()
    assert closer != whole
    page.get_by_test_id("brush").focus()
    page.keyboard.press("ArrowRight")
    moved = shown.inner_text()
    assert moved != closer
    page.get_by_test_id("lane").first.hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    until(page, "(before) => document.querySelector('[data-testid=range]').textContent !== before", moved)
    page.get_by_test_id("fit").click()
    assert shown.inner_text() == whole


def test_the_lanes_follow_what_is_chosen(page: Page, trace: Trace) -> None:
    """However far down the person is, and though their lanes are folded."""
    other = next(u for u in trace.utterances if u.person != trace.utterances[0].person)
    page.get_by_test_id("fold").last.click()
    choose(page, other.id)
    page.get_by_test_id("claim").first.locator("button.text").click()
    until(page, """(id) => {
      const area = document.querySelector("[data-testid=lanes]").getBoundingClientRect();
      const block = document.querySelector(`[data-kind=verdict] [data-testid=block][data-utterance="${id}"]`);
      const box = block?.getBoundingClientRect();
      return box && box.top >= area.top && box.bottom <= area.bottom + 1;
    }""", other.id)  # fmt: skip


def test_a_link_without_a_time_goes_to_what_it_names(opened: Opened, report: str, trace: Trace) -> None:
    page = opened().open(f"{report}#u=u4")
    ready(page)
    at(page, trace.utterances[3].span.start)
