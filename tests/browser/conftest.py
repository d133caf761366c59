"""A real Chromium for these tests, named by EMOAGENT_TEST_CHROMIUM; results of real clips to open in it.

Pictures of what was looked at are written to EMOAGENT_TEST_ARTEFACTS, or to build/browser.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from watched import Watched

ROOT = Path(__file__).parents[2]
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}

Opened = Callable[..., "Watched"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them need the browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The browser, with a profile of its own that lasts as long as the tests."""
    if not os.environ.get("EMOAGENT_TEST_CHROMIUM"):
        pytest.skip("no browser (set EMOAGENT_TEST_CHROMIUM to a Chromium)")
    pytest.importorskip("playwright", reason="the extra `browser` is not installed")
    with benchmark("chromium").browser() as started:
        yield started


@pytest.fixture
def opened(browser: Any) -> Iterator[Opened]:
    """Makes watched pages: `opened(viewport=PHONE, color_scheme="dark")`."""
    from watched import Watched

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
def report(sampled: tuple[Any, Path]) -> Path:
    """The report of the sample as the analysis wrote it."""
    return sampled[1] / "report.html"


@pytest.fixture(scope="session")
def hour_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of an hour of conversation (see benchmarks/hour.py)."""
    folder: Path = tmp_path_factory.mktemp("hour")
    page: Path = benchmark("hour_page").page(folder, benchmark("hour").Hour())
    return page


@pytest.fixture(scope="session")
def inspected(sampled: tuple[Any, Path]) -> Iterator[str]:
    """The address at which `emoagent inspect` serves the sample's result."""
    with inspecting(sampled[1]) as address:
        yield address


@contextmanager
def inspecting(run: Path, *more: str) -> Iterator[str]:
    """A real server process, asked to stop in the end."""
    command = [sys.executable, "-P", "-m", "emoagent", "inspect", str(run), "--no-open", *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            yield _address(server)
        finally:
            server.terminate()


def _address(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    said = []
    for line in server.stdout:
        said.append(line)
        found = [word for word in line.split() if word.startswith("http://")]
        if found:
            return found[0].rstrip(".,")
    raise AssertionError(f"no address: {''.join(said)}")


def benchmark(name: str) -> Any:
    """A module of benchmarks/, which is not installed."""
    sys.path.append(str(ROOT))
    try:
        return importlib.import_module(f"benchmarks.{name}")
    finally:
        sys.path.remove(str(ROOT))
