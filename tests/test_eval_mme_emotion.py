"""MME-Emotion on small questions of the test's own, in the form of the authors'."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emoagent.errors import UsageError
from emoagent.evals import mme_emotion as module
from emoagent.evals.benchmark import Options
from emoagent.evals.corpora.mme_emotion import mme_emotion as read
from emoagent.evals.mme_emotion import Rated, mme_emotion, scores
from emoagent.evals.result import SystemRow
from emoagent.evals.scoring.judge import Overlap, Reasoned

LAB = ["Anger", "Sadness", "Happiness", "Neutral"]
SENTIMENT = ["positive", "weak positive", "negative"]
MANY = ["anger", "disgust", "fear", "surprise"]
QUESTIONS = {
    "ER-Lab": [("IEMOCAP/video/a.mp4", "Sadness", LAB), ("IEMOCAP/video/b.mp4", "Anger", LAB)],
    "ML-ER": [("MAFW/video/1.mp4", "anger,disgust,fear", MANY)],
    "SA": [("MELD/video/d.mp4", "weak positive", SENTIMENT), ("MELD/video/e.mp4", "negative", SENTIMENT)],
}
CLUES = {"IEMOCAP/video/a.mp4": "A trembling voice, and tears."}
SAID = (
    {"key": "IEMOCAP/video/a.mp4", "steps": ["His voice trembles.", "He stands in a kitchen.", "He is sad."]},
    {"key": "b", "text": "Happiness."},
    {"key": "ML-ER:MAFW/video/1.mp4", "labels": ["anger", "surprise"]},
    {"key": "SA:MELD/video/d.mp4", "label": "weak positive"},
)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    for task, questions in QUESTIONS.items():
        for kind in ("question", "audio_clue"):
            (tmp_path / "MME-Emotion-Dataset" / task / kind).mkdir(parents=True)
        asked = [{"video_id": video, "label": label, "label_set": choices} for video, label, choices in questions]
        heard = [{"video_id": v, "ground_truth": label, "audio_clue": CLUES.get(v, "")} for v, label, _ in questions]
        folder = tmp_path / "MME-Emotion-Dataset" / task
        (folder / "question" / f"{task}.json").write_text(json.dumps(asked), encoding="utf-8")
        (folder / "audio_clue" / f"{task}_clues.json").write_text(json.dumps(heard), encoding="utf-8")
    (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, SAID)), encoding="utf-8")
    return tmp_path


def _rows(release: Path) -> dict[tuple[str, str], SystemRow]:
    result = mme_emotion(release, Options(split="test", predictions=release / "mine.jsonl"))
    assert (result.judge, result.n) == ("overlap", 5)
    return {(row.system, row.part): row for row in result.rows}


def test_questions_and_clues_are_read(release: Path) -> None:
    questions = read(release / "MME-Emotion-Dataset")
    assert [question.task for question in questions] == ["ER-Lab", "ER-Lab", "ML-ER", "SA", "SA"]
    assert (questions[0].key, questions[0].clues) == ("ER-Lab:IEMOCAP/video/a.mp4", "A trembling voice, and tears.")
    assert questions[2].labels == ("anger", "disgust", "fear")


def test_scores_of_one_answer() -> None:
    assert scores(Rated((1.0, 0.0, 1.0))) == (1.0, 0.5, 3.0)
    assert scores(Rated((1.0,))) == (1.0, 0.0, 1.0)


def test_recognition_reasoning_and_both(release: Path) -> None:
    rows = _rows(release)
    figures = rows["mine", "all"].figures
    recognition, reasoning = (1 + 0 + 1 / 3 + 1 + 0) / 5, (1 / 2) / 5
    assert figures["recognition"].value == pytest.approx(recognition)
    assert figures["reasoning"].value == pytest.approx(reasoning)
    assert figures["CoT"].value == pytest.approx((recognition + reasoning) / 2)
    assert figures["steps"].value == pytest.approx((3 + 1 + 1 + 1 + 1) / 5)
    assert rows["mine", "all"].invalid_rate == pytest.approx(1 / 5)
    assert rows["mine", "ML-ER"].figures["recognition"].value == pytest.approx(1 / 3)
    assert rows["mine", "SA"].n == 2
    assert rows["floor: majority of the task", "ML-ER"].figures["recognition"].value == 1
    assert rows["floor: majority of the task", "all"].figures["reasoning"].value == 0


def test_what_the_judge_cannot_rate_is_left_out_and_counted(release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Moody(Overlap):
        def steps(self, answer: Reasoned) -> tuple[float, ...] | None:
            return None if len(answer.steps) > 1 else super().steps(answer)

    monkeypatch.setattr(module, "judge", lambda name: Moody())
    row = _rows(release)["mine", "all"]
    assert row.figures["not judged"].value == 1
    assert row.figures["recognition"].value == pytest.approx((0 + 1 / 3 + 1 + 0) / 4)


def test_broken_releases_are_told(release: Path) -> None:
    file = release / "MME-Emotion-Dataset" / "SA" / "question" / "SA.json"
    for text, problem in (("{", "is no JSON"), ('[{"label": "x"}]', "no list of entries"), ("{}", "no list")):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(UsageError, match=problem):
            read(release / "MME-Emotion-Dataset")
    file.write_text('[{"video_id": "v", "label": ""}]', encoding="utf-8")
    with pytest.raises(UsageError, match="has no label"):
        read(release / "MME-Emotion-Dataset")
    with pytest.raises(UsageError, match="holds no TASK"):
        read(release)
