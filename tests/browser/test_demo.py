"""The demo page in a real Chromium whose microphone and camera play a real clip, from the first question to the end."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from axe_findings import grave
from fake_devices import flags, recorded
from serve_process import Serving, serving
from watched import DESK, PHONE, Opened, Watched, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

SPOKEN = (5.5, 7.95)  # seconds of the sample: one sentence
HAPPY = "I am so happy! We are going to fly!"
WAIT = 40_000  # milliseconds: a busy machine
ASK = partial(httpx.request, timeout=60, trust_env=False)
KEY = "a-key-for-the-demo-0123456789"
COUNTED = """
window.opened = [];
const media = navigator.mediaDevices;
const ask = media.getUserMedia.bind(media);
media.getUserMedia = async (wishes) => {
  opened.push(Object.keys(wishes).join());
  window.streams = [...(window.streams || []), await ask(wishes)];
  return streams[streams.length - 1];
};
const Socket = window.WebSocket;
window.WebSocket = class extends Socket { constructor(...all) { super(...all); opened.push("socket"); } };
"""
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESK, "color_scheme": "light"},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
    "narrow": {"viewport": PHONE, "color_scheme": "light", "device_scale_factor": 2, "has_touch": True},
    "narrow-dark": {"viewport": PHONE, "color_scheme": "dark", "device_scale_factor": 2, "has_touch": True},
}
WIDER = "document.scrollingElement.scrollWidth > innerWidth"


@pytest.fixture(scope="module")
def server(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("served")) as server:
        yield server


@pytest.fixture(scope="module")
def talking(browser: Any, sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A second browser, with devices."""
    microphone, camera = recorded(sample, *SPOKEN, tmp_path_factory.mktemp("devices"))
    from benchmarks.chromium import QUIET

    arguments = [*QUIET, *flags(microphone, camera)]
    started = browser.browser_type.launch(executable_path=os.environ["EMOAGENT_TEST_CHROMIUM"], args=arguments)
    yield started
    started.close()


@pytest.fixture
def visiting(talking: Any) -> Iterator[Opened]:
    """Makes watched pages in the browser with devices."""
    contexts = []

    def make(**more: Any) -> Watched:
        contexts.append(talking.new_context(**{"viewport": DESK, **more}))
        contexts[-1].set_default_timeout(WAIT)
        watched = Watched(contexts[-1])
        watched.page.add_init_script(COUNTED)
        return watched

    yield make
    for context in contexts:
        context.close()


def _start(page: Page, *senses: str) -> None:
    for sense in senses:
        page.get_by_test_id(f"consent-{sense}").check()
    page.get_by_test_id("start").click()
    page.get_by_test_id("talk").wait_for()


def _type(page: Page, text: str) -> None:
    """Types a turn and waits until it is shown."""
    page.get_by_test_id("composer").fill(text)
    page.locator("form.composer button:enabled").wait_for()  # drawn anew, so that it may be sent
    page.keyboard.press("Enter")
    page.get_by_test_id("turn").get_by_text(text, exact=False).first.wait_for()


def _session(page: Page) -> str:
    found: str = page.evaluate("sessionStorage.getItem('emoagent.session')")
    return found


def test_nothing_is_opened_before_it_is_agreed_to(visiting: Opened, server: Serving) -> None:
    watched = visiting()
    page = watched.open(server.address)
    for sense in ("text", "voice", "face"):
        page.get_by_test_id(f"consent-{sense}").check()
    page.wait_for_timeout(300)
    assert page.evaluate("opened") == []
    assert ASK("GET", f"{server.address}/v1/sessions").json()["sessions"] == []
    page.get_by_test_id("consent-voice").uncheck()
    page.get_by_test_id("consent-face").uncheck()
    _start(page)
    _type(page, HAPPY)
    assert page.evaluate("opened") == ["socket"]
    watched.check(server.address)


def test_from_the_start_to_a_label(visiting: Opened, server: Serving) -> None:
    watched = visiting()
    page = watched.open(server.address)
    _start(page, "text", "voice", "face")
    page.get_by_test_id("turn").wait_for()
    assert page.evaluate("opened") == ["socket", "audio", "video"]
    until(page, "document.querySelector('[data-testid=mirror]').videoWidth > 0")
    page.locator("[data-testid=turn-block]:not([data-label=''])").first.wait_for()  # soon, or in one of the next turns
    page.locator("[data-testid=turn-block]:not([data-label=''])").first.click()
    turn = page.get_by_test_id("turn")
    assert "feel" not in turn.inner_text()
    assert "% sure" in turn.get_by_test_id("sentence").inner_text()
    turn.get_by_test_id("findings").locator("summary").click()
    turn.locator("[data-testid=finding][data-modality=voice]").first.wait_for()
    assert turn.locator("[data-testid=finding][data-modality=face]").count()
    watched.check(server.address)


def test_what_is_shown_is_what_is_stored(visiting: Opened, server: Serving) -> None:
    page = visiting().open(server.address)
    _start(page, "text")
    _type(page, HAPPY)
    _type(page, "Oh, great. That is just wonderful.")
    stored = ASK("GET", f"{server.address}/v1/sessions/{_session(page)}/turns").json()["turns"]
    blocks = page.get_by_test_id("turn-block")
    assert [block.get_attribute("data-label") for block in blocks.all()] == [turn["label"] or "" for turn in stored]
    blocks.first.click()
    turn = page.get_by_test_id("turn")
    assert turn.get_attribute("data-turn") == "1"
    assert HAPPY in turn.inner_text()
    assert turn.get_by_test_id("explanation").inner_text() == stored[0]["explanation"]
    assert turn.get_by_test_id("vote").count() == len(stored[0]["votes"])
    assert "joy" in page.get_by_test_id("strip").inner_text()


