"""MELD, on the path that an analysis takes, with a text model whose answers are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from text_corpora import MELD_ROWS, meld_corpus
from text_models import fake_text_model

from emoagent.errors import ModelMissing, UsageError
from emoagent.evals.benchmark import Options
from emoagent.evals.corpora.line import Line
from emoagent.evals.corpora.meld import meld as read
from emoagent.evals.meld import meld
from emoagent.evals.replay import dialogues, episode, replay, text_model_in, timeline
from emoagent.tools.words import text_model

OPTIONS = Options()


@pytest.fixture(autouse=True)
def known_model(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_text_model(monkeypatch)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return meld_corpus(tmp_path)


def test_the_figures(data: Path) -> None:
    """Said: joy, anger, sadness, neutral, joy; right: joy, anger, joy, neutral, neutral."""
    result = meld(data, OPTIONS)
    rows = {row.system: row for row in result.rows}
    assert list(rows) == [
        "fused",
        "text only",
        "difference: fused − text only",
        "floor: bare model call",
        "floor: majority",
    ]
    text = rows["text only"].figures
    assert text["accuracy"].value == pytest.approx(3 / 5)
    assert text["weighted F1"].value == pytest.approx((2 * 0.5 + 1 * 1 + 2 * 2 / 3) / 5)
    assert text["F1 anger"].value == pytest.approx(1)
    assert rows["floor: majority"].figures["accuracy"].value == pytest.approx(2 / 5)
    assert (result.n, result.split, result.seed, result.mode, result.reasoner) == (5, "dev", 7, "causal", "embedded")
    assert rows["fused"].milliseconds is not None
    assert rows["fused"].milliseconds > 0
    assert rows["floor: bare model call"].n == 5
    assert result.models
    assert result.emoagent


def test_the_reasoner_and_the_text_answer_the_same_items(data: Path) -> None:
    found = replay(read(data / "meld", "dev"), OPTIONS)
    assert [a.key for a in found.fused] == [a.key for a in found.text] == [f"dev/{d}/{u}" for d, u in _ids()]
    assert [a.group for a in found.fused] == ["dev/0"] * 3 + ["dev/1"] * 2
    assert [a.label for a in found.text] == ["joy", "anger", "sadness", "neutral", "joy"]
    assert all(abs(sum(a.distribution.values()) - 1) < 1e-3 for a in (*found.fused, *found.text))
    assert not found.faults


def test_no_verdict_sees_what_comes_later(data: Path) -> None:
    lines = read(data / "meld", "dev")
    changed = [*lines[:2], replace(lines[2], text="I am so afraid, wow!"), *lines[3:]]
    first, second = replay(lines, OPTIONS), replay(changed, OPTIONS)
    assert first.verdicts[:2] == second.verdicts[:2]
    assert first.verdicts[2] != second.verdicts[2]
    assert first.verdicts[3:] == second.verdicts[3:]


def test_a_dialogue_becomes_subtitles_with_quotations(data: Path) -> None:
    first, second = dialogues(read(data / "meld", "dev"))
    state = episode(first)
    assert [person.name for person in state.people] == ["Ann", "Bob"]
    assert [u.person for u in state.utterances] == ["p1", "p2", "p1"]
    assert [(e.kind, e.utterance, e.reliability) for e in state.evidence] == [
        ("quotation", f"u{i}", 0.95) for i in (1, 2, 3)
    ]
    assert len(episode(second).utterances) == 2


def test_the_time_line_mends_times_that_cannot_be(data: Path) -> None:
    """The third line begins before the second ends; the fourth would last five minutes: read at 15 a second."""
    first, second = (timeline(dialogue) for dialogue in dialogues(read(data / "meld", "dev")))
    assert [(s.start, s.end) for s in first] == [(0, 2.793), (4.671, 6.005), (6.505, 7.505)]
    assert [(s.start, s.end) for s in second] == [(0, 1.667), (2.167, 4.167)]  # 25 letters
    assert timeline([Line("Oh", ("joy",))])[0].duration == 0.2


def test_lines_that_stand_alone_are_dialogues_of_their_own() -> None:
    lines = [
        Line("a", ("joy",)),
        Line("b", ("joy",)),
        Line("c", ("joy",), dialogue="x"),
        Line("d", ("joy",), dialogue="x"),
    ]
    assert [len(part) for part in dialogues(lines)] == [1, 1, 2]
    assert list(dialogues([])) == []


def test_predictions_are_judged_by_the_same_ruler(data: Path, tmp_path: Path) -> None:
    """Right: one; wrong: one; a label that is none; abstained; missing."""
    file = tmp_path / "mine.jsonl"
    file.write_text(
        '{"key": "dev/0/0", "label": "Happiness", "milliseconds": 3}\n'
        '{"key": "dev/0/1", "distribution": {"neutral": 0.6, "anger": 0.4}, "milliseconds": 5}\n\n'
        '{"key": "dev/0/2", "label": "nostalgia"}\n'
        '{"key": "dev/1/0", "abstained": true}\n'
        '{"key": "dev/9/9", "label": "joy"}\n'
    )
    result = meld(data, Options(predictions=file))
    mine = result.rows[0]
    assert (result.reasoner, mine.system, mine.n, mine.milliseconds) == ("mine", "mine", 5, 4)
    assert (mine.invalid_rate, mine.abstention_rate) == (2 / 5, 1 / 5)
    assert mine.figures["accuracy"].value == pytest.approx(1 / 5)
    assert mine.figures["selective accuracy"].value == pytest.approx(1 / 2)
    assert "1 items have no line in it: invalid" in result.notes
    assert "1 lines are about other items" in result.notes
    assert not result.models


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", "line 1"),
        ('{"label": "joy"}', "key"),
        ('{"key": "dev/0/0", "confidence": 2}', "confidence"),
        ('{"key": "a"}\n{"key": "a"}', "twice"),
        ('{"key": "elsewhere", "label": "joy"}', "no key"),
    ],
)
def test_predictions_that_cannot_be_used(text: str, words: str, data: Path, tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text(text)
    with pytest.raises(UsageError, match=words):
        meld(data, Options(predictions=file))


def test_what_is_missing_or_unknown(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        meld(data, Options(split="test"))
    with pytest.raises(UsageError, match="no split"):
        meld(data, Options(split="all"))
    with pytest.raises(UsageError, match="not a folder"):
        meld(tmp_path / "none", OPTIONS)
    with pytest.raises(UsageError, match="no reasoner"):
        meld(data, Options(reasoner="oracle"))
    with pytest.raises(UsageError, match="cannot be read"):
        meld(data, Options(predictions=tmp_path / "none"))
    file = data / "meld" / "dev_sent_emo.csv"
    file.write_text(file.read_text().replace("Emotion", "Feeling"))
    with pytest.raises(UsageError, match="no column 'Emotion'"):
        meld(data, OPTIONS)


def test_a_text_model_elsewhere_is_used_for_the_time_being(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = list[Path | None]()
    monkeypatch.setattr(text_model, "load", lambda folder=None: asked.append(folder))
    monkeypatch.setenv("EMOAGENT_TEXT_MODEL", "/another")
    with text_model_in(tmp_path):
        text_model.text_model()
    text_model.text_model()
    assert asked == [tmp_path.resolve(), Path("/another")]


def test_a_model_that_is_missing_is_no_abstention(monkeypatch: pytest.MonkeyPatch, data: Path, tmp_path: Path) -> None:
    monkeypatch.undo()
    with pytest.raises(ModelMissing):
        meld(data, Options(text_model=tmp_path))


def test_a_part_of_the_data_says_so(data: Path) -> None:
    result = meld(data, Options(limit=2))
    assert result.n == 2
    assert "only the first 2 items" in result.notes[0]


def _ids() -> list[tuple[object, object]]:
    return [(row[5], row[6]) for row in MELD_ROWS]
