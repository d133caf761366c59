"""What axe-core finds on a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

GRAVE = ("serious", "critical")


def grave(page: Page) -> list[str]:
    """Its serious and critical findings, as `rule: elements`."""
    package = pytest.importorskip("axe_playwright_python", reason="the extra `browser` is not installed")
    page.evaluate((Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found: Any = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [f"{v['id']}: {[n['html'][:160] for n in v['nodes'][:3]]} {v['nodes'][0]['failureSummary'][:300]}"
            for v in found["violations"] if v["impact"] in GRAVE]  # fmt: skip