def test_deleting_closes_the_devices_and_removes_everything(visiting: Opened, server: Serving) -> None:
    watched = visiting()
    page = watched.open(server.address)
    _start(page, "text", "voice", "face")
    page.get_by_test_id("turn").wait_for()
    name = _session(page)
    assert ASK("GET", f"{server.address}/v1/sessions/{name}").status_code == 200
    page.get_by_test_id("remove").click()
    page.get_by_test_id("remove-sure").click()
    page.get_by_test_id("ended").get_by_text("is deleted").wait_for()
    assert ASK("GET", f"{server.address}/v1/sessions/{name}").status_code == 404
    assert page.evaluate("streams.every((s) => s.getTracks().every((t) => t.readyState === 'ended'))")
    assert _session(page) is None
    page.get_by_test_id("anew").click()
    assert not page.locator("[role=switch]:checked").count()
    watched.check(server.address)


def test_a_conversation_from_before_can_still_be_deleted(visiting: Opened, server: Serving) -> None:
    page = visiting().open(server.address)
    _start(page, "text")
    _type(page, HAPPY)
    name = _session(page)
    page.reload()
    page.get_by_test_id("remove-earlier").click()
    page.get_by_test_id("ended").get_by_text("is deleted").wait_for()
    assert ASK("GET", f"{server.address}/v1/sessions/{name}").status_code == 404


def test_without_devices_typing_still_works(opened: Opened, server: Serving) -> None:
    page = opened().open(server.address)
    _start(page, "text", "voice", "face")
    page.get_by_test_id("notice").get_by_text("could not be opened").wait_for()
    _type(page, HAPPY)
    assert page.get_by_test_id("turn-block").get_attribute("data-label") == "joy"


def test_words_of_strangers_are_text(visiting: Opened, server: Serving) -> None:
    watched = visiting()
    page = watched.open(server.address)
    _start(page, "text")
    _type(page, "<img src=x onerror=alert(1)>")
    assert not page.locator("#app img").count()
    watched.check(server.address)


def test_the_connection_is_lost_and_found(opened: Opened, tmp_path: Path) -> None:
    with serving(tmp_path) as first:
        page = opened().open(first.address)
        _start(page, "text")
        _type(page, HAPPY)
        first.process.kill()
        page.get_by_role("button", name="Connect again").wait_for()
        assert "lost" in page.get_by_test_id("notice").inner_text()
        with serving(tmp_path, PORT=first.address.rpartition(":")[2]):
            page.get_by_role("button", name="Connect again").click()
            until(page, "document.querySelector('[data-doing=waiting]') !== null")
            _type(page, "It works again.")
            assert page.get_by_test_id("turn-block").count() == 2


def test_a_key_is_asked_for_where_there_is_one(opened: Opened, tmp_path: Path) -> None:
    with serving(tmp_path, KEYS=KEY) as server:
        assert ASK("GET", server.address).status_code == 401
        page = opened(http_credentials={"username": "", "password": KEY}).open(server.address)
        page.get_by_test_id("consent-text").check()
        page.get_by_test_id("start").click()
        page.get_by_test_id("key").or_(page.get_by_test_id("talk")).first.wait_for()
        if page.get_by_test_id("key").count():  # not every browser sends it with a web socket
            page.get_by_test_id("key").fill(KEY)
            page.get_by_test_id("start").click()
        page.get_by_test_id("talk").wait_for()
        _type(page, HAPPY)
        assert KEY not in page.content()
        page.get_by_test_id("remove").click()
        page.get_by_test_id("remove-sure").click()
        page.get_by_test_id("ended").get_by_text("is deleted").wait_for()


@pytest.mark.parametrize("look", LOOKS)
def test_looks(visiting: Opened, server: Serving, artefacts: Path, look: str) -> None:
    watched = visiting(**LOOKS[look])
    page = watched.open(server.address)
    _pictured(page, artefacts / f"demo-{look}-0-asked.png")
    _start(page, "text", "voice", "face")
    _pictured(page, artefacts / f"demo-{look}-1-begun.png")
    page.get_by_test_id("turn").wait_for()
    _type(page, HAPPY)
    page.get_by_test_id("findings").locator("summary").click()
    page.get_by_test_id("finding").first.wait_for()
    _pictured(page, artefacts / f"demo-{look}-2-turns.png")
    page.get_by_test_id("remove").click()
    _pictured(page, artefacts / f"demo-{look}-3-sure.png")
    page.get_by_test_id("remove-sure").click()
    page.get_by_test_id("anew").wait_for()
    _pictured(page, artefacts / f"demo-{look}-4-ended.png")
    watched.check(server.address)


def _pictured(page: Page, target: Path) -> None:
    page.wait_for_timeout(250)
    page.screenshot(path=target)
    assert not page.evaluate(WIDER), target.name
    assert not grave(page), target.name


def test_by_keyboard_alone(opened: Opened, server: Serving) -> None:
    page = opened().open(server.address)
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.testid") == "consent-text":
            break
    page.keyboard.press("Space")
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.testid") == "start":
            break
    page.keyboard.press("Enter")
    page.get_by_test_id("composer").focus()
    page.keyboard.type(HAPPY)
    page.keyboard.press("Enter")
    page.get_by_test_id("turn").wait_for()
    assert page.get_by_test_id("announced").inner_text().startswith("Turn 1: joy")
