"""The report of an hour of conversation stays light, with its pictures beside it or inside."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
HEAVIEST = 8_000_000  # bytes


@pytest.fixture(autouse=True)
def from_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT), *sys.path])


def _made(folder: Path, pictured: float) -> tuple[Path, Any]:
    size = importlib.import_module("benchmarks.hour").Hour(pictured=pictured)
    return importlib.import_module("benchmarks.hour_page").page(folder, size), size


@pytest.mark.slow
@pytest.mark.parametrize("pictured", [1.0, 0.13])
def test_an_hour_is_light(tmp_path: Path, pictured: float) -> None:
    """900 utterances and 30 curves; a picture to each, or to as few as are put into the page."""
    page, size = _made(tmp_path, pictured)
    assert page.stat().st_size < HEAVIEST
    table = page.read_text(encoding="utf-8").partition("</noscript>")[0]
    assert table.count("<tr>") == size.utterances + 1


def test_an_hour_is_always_the_same() -> None:
    module = importlib.import_module("benchmarks.hour")
    size = module.Hour(seconds=60.0, utterances=15)
    assert module.hour(size) == module.hour(size)
    assert {len(module.hour(size).people), len(list(importlib.import_module("benchmarks.hour_series").curves(
        module.hour(size))))} == {3, 30}  # fmt: skip
