"""The programs of docs/integrations/python.md do what the page says, as they stand there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from documented import ROOT, programs

from emoagent.bridges import turns

PAGE = "integrations/python.md"
TOLD = (("joy", "sadness"), ("t1.transcript.1", "t1.voice.1"), ("voice", "text"))


@pytest.mark.parametrize("number", range(len(TOLD)))
def test_each_program(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(turns, "checked_deadline", lambda seconds: 30.0)  # the machine that runs the tests may be busy
    exec(compile(programs(PAGE)[number], PAGE, "exec"), {"__name__": "__main__"})
    shown = capsys.readouterr().out
    assert all(word in shown for word in TOLD[number]), shown


def test_all_of_them_are_run() -> None:
    assert len(programs(PAGE)) == len(TOLD)
    assert json.loads((ROOT / "docs/schema/affect_turn.json").read_text())["title"] == "AffectTurn"
