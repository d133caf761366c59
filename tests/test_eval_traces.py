"""Answers to clips from run folders, and how answers are matched to items and cut to a label set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from example_trace import example_trace

from emoagent.errors import UsageError
from emoagent.evals.benchmark import Options
from emoagent.evals.predictions import Prediction
from emoagent.evals.scoring.answer import Answer
from emoagent.evals.systems import ceiling, closed, systems, unreachable, within
from emoagent.evals.traces import clip_answer, clip_answers
from emoagent.labels import labels
from emoagent.schema import Trace, Verdict


def _run(folder: Path, trace: Trace) -> Path:
    folder.mkdir(parents=True)
    (folder / "trace.json").write_text(trace.model_dump_json(), encoding="utf-8")
    return folder


def _named(name: str) -> Trace:
    trace = example_trace()
    return trace.model_copy(update={"clip": trace.clip.model_copy(update={"name": name})})


def test_a_clip_is_the_mean_of_its_verdicts_by_duration() -> None:
    answer = clip_answer(example_trace())  # 2.6, 1.9 and 1.9 s, one abstention, and 3.4 s
    assert answer.key == "kitchen_table"
    joy = (0.84 * 2.6 + 0.24 * 1.9 + 0.06 * 1.9 + 0.02 * 3.4) / 9.8
    sadness = (0.01 * 2.6 + 0.46 * 1.9 + 0.13 * 1.9 + 0.62 * 3.4) / 9.8
    assert answer.distribution["joy"] == pytest.approx(joy)
    assert answer.distribution["sadness"] == pytest.approx(sadness)
    assert sum(answer.distribution.values()) == pytest.approx(1)
    assert answer.valence == pytest.approx((0.66 * 2.6 - 0.24 * 1.9 - 0.08 * 1.9 - 0.52 * 3.4) / 9.8)
    assert answer.labels == ("sadness", "pride")
    assert answer.steps is not None
    assert answer.steps[0] == "The words announce good news."
    assert answer.steps[-1] == "The expressed emotion is sadness."


def test_one_modality_alone() -> None:
    trace = example_trace()
    said = [(o.distribution["joy"], o.utterance) for o in trace.opinions if o.modality == "text" and not o.abstained]
    spans = {u.id: u.span.duration for u in trace.utterances}
    expected = sum(p * spans[u] for p, u in said) / sum(spans[u] for _, u in said)
    assert clip_answer(trace, "text").distribution["joy"] == pytest.approx(expected)
    assert clip_answer(trace, "behavior").abstained


def test_a_clip_without_a_label_abstains_or_is_invalid() -> None:
    trace, silent = example_trace(), []
    for verdict in trace.verdicts:
        silent.append(Verdict(utterance=verdict.utterance, label=None, abstained=True, reasoner="x", reason="-"))
    quiet = clip_answer(trace.model_copy(update={"verdicts": tuple(silent)}))
    assert (quiet.abstained, quiet.distribution) == (True, {})
    silent[0] = Verdict(utterance="u1", label=None, invalid=True, reasoner="x", reason="-")
    assert not clip_answer(trace.model_copy(update={"verdicts": tuple(silent)})).abstained


def test_run_folders_are_found_one_or_many(tmp_path: Path) -> None:
    _run(tmp_path / "many" / "a", _named("a.mp4"))
    _run(tmp_path / "many" / "b", _named("b.avi"))
    assert sorted(clip_answers(tmp_path / "many")) == ["a", "b"]
    assert list(clip_answers(_run(tmp_path / "one", _named("c.mp4")))) == ["c"]
    _run(tmp_path / "many" / "z", _named("a.mkv"))
    with pytest.raises(UsageError, match="named 'a'"):
        clip_answers(tmp_path / "many")
    with pytest.raises(UsageError, match=r"no trace\.json"):
        clip_answers(tmp_path / "nothing")


def test_a_file_that_is_no_trace_is_refused(tmp_path: Path) -> None:
    (tmp_path / "trace.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError, match="is no trace"):
        clip_answers(tmp_path)


def test_systems_of_a_file_and_of_run_folders(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    lines = [{"key": "x:d/k.mp4", "label": "joy", "milliseconds": 4}, {"key": "7", "label": "joy"}, {"key": "other"}]
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    (system,) = systems(Options(predictions=file), ["x:d/k.mp4", "00007", "missing"])
    assert [None if told is None else told.key for told in system.answers] == ["x:d/k.mp4", "7", None]
    assert (system.name, system.milliseconds) == ("mine", 4)
    assert system.notes == ("mine: 1 items have no answer: invalid", "mine: 1 answers are about other items")
    _run(tmp_path / "runs" / "k", _named("k.mp4"))
    both = systems(Options(predictions=tmp_path / "runs"), ["x:d/k.mp4"])
    assert [each.name for each in both] == ["fused", "text only"]
    assert both[0].answers[0] is not None


def test_nothing_to_judge_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="judges the answers of a run"):
        systems(Options(), ["a"])
    file = tmp_path / "mine.jsonl"
    file.write_text('{"key": "b", "label": "joy"}', encoding="utf-8")
    with pytest.raises(UsageError, match="is about these items"):
        systems(Options(predictions=file), ["a"])


@pytest.mark.parametrize(
    ("told", "label", "invalid"),
    [
        (Prediction(key="k", label="Worried"), "worry", False),
        (Prediction(key="k", label="fear"), None, True),
        (Prediction(key="k", label="fear", distribution={"fear": 0.6, "sad": 0.3, "joy": 0.1}), "sadness", False),
        (Prediction(key="k", distribution={"disgust": 1.0}), None, True),
        (Prediction(key="k", label="joy", abstained=True), None, False),
        (None, None, True),
    ],
)
def test_answers_are_cut_to_a_closed_set(told: Prediction | None, label: str | None, invalid: bool) -> None:
    (answer,) = closed([Answer("joy", None, key="k")], [told], labels("mer6"))
    assert (answer.truth, answer.label, answer.invalid) == ("joy", label, invalid)


def test_what_is_left_of_a_distribution_sums_to_one() -> None:
    told = Prediction(key="k", distribution={"excited": 0.3, "joy": 0.2, "anger": 0.4, "fear": 0.1})
    (answer,) = closed([Answer("joy", None)], [told], ("joy", "anger"), {"excitement": "joy"})
    assert answer.label == "joy"
    assert answer.distribution == {"joy": pytest.approx(0.5 / 0.9), "anger": pytest.approx(0.4 / 0.9)}


def test_verdicts_of_another_label_set() -> None:
    said = Answer("joy", "fear", 0.5, {"fear": 0.5, "joy": 0.3, "sadness": 0.2})
    assert within(said, ("joy", "sadness")).label == "joy"
    assert within(said, ("anger",)).invalid
    silent = within(Answer("joy", None, distribution={"joy": 1.0}), ("joy",))
    assert (silent.label, silent.invalid) == (None, False)


def test_what_a_reasoner_cannot_say() -> None:
    assert unreachable(labels("iemocap6")) == ("excitement", "frustration")
    assert unreachable(labels("mer6")) == ("worry",)
    assert unreachable(labels("dfew7")) == ()
    said = ceiling([Answer("worry", None), Answer("joy", None)], labels("mer6"))
    assert [answer.label for answer in said] == [None, "joy"]
