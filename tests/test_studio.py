"""The graph that LangGraph's development tools open: what langgraph.json names is there, and runs with plain fields."""

from __future__ import annotations

import importlib
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from emoagent.errors import MediaError
from emoagent.graphs.episode import episode_graph
from emoagent.graphs.state import Environment, Episode
from emoagent.studio import Studio, episode

GRAPH: Any = episode  # its context is declared to be an `Environment`


def test_what_the_file_names_is_the_episodes_graph() -> None:
    named = json.loads((ROOT / "langgraph.json").read_text())["graphs"]
    module, _, name = named["episode"]["path"].partition(":")
    assert getattr(importlib.import_module(module), name) is episode
    assert episode.get_graph().to_json() == episode_graph().get_graph().to_json()


def test_its_surroundings_are_those_of_a_run() -> None:
    assert all(isinstance(getattr(Studio, each.name), object) for each in fields(Environment))
    assert {each.name for each in fields(Environment)} <= set(dir(Studio))
    assert all(each.type == "str" for each in fields(Studio))


def test_it_runs(brief: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    values = GRAPH.invoke(Episode(), context=Studio(str(brief), "transcript"))
    assert [verdict.utterance for verdict in values["verdicts"]] == ["u1", "u2", "u3"]
    assert list((tmp_path / "emoagent-studio").iterdir())


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(MediaError, match="no such file"):
        GRAPH.invoke(Episode(), context=Studio("/nowhere.mp4"))
