"""EmoryNLP, GoEmotions and EmoBank, with a text model whose answers are known."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from text_corpora import table
from text_models import fake_text_model

from emoagent.errors import UsageError
from emoagent.evals.benchmark import Options, find
from emoagent.evals.emobank import emobank
from emoagent.evals.emorynlp import emorynlp
from emoagent.evals.goemotions import goemotions
from emoagent.evals.result import Result, SystemRow


@pytest.fixture(autouse=True)
def known_model(monkeypatch: pytest.MonkeyPatch) -> None:
    fake_text_model(monkeypatch)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """EmoryNLP: right, right, wrong. GoEmotions: see the tests. EmoBank: four sentences."""
    head = "Utterance,Speaker,Emotion,Scene_ID,Utterance_ID,Season,Episode,Start_Time,End_Time"
    times = ("00:00:03.795", "00:00:05.004")
    table(
        tmp_path / "emorynlp" / "emorynlp_dev_final.csv",
        head,
        [
            ("I am so angry.", "['Joey', 'Ross']", "Sad", 2, 1, 1, 15, *times),
            ("I am happy.", "['Rachel Green']", "Joyful", 1, 2, 1, 15, *times),
            ("The book is on the table.", "['Rachel Green']", "Neutral", 1, 1, 1, 15, *times),
        ],
    )
    folder = tmp_path / "goemotions"
    folder.mkdir()
    (folder / "labels.txt").write_text("joy\nlove\nneutral\nsadness\n")
    (folder / "dev.tsv").write_text(
        "I am happy.\t0\ta\nI love being happy.\t0,1\tb\nThe book is on the table.\t2\tc\nSo sad, so happy.\t0,3\td\n"
    )
    table(
        tmp_path / "emobank" / "emobank.csv",
        "id,split,V,A,D,text",
        [
            ("e1", "dev", 5.0, 3.0, 3.0, "I am so happy."),
            ("e2", "dev", 3.0, 3.0, 3.0, "The book is on the table."),
            ("e3", "dev", 1.0, 3.0, 3.0, "I am so sad."),
            ("e4", "dev", 3.0, 5.0, 3.0, "I am so angry."),
            ("e5", "test", 1.0, 1.0, 1.0, "I am so sad."),
        ],
    )
    return tmp_path


@pytest.mark.parametrize(
    ("name", "file", "old", "new"),
    [
        ("emorynlp", "emorynlp_dev_final.csv", "['Rachel Green']", "Rachel"),
        ("emorynlp", "emorynlp_dev_final.csv", "Scene_ID", "Scene"),
        ("goemotions", "dev.tsv", "\t2\t", "\t99\t"),
        ("goemotions", "dev.tsv", "\t2\tc", ""),
        ("emobank", "emobank.csv", "5.0", "five"),
        ("emobank", "emobank.csv", ",I am so happy.", ""),
    ],
)
def test_files_of_another_form_are_a_usage_error(name: str, file: str, old: str, new: str, data: Path) -> None:
    path = data / name / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(UsageError, match=r"release|no column"):
        find(name)(data, Options())


def rows_of(result: Result) -> dict[tuple[str, str], SystemRow]:
    return {(row.system, row.part): row for row in result.rows}


def test_emorynlp(data: Path) -> None:
    result = emorynlp(data, Options())
    row = rows_of(result)["text only", "all"]
    assert row.figures["accuracy"].value == pytest.approx(2 / 3)
    assert row.figures["F1 sad"].value == 0
    assert result.models == {"fake": "f" * 64}
    assert result.n == 3
    assert any("trained on the train split" in note for note in result.notes)


def test_emorynlp_by_another_system(data: Path, tmp_path: Path) -> None:
    (tmp_path / "other.jsonl").write_text('{"key": "dev/s1e15/1/1", "label": "neutral"}\n')
    row = emorynlp(data, Options(predictions=tmp_path / "other.jsonl")).rows[0]
    assert row.figures["accuracy"].value == pytest.approx(1 / 3)
    assert row.invalid_rate == pytest.approx(2 / 3)


def test_goemotions(data: Path) -> None:
    """Said: {joy}, {joy, love}, {neutral}, {joy}. joy 3 of 3, love 1 of 1, neutral 1 of 1, sadness 0 of 1."""
    rows = rows_of(goemotions(data, Options()))
    sets = rows["text only", "28 labels"]
    assert sets.n == 4
    assert sets.figures["macro F1"].value == pytest.approx(3 / 4)
    assert sets.figures["micro F1"].value == pytest.approx(2 * 5 / (6 + 5))
    assert sets.figures["exact sets"].value == pytest.approx(3 / 4)
    grouped = rows["text only", "Ekman groups"]
    assert grouped.n == 3  # the fourth comment falls into two groups
    assert grouped.figures["weighted F1"].value == pytest.approx(1)
    assert rows["floor: majority", "Ekman groups"].figures["accuracy"].value == pytest.approx(2 / 3)
    assert rows["floor: always neutral", "28 labels"].figures["exact sets"].value == pytest.approx(1 / 4)


def test_goemotions_by_another_system(data: Path, tmp_path: Path) -> None:
    """a: right; b: half; c, d: no line."""
    lines = ('{"key": "a", "labels": ["joy"], "label": "joy"}', '{"key": "b", "labels": ["joy"]}')
    (tmp_path / "other.jsonl").write_text("\n".join(lines))
    rows = rows_of(goemotions(data, Options(predictions=tmp_path / "other.jsonl")))
    sets = rows["other", "28 labels"]
    assert (sets.invalid_rate, sets.abstention_rate) == (0.5, 0)
    assert sets.figures["exact sets"].value == pytest.approx(1 / 4)
    assert rows["other", "Ekman groups"].figures["accuracy"].value == pytest.approx(1 / 3)


def test_emobank(data: Path) -> None:
    result = emobank(data, Options())
    row = rows_of(result)["text only", "all"]
    assert (result.n, row.n) == (4, 4)
    assert row.figures["valence"].unit == "r"
    assert row.figures["valence"].value > 0.8
    assert ("fused", "all") in rows_of(result)


def test_emobank_by_another_system(data: Path, tmp_path: Path) -> None:
    """Valence 1, 0, and 0 for the two that are missing, against 5, 3, 1, 3: products 1.5, squares 8 and 0.75."""
    (tmp_path / "other.jsonl").write_text('{"key": "e1", "valence": 1}\n{"key": "e2", "valence": 0}\n')
    row = emobank(data, Options(predictions=tmp_path / "other.jsonl")).rows[0]
    assert row.figures["valence"].value == pytest.approx(2 / math.sqrt(8 * 0.75))
    assert row.figures["arousal"].value == 0
    assert row.invalid_rate == 0.5
