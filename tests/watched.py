"""A page of a real browser that is watched: what it asks for, prints, refuses, and opens is kept."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import BrowserContext, Page

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
        self.page.on("dialog", self._dialog)
        self.page.on("pageerror", lambda error: self.trouble.append(f"error: {error}"))
        self.page.on("console", self._printed)

    def _dialog(self, dialog: Any) -> None:
        self.trouble.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _printed(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.trouble.append(f"{message.type}: {message.text}")

    def open(self, address: str) -> Page:
        """Goes to `address` and waits until the report is there."""
        self.page.goto(address)
        self.page.locator("#app > *").first.wait_for()
        return self.page

    def elsewhere(self, *allowed: str) -> list[str]:
        """The addresses asked for that begin with none of `allowed`; pictures and data inside the page go nowhere."""
        return [url for url in self.requests if not url.startswith((*allowed, "data:", "blob:"))]

    def check(self, *allowed: str) -> None:
        """Nothing ran, nothing was refused, nothing left the page but for `allowed` addresses."""
        assert not self.trouble
        assert self.page.evaluate("window.refused") == []
        assert not self.elsewhere(*allowed)
