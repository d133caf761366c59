"""Which profile runs and why, what it opens, and what is said where something is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_broken_inputs import run

from emoagent import profiles
from emoagent.errors import ExtraMissing, ModelMissing, UsageError
from emoagent.profiles import REASONER, VISION, lacking, open_backends, pick_profile
from emoagent.settings import Settings
from emoagent.tools.language.backends import Backends
from emoagent.tools.language.chat_completion import ChatServer
from emoagent.tools.language.journal import Remembering

SAMPLE = Path(__file__).parents[1] / "samples" / "dialogue.mp4"
URL = "http://127.0.0.1:9/v1"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings, no pulled models and no large libraries but those of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EMOAGENT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    installed(monkeypatch)


def installed(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    """Only these of the large libraries can be found."""
    monkeypatch.setattr(profiles, "find_spec", lambda name: name if name in packages else None)


@pytest.mark.parametrize(
    ("told", "libraries", "picked", "why"),
    [
        ({}, (), "embedded", "no server and no model"),
        ({}, ("torch", "transformers"), "embedded", "no server and no model"),
        ({"reasoner_url": URL}, (), "server", "server is named"),
        ({"vision_url": URL}, (), "server", "server is named"),
        ({"reasoner_url": URL, "reasoner_model": "a/b"}, ("torch", "transformers"), "server", "server is named"),
        ({"reasoner_model": "a/b"}, ("torch", "transformers"), "local", "model is named"),
        ({"vision_model": "a/b"}, ("torch", "transformers"), "local", "torch and transformers are installed"),
        ({"reasoner_model": "a/b"}, ("torch",), "embedded", "no server"),
        ({"profile": "local"}, (), "local", "asked for"),
        ({"profile": "embedded", "reasoner_url": URL}, (), "embedded", "asked for"),
    ],
)
def test_which_is_picked_and_why(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, Any], libraries: tuple[str, ...], picked: str, why: str
) -> None:
    installed(monkeypatch, *libraries)
    name, reason = pick_profile(Settings(**told))
    assert name == picked
    assert why in reason


def test_embedded_opens_nothing(tmp_path: Path) -> None:
    assert open_backends(Settings(), tmp_path) == Backends()
    assert not list(tmp_path.iterdir())


def opened(tmp_path: Path, **told: Any) -> tuple[str | None, str | None, str | None]:
    """The names of the models that are opened."""
    found = open_backends(Settings(profile="server", **told), tmp_path)
    models = (found.reasoner, found.vision, found.verifier)
    assert all(model is None or isinstance(model, Remembering) for model in models)
    return tuple(model.name if model else None for model in models)  # type: ignore[return-value]


def test_server_opens_what_is_named(tmp_path: Path) -> None:
    everything = {"reasoner_model": "r", "vision_model": "v", "verifier_model": "s"}
    assert opened(tmp_path, reasoner_url=URL, reasoner_model="r") == ("r", None, None)
    assert opened(tmp_path, vision_url=URL, vision_model="v") == (None, "v", None)
    assert opened(tmp_path, reasoner_url=URL, **everything) == ("r", "v", "s")
    assert opened(tmp_path, reasoner_url=URL, **everything, captions="off") == ("r", None, "s")
    assert opened(tmp_path, reasoner_url=URL, **everything, reasoner="embedded", captions="off")[:2] == (None, None)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({}, "needs a server and the name of a model"),
        ({"reasoner_url": URL}, "needs a server and the name of a model"),
        ({"reasoner_model": "r"}, "which server has the model 'r'"),
        ({"vision_url": URL, "vision_model": "v", "reasoner_model": "r"}, "which server has the model 'r'"),
    ],
)
def test_server_that_is_not_named(tmp_path: Path, told: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        open_backends(Settings(profile="server", **told), tmp_path)
    assert caught.value.exit_status == 2
    assert "EMOAGENT_REASONER_URL" in caught.value.hint


def test_local_without_its_libraries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for there, absent in (((), "torch"), (("torch",), "transformers")):
        installed(monkeypatch, *there)
        with pytest.raises(ExtraMissing, match=f"'{absent}'") as caught:
            open_backends(Settings(profile="local"), tmp_path)
        assert caught.value.exit_status == 5
        assert "emoagent[local]" in caught.value.hint


def test_local_without_its_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed(monkeypatch, "torch", "transformers")
    with pytest.raises(ModelMissing, match=REASONER) as caught:
        open_backends(Settings(profile="local"), tmp_path)
    assert caught.value.hint == f"emoagent models pull {REASONER}"
    with pytest.raises(ModelMissing, match=VISION):
        open_backends(Settings(profile="local", reasoner_model=str(tmp_path)), tmp_path)


def test_what_is_lacking() -> None:
    assert [what for what, _ in lacking("server", Settings())] == [
        "the address of a server",
        "the name of a model there",
    ]
    assert not list(lacking("server", Settings(reasoner_url=URL, reasoner_model="r")))
    needs = [what for what, _ in lacking("local", Settings())]
    assert needs == ["the package torch", "the package transformers", f"the model {REASONER}", f"the model {VISION}"]
    assert len(list(lacking("local", Settings(reasoner="embedded", captions="off")))) == 2
    assert not list(lacking("embedded", Settings()))


@pytest.mark.parametrize(("profile", "status", "code"), [("server", 2, "usage"), ("local", 5, "extra_missing")])
def test_the_command_says_it_before_it_works(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], profile: str, status: int, code: str
) -> None:
    assert run(monkeypatch, "analyze", SAMPLE, "--profile", profile, "--json") == status
    said = capsys.readouterr()
    assert not said.out
    assert json.loads(said.err.splitlines()[-1])["code"] == code


def test_doctor_says_which_is_picked_and_what_the_others_need(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "doctor", "--json")
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
    assert checks["profile"]["found"].startswith("embedded: no server and no model is named")
    assert checks["profile local"]["state"] == checks["profile server"]["state"] == "note"
    assert "pip install 'emoagent[local]'" in checks["profile local"]["fix"]
    assert f"emoagent models pull {REASONER}" in checks["profile local"]["fix"]
    monkeypatch.setenv("EMOAGENT_PROFILE", "local")
    assert run(monkeypatch, "doctor", "--json") == 5
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
    assert checks["profile local"]["state"] == "problem"


def test_a_server_is_a_chat_server() -> None:
    model = profiles._server(Settings(), f"{URL}/", "m")
    assert isinstance(model, ChatServer)
    assert model.name == "m"
