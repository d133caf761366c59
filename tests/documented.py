"""The programs that stand in the documentation, so that tests can run them as they are."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def programs(page: str, language: str = "python") -> list[str]:
    """The fenced blocks of `language` in a page of docs/, e.g. `integrations/http.md`, in order."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return [body for kind, body in BLOCK.findall(text) if kind == language]
