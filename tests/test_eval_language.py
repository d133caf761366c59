"""A benchmark of dialogues with a language model as the reasoner."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from scripted import Scripted, ids, reply
from text_corpora import meld_corpus
from text_models import fake_text_model

from emoagent.errors import BackendUnreachable, UsageError
from emoagent.evals.benchmark import Options
from emoagent.evals.meld import meld
from emoagent.settings import Settings
from emoagent.tools.language.backends import Backends, backends
from emoagent.tools.language.generation import Question

OPTIONS = Options(reasoner="language")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    fake_text_model(monkeypatch)
    return meld_corpus(tmp_path)


def test_the_language_model_answers_every_line(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, seen = Scripted(lambda asked: reply("anger", ids(asked)[:1])), list[Settings]()

    def opened(settings: Settings, folder: Path) -> Backends:
        seen.append(settings)
        return Backends(model)

    monkeypatch.setattr("emoagent.evals.replay.open_backends", opened)
    result = meld(data, OPTIONS)
    rows = {row.system: row for row in result.rows}
    assert result.reasoner == "language"
    assert len(model.asked) == rows["fused"].n == 5
    assert rows["fused"].figures["accuracy"].value == pytest.approx(1 / 5)
    assert rows["text only"].figures["accuracy"].value == pytest.approx(3 / 5)
    assert any(note.startswith("judged by scripted (chat-completions), prompts ") for note in result.notes)
    assert (seen[0].reasoner, seen[0].captions) == ("language", "off")
    assert backends().reasoner is None


def test_what_cannot_be_read_is_invalid_and_not_neutral(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Scripted(lambda asked: "neutral")
    monkeypatch.setattr("emoagent.evals.replay.open_backends", lambda settings, folder: Backends(model))
    result = meld(data, OPTIONS)
    [fused] = [row for row in result.rows if row.system == "fused"]
    assert fused.invalid_rate == 1
    assert fused.figures["accuracy"].value == 0


def test_the_model_is_named_by_the_settings(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="which language model"):
        meld(data, OPTIONS)
    monkeypatch.setenv("EMOAGENT_REASONER_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("EMOAGENT_REASONER_MODEL", "tiny")
    with pytest.raises(UsageError, match="no reasoner 'neural'"):
        meld(data, replace(OPTIONS, reasoner="neural"))
    assert meld(data, Options()).reasoner == "embedded"


def test_a_server_that_is_gone_ends_it(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(asked: Question) -> str:
        raise BackendUnreachable("gone")

    monkeypatch.setattr("emoagent.evals.replay.open_backends", lambda settings, folder: Backends(Scripted(gone)))
    with pytest.raises(BackendUnreachable):
        meld(data, OPTIONS)
