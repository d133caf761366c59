"""A real Chromium for these tests, named by EMOAGENT_TEST_CHROMIUM, and results to open in it.

Pictures of what was looked at are written to EMOAGENT_TEST_ARTEFACTS, or to build/browser.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from watched import DESK, ROOT, Opened, Watched, inspecting

if TYPE_CHECKING:
    from emoagent.schema import Trace


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them need the browser, and are skipped where there is none."""
    lacking = _lacking()
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if lacking:
                item.add_marker(pytest.mark.skip(reason=lacking))


def _lacking() -> str | None:
    if not os.environ.get("EMOAGENT_TEST_CHROMIUM"):
        return "no browser (set EMOAGENT_TEST_CHROMIUM to a Chromium)"
    return None if importlib.util.find_spec("playwright") else "the extra `browser` is not installed"


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The browser, with a profile of its own that lasts as long as the tests."""
    with benchmark("chromium").browser() as started:
        yield started


@pytest.fixture
def opened(browser: Any) -> Iterator[Opened]:
    """Makes watched pages: `opened(viewport=PHONE, color_scheme="dark")`."""
    contexts = []

    def make(**more: Any) -> Watched:
        contexts.append(browser.new_context(**{"viewport": DESK, "accept_downloads": True, **more}))
        contexts[-1].set_default_timeout(15_000)
        return Watched(contexts[-1])

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def artefacts() -> Path:
    """Where pictures go."""
    folder = Path(os.environ.get("EMOAGENT_TEST_ARTEFACTS", ROOT / "build" / "browser"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def report(browser: Any, sampled: tuple[Trace, Path]) -> str:
    """The address, on disk, of the report of the sample as the analysis wrote it."""
    return (sampled[1] / "report.html").as_uri()


@pytest.fixture(scope="session")
def trace(browser: Any, sampled: tuple[Trace, Path]) -> Trace:
    """What the report of the sample shows."""
    return sampled[0]


@pytest.fixture(scope="session")
def inspected(browser: Any, sampled: tuple[Trace, Path]) -> Iterator[str]:
    """The address at which `emoagent inspect` serves the sample's result."""
    with inspecting(sampled[1]) as address:
        yield address


@pytest.fixture(scope="session")
def hour(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the report of an hour of conversation (see benchmarks/hour.py)."""
    page: Path = benchmark("hour_page").page(tmp_path_factory.mktemp("hour"), benchmark("hour").Hour())
    return page.as_uri()


def benchmark(name: str) -> Any:
    """A module of benchmarks/, which is not installed."""
    sys.path.append(str(ROOT))
    try:
        return importlib.import_module(f"benchmarks.{name}")
    finally:
        sys.path.remove(str(ROOT))
