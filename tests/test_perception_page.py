"""The page of perception figures: made by the benchmark, with all of its topics as they are now."""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def from_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT), *sys.path])


def test_every_topic_stands_on_the_page_with_its_introduction() -> None:
    main = importlib.import_module("benchmarks.perception.__main__")
    page = (ROOT / "docs" / "perception.md").read_text(encoding="utf-8")
    assert page.startswith(main.HEAD)
    for topic in main.topics():
        module = importlib.import_module(f"benchmarks.perception.{topic}")
        introduction = (inspect.getdoc(module) or "").strip()
        assert f"## {topic.replace('_', ' ').capitalize()}\n\n{introduction}\n\n| what |" in page, topic


def test_a_goal_that_is_missed_is_shown() -> None:
    main = importlib.import_module("benchmarks.perception.__main__")
    row = importlib.import_module("benchmarks.perception.row").Row
    table = main._section(
        "cost", [row("a", "b", "1", "2", met=False), row("c", "d", "3"), row("e", "f", "4", "5", True)]
    )
    assert table.endswith("| a | b | 1 | 2 | **no** |\n| c | d | 3 |  |  |\n| e | f | 4 | 5 | yes |\n")
