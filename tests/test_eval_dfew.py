"""DFEW on five small folds of the test's own, in the form of the authors'."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emoagent.errors import UsageError
from emoagent.evals.benchmark import Options
from emoagent.evals.corpora.dfew import dfew as read
from emoagent.evals.dfew import dfew

FOLDS = {1: "1,1\n2,4\n3,4\n", 2: "4,1\n", 3: "5,1\n", 4: "6,1\n", 5: "7,1\n"}
SAID = (
    {"key": "1", "label": "happy"},
    {"key": "00002", "label": "joy"},
    {"key": "00003", "label": "angry"},
    *({"key": f"0000{number}", "label": "happy"} for number in (4, 5, 6)),
    {"key": "00007", "abstained": True},
)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    folder = tmp_path / "EmoLabel_DataSplit" / "test(single-labeled)"
    folder.mkdir(parents=True)
    for fold, table in FOLDS.items():
        (folder / f"set_{fold}.csv").write_text(f"video_name,label\n{table}", encoding="utf-8")
    (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, SAID)), encoding="utf-8")
    return tmp_path


def test_uar_and_war_of_folds_and_of_all(release: Path) -> None:
    result = dfew(release, Options(split="test", predictions=release / "mine.jsonl"))
    means, whole = (row for row in result.rows if row.system == "mine")
    assert (means.part, whole.part, whole.n) == ("mean of folds", "all", 7)
    assert means.figures["UAR"].value == pytest.approx(((1 + 1 / 2) / 2 + 1 + 1 + 1 + 0) / 5)
    assert means.figures["WAR"].value == pytest.approx((2 / 3 + 1 + 1 + 1 + 0) / 5)
    assert means.figures["WAR"].low is not None
    assert whole.figures["UAR"].value == pytest.approx((4 / 5 + 1 / 2) / 2)
    assert whole.figures["WAR"].value == pytest.approx(5 / 7)
    assert whole.abstention_rate == pytest.approx(1 / 7)


def test_one_fold_alone(release: Path) -> None:
    rows = dfew(release, Options(split="fold1", predictions=release / "mine.jsonl")).rows
    assert [(row.system, row.part) for row in rows] == [("mine", "all"), ("floor: majority", "all")]
    assert rows[0].figures["UAR"].value == pytest.approx(3 / 4)


def test_labels_and_both_layouts_of_the_release(release: Path) -> None:
    assert [(clip.name, clip.label) for clip in read(release, 1)] == [
        ("00001", "joy"), ("00002", "anger"), ("00003", "anger"),
    ]  # fmt: skip
    (release / "label").mkdir()
    (release / "EmoLabel_DataSplit").rename(release / "moved")
    table = "video_name,label\n" + "".join(f"{n},{n}\n" for n in range(1, 8))
    (release / "label" / "single_testset_1.csv").write_text(table, encoding="utf-8")
    assert [clip.label for clip in read(release, 1)] == [
        "joy", "sadness", "neutral", "anger", "surprise", "disgust", "fear",
    ]  # fmt: skip
    (release / "label" / "single_testset_1.csv").write_text("video_name,label\n1,8\n", encoding="utf-8")
    with pytest.raises(UsageError, match="'8'"):
        read(release, 1)
    with pytest.raises(UsageError, match="does not exist"):
        read(release, 2)


def test_the_test_split_is_asked_for_by_name(release: Path) -> None:
    with pytest.raises(UsageError, match="no split 'dev'"):
        dfew(release, Options(predictions=release / "mine.jsonl"))
