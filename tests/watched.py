"""A page of a real browser that is watched: what it asks for, prints, refuses, and opens is kept."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

ROOT = Path(__file__).parents[1]
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
NEAR = 0.3  # seconds by which a seek may miss
PATIENCE = 15.0  # seconds
LISTEN = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (e) => refused.push(`${e.violatedDirective} ${e.blockedURI}`));
"""


class Watched:
    """`page`, and what happened on it since it was opened."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.requests: list[str] = []
        self.trouble: list[str] = []
        self.page.add_init_script(LISTEN)
        context.on("page", lambda other: self.trouble.append(f"opened {other.url}"))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", self._failed)
        self.page.on("dialog", self._dialog)
        self.page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        self.page.on("console", self._printed)

    def _dialog(self, dialog: Any) -> None:
        self.trouble.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _failed(self, request: Any) -> None:
        """What the policy refuses is reported as if it had been asked for."""
        if request.failure == "csp":
            self.requests.remove(request.url)

    def _printed(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.trouble.append(f"{message.type}: {message.text}")

    def open(self, address: str) -> Page:
        """Goes to `address` and waits until the page has drawn itself."""
        self.page.goto(address)
        self.page.locator("#app > *").first.wait_for()
        return self.page

    def elsewhere(self, *allowed: str) -> list[str]:
        """The addresses asked for that begin with none of `allowed`; pictures and data inside the page go nowhere."""
        return [url for url in self.requests if not url.startswith((*allowed, "data:", "blob:"))]

    def check(self, *allowed: str) -> None:
        """Nothing ran that should not, nothing was refused, nothing left the page but for `allowed` addresses."""
        refused = self.page.evaluate("window.refused")
        assert not self.trouble + refused + self.elsewhere(*allowed), (self.trouble, refused, self.elsewhere(*allowed))


Opened = Callable[..., Watched]


def until(page: Page, expression: str, argument: Any = None) -> None:
    """Waits until an expression is true. (Playwright's own way of waiting is refused by the page's policy.)"""
    latest = time.monotonic() + PATIENCE
    while not page.evaluate(expression, argument):
        assert time.monotonic() < latest, f"in vain: {expression} {argument or ''}"
        page.wait_for_timeout(30)


def ready(page: Page) -> None:
    """Waits until the video knows its length and can be moved."""
    until(page, "document.querySelector('video')?.readyState >= 1")


def at(page: Page, seconds: float) -> None:
    """Waits until the video stands at `seconds`, within `NEAR`."""
    video = "((v) => !v.seeking && Math.abs(v.currentTime - {}) < {})(document.querySelector('video'))"
    until(page, video.format(seconds, NEAR))


def drawn(page: Page) -> None:
    """Waits until the minimap and a curve of the lanes show something."""
    _painted(page, "[data-testid=minimap] canvas")
    page.locator("[data-kind=unit], [data-kind=voice]").first.scroll_into_view_if_needed()
    _painted(page, "[data-testid=lane] canvas")
    page.get_by_test_id("group").first.scroll_into_view_if_needed()


def _painted(page: Page, selector: str) -> None:
    until(page, """(selector) => [...document.querySelectorAll(selector)].some((canvas) => {
      if (!canvas.width) return false;
      const copy = Object.assign(document.createElement("canvas"), {width: canvas.width, height: canvas.height});
      const context = copy.getContext("2d", {willReadFrequently: true});  // to read the page's own would be remarked on
      context.drawImage(canvas, 0, 0);
      return context.getImageData(0, 0, copy.width, copy.height).data.some((value) => value);
    })""", selector)  # fmt: skip


def choose(page: Page, utterance: str) -> None:
    """Opens an utterance in the panel."""
    page.get_by_test_id("tab-utterance").click()
    page.evaluate(f"location.hash = new URLSearchParams({{u: {utterance!r}}})")
    page.locator(f"article[data-utterance={utterance!r}]").wait_for()


@contextmanager
def inspecting(run: Path, *more: str) -> Iterator[str]:
    """The address of a real `emoagent inspect`, which is asked to stop in the end."""
    command = [sys.executable, "-P", "-m", "emoagent", "inspect", str(run), "--no-open", *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()
