"""EMER on a small table of the test's own, with the judge that counts words and with one that is made up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emoagent.errors import UsageError
from emoagent.evals import emer as module
from emoagent.evals.benchmark import Options
from emoagent.evals.corpora.emer import emer as read
from emoagent.evals.emer import emer
from emoagent.evals.scoring.judge import Overlap

TABLE = """name,chinese,english
s1,略,"He frowns and speaks loudly, angry."
s2,略,"She smiles; she is happy, then scared."
s3,略,He walks.
s4,略,
"""
SAID = (
    {"key": "s1", "text": "An angry man frowns."},
    {"key": "s2", "label": "glad"},
    {"key": "s3", "abstained": True},
)


@pytest.fixture
def options(tmp_path: Path) -> Options:
    (tmp_path / "final-EMER-reason.csv").write_text(TABLE, encoding="utf-8")
    file = tmp_path / "mine.jsonl"
    file.write_text("\n".join(map(json.dumps, SAID)), encoding="utf-8")
    return Options(split="test", predictions=file)


def test_both_versions_of_the_release(tmp_path: Path, options: Options) -> None:
    assert [clip.name for clip in read(tmp_path)] == ["s1", "s2", "s3"]
    (tmp_path / "final-EMER-reason.csv").unlink()
    (tmp_path / "gt-eng.csv").write_text("names,emotions,subtitles,reasons\nx,sad,Oh.,She  weeps.\n", encoding="utf-8")
    assert [(clip.name, clip.text) for clip in read(tmp_path)] == [("x", "She weeps.")]


def test_shared_words_and_emotions(tmp_path: Path, options: Options) -> None:
    result = emer(tmp_path, options)
    row = result.rows[0]
    assert (result.judge, result.n, row.system) == ("overlap", 3, "mine")
    clues = (4 / 7, 2 * (1 * 1 / 3) / (1 + 1 / 3), 0)  # the second: joy of smile, joy and fear
    assert row.figures["clue overlap"].value == pytest.approx(sum(clues) / 3)
    assert row.figures["label overlap"].value == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert row.figures["clue overlap"].unit == "F1 of words"
    assert row.abstention_rate == pytest.approx(1 / 3)


def test_what_cannot_be_judged_is_left_out_and_counted(
    tmp_path: Path, options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Moody(Overlap):
        def clues(self, truth: str, said: str) -> float | None:
            return None if "frowns" in truth else 8.0

    monkeypatch.setattr(module, "judge", lambda name: Moody(id="moody", unit="rating 1-10", lowest=1.0))
    row = emer(tmp_path, options).rows[0]
    assert row.figures["clue overlap"].value == pytest.approx((8 + 1) / 2)
    assert row.figures["clue overlap: not judged"].value == 1
    assert row.figures["clue overlap"].unit == "rating 1-10"


def test_an_unknown_judge_is_refused(tmp_path: Path, options: Options) -> None:
    with pytest.raises(UsageError, match="no judge 'gpt'"):
        emer(tmp_path, Options(split="test", predictions=options.predictions, judge="gpt"))
