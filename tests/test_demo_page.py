"""What `emoagent serve` shows at `/`: a page without data, whose files are built and shipped, under a strict policy."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from conftest import ROOT
from http_serving import ANN, Serving, client_of, problem, serving
from report_page import Page

from emoagent import TurnAnalyzer
from emoagent.settings import load_settings

STATIC = ROOT / "bridges" / "http" / "static"
BUILT = {"demo.js", "demo.css", "worklet.js"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with TurnAnalyzer() as analyzer, serving(tmp_path_factory.mktemp("demo"), analyzer=analyzer) as found:
        yield found


def _place(answer: httpx.Response) -> dict[str, object]:
    found: dict[str, object] = json.loads(Page(answer.text).inside("script", id="place"))
    return found


def test_the_page_and_its_policy(served: Serving) -> None:
    answer = served.client.get("/")
    told: str = answer.headers["content-security-policy"]
    rules = {name: value for name, _, value in (rule.partition(" ") for rule in told.split("; "))}
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert "unsafe" not in str(rules)
    assert answer.headers["permissions-policy"] == "camera=(self), microphone=(self), geolocation=()"
    page = Page(answer.text)
    assert [script.get("src") for script in page.every("script")] == [None, "/demo/demo.js"]
    assert "style" not in {name for name, _ in page.elements}
    assert _place(answer) == {"local": True, "keep_days": 1.0, "context": None}


def test_its_files_are_what_is_shipped(served: Serving) -> None:
    assert {path.name for path in STATIC.iterdir()} == BUILT
    for name in BUILT:
        answer = served.client.get(f"/demo/{name}")
        assert answer.content == (STATIC / name).read_bytes()
        assert answer.headers["content-type"].startswith("text/css" if name.endswith("css") else "text/javascript")
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name", ["../config.py", "..%2fconfig.py", "%2e%2e/auth.py", "demo.js/", "demo.js%00", "", "."]
)
def test_no_other_files_are(served: Serving, name: str) -> None:
    assert served.client.get(f"/demo/{name}").status_code in (404, 422)


def test_they_are_in_the_package_and_ask_for_nothing_elsewhere() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert settings["package-data"]["emoagent.bridges.http"] == ["static/*"]
    for name in BUILT:
        text = (STATIC / name).read_text(encoding="utf-8")
        assert not set(re.findall(r"https?://[\w.]+", text)) - {"http://www.w3.org"}, name


def test_with_a_key_not_even_the_page_is_shown(tmp_path: Path) -> None:
    with TurnAnalyzer() as analyzer, serving(tmp_path, (ANN,), analyzer) as found:
        with client_of(found.port) as stranger:
            problem(stranger.get("/"), 401, "unauthorized")
            asked = stranger.get("/", headers={"Accept": "text/html"})
            assert asked.headers["www-authenticate"].startswith("Basic")
        assert found.client.get("/").status_code == 200


def test_at_work_the_page_offers_words_alone(tmp_path: Path) -> None:
    settings = load_settings(context="workplace")
    with TurnAnalyzer(settings=settings) as analyzer, serving(tmp_path, analyzer=analyzer) as found:
        assert _place(found.client.get("/"))["context"] == "workplace"
