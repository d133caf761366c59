"""MER on small tables of the test's own, in the form of the authors'."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from example_trace import example_trace

from emoagent.errors import UsageError
from emoagent.evals.benchmark import Options
from emoagent.evals.mer import combined, mer

TABLE = "name,discrete,valence\ns1,happy,2.0\ns2,worried,-1\ns3,angry,-3\ns4,neutral,0\n"
SAID = (
    {"key": "s1", "label": "happy", "valence": 1},
    {"key": "s2", "label": "worry", "valence": -1},
    {"key": "s3", "label": "anger", "valence": -2},
    {"key": "s4", "label": "sad", "valence": 1},
)


def _file(folder: Path, lines: Iterable[Mapping[str, object]]) -> Path:
    file = folder / "mine.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return file


def test_emotion_and_valence_together(tmp_path: Path) -> None:
    (tmp_path / "test1-label.csv").write_text(TABLE, encoding="utf-8")
    result = mer(tmp_path, Options(split="test1", predictions=_file(tmp_path, SAID)))
    row = result.rows[0]
    assert row.figures["accuracy"].value == 3 / 4
    assert row.figures["weighted F1"].value == pytest.approx(3 / 4)
    assert row.figures["valence MSE"].value == pytest.approx((1 + 0 + 1 + 1) / 4)
    assert row.figures["combined"].value == pytest.approx(3 / 4 - 0.25 * 3 / 4)
    assert row.figures["combined"].low is not None
    assert combined(0.7757, 0.82) == pytest.approx(0.5707)
    ceiling = next(row for row in result.rows if row.system.startswith("ceiling"))
    assert ceiling.figures["accuracy"].value == 3 / 4


def test_a_missing_valence_is_no_zero(tmp_path: Path) -> None:
    (tmp_path / "test1-label.csv").write_text(TABLE, encoding="utf-8")
    said = (*SAID[:3], {"key": "s4", "label": "neutral"})
    figures = mer(tmp_path, Options(split="test1", predictions=_file(tmp_path, said))).rows[0].figures
    assert figures["selective valence MSE"].value == pytest.approx(2 / 3)
    assert {"valence MSE", "combined"} & set(figures) == set()


def test_tables_without_valence_and_of_other_years(tmp_path: Path) -> None:
    (tmp_path / "dataset").mkdir()
    (tmp_path / "dataset" / "track1_train_disdim.csv").write_text("name,discrete\ns1,surprise\ns2,sad\n", "utf-8")
    said = ({"key": "s1", "label": "surprised"}, {"key": "s9", "label": "sad"})
    result = mer(tmp_path, Options(predictions=_file(tmp_path, said)))
    assert (result.split, result.n, result.rows[0].invalid_rate) == ("dev", 2, 0.5)
    assert "combined" not in result.rows[0].figures
    with pytest.raises(UsageError, match="test2-label"):
        mer(tmp_path, Options(split="test2", predictions=_file(tmp_path, said)))


def test_unknown_labels_of_the_release_are_refused(tmp_path: Path) -> None:
    (tmp_path / "test1-label.csv").write_text("name,discrete,valence\ns1,bored,0\n", encoding="utf-8")
    with pytest.raises(UsageError, match="'bored'"):
        mer(tmp_path, Options(split="test1", predictions=_file(tmp_path, SAID)))


def test_runs_over_the_clips_are_judged_and_their_valence_is_stretched(tmp_path: Path) -> None:
    (tmp_path / "test1-label.csv").write_text("name,discrete,valence\nkitchen_table,sad,-1\n", encoding="utf-8")
    run = tmp_path / "runs" / "kitchen_table"
    run.mkdir(parents=True)
    (run / "trace.json").write_text(example_trace().model_dump_json(), encoding="utf-8")
    fused, text = mer(tmp_path, Options(split="test1", predictions=tmp_path / "runs")).rows[:2]
    assert (fused.system, text.system) == ("fused", "text only")
    assert fused.figures["accuracy"].value == 1
    valence = 5 * (0.66 * 2.6 - 0.24 * 1.9 - 0.08 * 1.9 - 0.52 * 3.4) / 9.8
    assert fused.figures["valence MSE"].value == pytest.approx((valence + 1) ** 2)
