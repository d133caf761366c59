"""MER's open-vocabulary track on a small table of the test's own; the scores are in test_scoring_open.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emoagent.evals.benchmark import Options
from emoagent.evals.corpora.mer_ov import Clip
from emoagent.evals.mer_ov import floor, mer_ov

TABLE = 'name,openset\ns1,"[happy, excited]"\ns2,"[worried, zzz]"\ns3,[joy]\ns4,[zzz]\n'
SAID = (
    {"key": "s1", "labels": ["Joyful", "sad"]},
    {"key": "s2", "text": "She is not happy; there is fear."},
    {"key": "s3", "abstained": True},
    {"key": "s4", "label": "zzz"},
)


def test_words_labels_and_texts_are_scored(tmp_path: Path) -> None:
    (tmp_path / "track2_train_ovmerd.csv").write_text(TABLE, encoding="utf-8")
    file = tmp_path / "mine.jsonl"
    file.write_text("\n".join(map(json.dumps, SAID)), encoding="utf-8")
    result = mer_ov(tmp_path, Options(predictions=file))
    rows = {(row.system, row.part): row for row in result.rows}
    assert (result.n, result.judge) == (4, None)
    assert rows["mine", "synonyms"].figures["F1"].value == pytest.approx(0.375)
    assert rows["mine", "wheel level 1"].figures["F1"].value == pytest.approx(4 / 7)
    assert rows["mine", "wheel level 2"].figures["recall"].value == pytest.approx(4 / 9)
    assert rows["mine", "synonyms"].abstention_rate == 0.25


def test_an_answer_that_names_nothing_is_invalid(tmp_path: Path) -> None:
    (tmp_path / "track2_train_ovmerd.csv").write_text(TABLE, encoding="utf-8")
    file = tmp_path / "mine.jsonl"
    file.write_text('{"key": "s1", "text": "A man in a kitchen."}', encoding="utf-8")
    row = mer_ov(tmp_path, Options(predictions=file)).rows[0]
    assert row.invalid_rate == 1
    assert row.figures["F1"].value == 0


def test_the_floor_says_the_most_frequent_words() -> None:
    clips = [Clip("a", ("joy", "awe")), Clip("b", ("joy", "fear")), Clip("c", ("zeal", "fear"))]
    assert floor(clips, 2)[0].said == ("fear", "joy")
