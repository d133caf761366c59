"""A real Chromium, driven by Playwright: the one of the system, with an empty profile, that calls nobody by itself."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required")  # fmt: skip


def chromium() -> str | None:
    """Where the browser is: `EMOAGENT_TEST_CHROMIUM`, or the one on the path; None where there is none."""
    named = os.environ.get("EMOAGENT_TEST_CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser of its own. Raises `SystemExit` where there is none."""
    from playwright.sync_api import sync_playwright

    program = chromium()
    if program is None:
        raise SystemExit("no Chromium: install one and name it in EMOAGENT_TEST_CHROMIUM")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        yield started
        started.close()
