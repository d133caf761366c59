"""`emoagent agents`: everybody is there, each with a cost, and it is readable in a narrow terminal."""

from __future__ import annotations

import json

import pytest
from test_broken_inputs import run

from emoagent.agents.registry import agents


def test_json_tells_everything(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "agents", "--json") == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["role"] for row in rows} == {"hearer", "perceiver", "opiner", "reasoner", "auditor"}
    assert {agent.name for agent in agents()} | {"embedded", "audit"} == {row["name"] for row in rows}
    assert all(row["cost"] for row in rows)
    assert all(row["what it does"] and row["package"] == "emoagent" for row in rows)


@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_list_fits(width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert run(monkeypatch, "agents") == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines) <= width
    words = " ".join(" ".join(lines).split())
    for agent in agents():
        assert f"  {agent.name} " in "\n".join(lines)
        assert agent.summary in words
        assert agent.cost in words
