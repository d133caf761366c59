"""The replay of recorded evidence, on a small file in the release's format, and on the release where it is there."""

from __future__ import annotations

import json
from dataclasses import replace
from math import log
from pathlib import Path
from typing import Any

import pytest
from judging import said

from emoagent.agents.face_opinion import face_opinion
from emoagent.errors import UsageError
from emoagent.evals.benchmark import Options
from emoagent.evals.corpora.line import Line
from emoagent.evals.corpora.meld_evidence import Recorded
from emoagent.evals.corpora.meld_evidence import meld_evidence as read
from emoagent.evals.meld_evidence import heeding, losses, meld_evidence, modest, nested, replayed, suited
from emoagent.evals.recorded import face_evidence, voice_evidence
from emoagent.evals.scoring.answer import Answer
from emoagent.schema import Modality
from emoagent.settings import load_settings

HEADER = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime\n"
TABLE = (
    'u,"Look, a letter.",Ann,neutral,neutral,5,0,1,1,"00:00:01,000","00:00:02,500"\n'
    'u,"I am so happy, we won!",Bob,joy,positive,5,1,1,1,"00:00:03,000","00:00:05,000"\n'
    'u,"What a wonderful day.",Ann,joy,positive,5,2,1,1,"00:00:06,000","00:00:08,000"\n'
)


def _clip(name: str, label: str, text: str, units: dict[str, float], voice: str = "A man speaks.") -> dict[str, Any]:
    return {
        "video_id": f"{name}.mp4",
        "transcript": text,
        "audio_description": voice,
        "visual_expression_description": [],
        "visual_objective_description": "Two people in a room.",
        "raw_AU_values_at_peak": units,
        "peak_time": 0.5,
        "true_label": label,
    }


CLIPS = [
    _clip("dia5_utt1", "joy", "I am so happy, we won!", {"AU06": 2.0, "AU12": 3.5, "AU26": 2.0, "AU04": 0.2}),
    _clip("dia9_utt0", "sadness", "She died\x85", {"AU01": 3.0, "AU15": 3.0}, "He speaks slowly, in a low pitch."),
]


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Two clips, one of whose dialogues is in MELD's table beside them."""
    for name in ("meld", "meld_evidence"):
        (tmp_path / name).mkdir()
    (tmp_path / "meld" / "test_sent_emo.csv").write_text(HEADER + TABLE)
    (tmp_path / "meld_evidence" / "meld_evidence_dev.json").write_text(json.dumps(CLIPS))
    return tmp_path / "meld_evidence"


def test_a_clip_is_read_with_the_lines_before_it_and_none_after(release: Path) -> None:
    first, second = read(release)
    assert [line.text for line in first.before] == ["Look, a letter."]
    assert (first.line.speaker, first.line.labels, first.line.key) == ("Bob", ("joy",), "test/5/1")
    assert first.units == {6: 2.0, 12: 3.5, 26: 2.0, 4: 0.2}
    assert (second.line.text, second.line.speaker, second.before) == ("She died...", None, ())


def test_without_melds_table_a_clip_stands_alone(release: Path) -> None:
    (release.parent / "meld" / "test_sent_emo.csv").unlink()
    assert read(release)[0].before == ()
    assert read(release)[0].line.key == "test/5/1"


@pytest.mark.parametrize(
    "text", ["no json", '[{"video_id": "dia5_utt1.mp4"}]', json.dumps([{**CLIPS[0], "video_id": "x"}])]
)
def test_another_file_is_refused(release: Path, text: str) -> None:
    (release / "meld_evidence_dev.json").write_text(text)
    with pytest.raises(UsageError, match="is not the release"):
        read(release)


def _recorded(units: dict[int, float], voice: str = "") -> Recorded:
    return Recorded(Line("", ("joy",)), (), units, 0.5, voice, "")


def test_units_become_evidence_and_the_mouth_is_trusted_less_in_speech() -> None:
    u = said("")
    items = list(face_evidence(u, _recorded({6: 2.0, 12: 3.5, 26: 2.0, 4: 0.2})))
    assert [next(iter(item.measures)) for item in items] == ["AU6", "AU12", "AU26"]
    assert [round(item.reliability, 2) for item in items] == [0.32, 0.48, 0.13]
    assert items[0].span.start == 0.5
    masses = face_opinion.run(u, items, ()).distribution
    assert max(masses, key=lambda label: masses[label]) == "joy"


def test_no_unit_is_a_face_at_rest() -> None:
    [item] = face_evidence(said(""), _recorded({4: 0.2, 45: 0.1}))
    assert item.kind == "face_at_rest"


@pytest.mark.parametrize(
    ("told", "cues"),
    [
        ("He speaks slowly, with a low pitch.", {"pitch": -1.28, "rate": -1.28}),
        ("Her delivery is monotone.", {"pitch_variation": -1.28}),
        ("It is expressive and monotone.", {}),
        ("Her voice is natural.", {"pitch_variation": 0.0}),
        ("It is not fast. She speaks quickly.", {"rate": 1.28}),
        ("His tone sounds negative; he is angry.", {}),
    ],
)
def test_words_about_the_voice_become_cues_and_emotions_do_not(told: str, cues: dict[str, float]) -> None:
    items = voice_evidence(said(""), _recorded({}, told))
    assert {item.kind: item.measures["z"].value for item in items} == cues


def _answers(right: list[float]) -> list[Answer]:
    """Answers in dialogues of two, with so much on the right label."""
    return [
        Answer("joy", "joy", distribution={"joy": p, "fear": 1 - p}, group=f"d{n // 2}") for n, p in enumerate(right)
    ]


def test_log_loss_by_hand() -> None:
    assert losses(_answers([0.5, 0.25])).tolist() == pytest.approx([log(2), log(4)])
    assert losses([Answer("joy", None)]).tolist() == pytest.approx([log(7)])
    assert losses(_answers([0.0])).tolist() == pytest.approx([log(1.005 / 0.005)])
    assert losses(_answers([0.8]), 2.0).tolist() == pytest.approx([log(1 + (0.2 / 0.8) ** 0.5)])


def test_flatness_alone_is_not_rewarded() -> None:
    sharp = [0.9, 0.9, 0.1]
    flat = [p**0.5 / (p**0.5 + (1 - p) ** 0.5) for p in sharp]
    assert losses(_answers(flat)).mean() < losses(_answers(sharp)).mean()
    assert suited(_answers(flat)).mean() == pytest.approx(suited(_answers(sharp)).mean(), abs=0.01)


def test_what_is_not_shown_to_help_weighs_less() -> None:
    base = [0.6, 0.5, 0.7, 0.4]
    unsure = [0.9, 0.2, 0.95, 0.35]
    better = [0.7, 0.6, 0.8, 0.5]
    assert modest({0.0: _answers(base), 0.5: _answers(unsure)}) == 0
    assert modest({0.0: _answers(base), 0.5: _answers(better), 1.0: _answers(better)}) == 0.5


def test_a_fold_has_no_say_in_its_own_weight() -> None:
    better, worse = _answers([0.8] * 20), _answers([0.4] * 20)
    answers, weights = nested({0.0: worse, 1.0: better}, seed=7)
    assert weights == [1.0] * 5
    assert answers == better
    spoilt = [replace(a, distribution={"joy": 0.01}) if a.group == "d0" else a for a in better]
    chosen, _ = nested({0.0: worse, 1.0: spoilt}, seed=7)
    assert [a for a in chosen if a.group == "d0"] == [a for a in spoilt if a.group == "d0"]


def test_text_only_hears_no_recorded_evidence_and_a_weight_of_0_is_the_same(release: Path) -> None:
    played = replayed(read(release), load_settings())
    words: tuple[Modality, ...] = ("text",)
    seen: tuple[Modality, ...] = ("face",)
    case = heeding(played.cases[0], words, 1.0)
    assert {item.modality for item in case.evidence} <= {"text", "dialogue"}
    assert all(o.abstained for o in case.opinions if o.modality in ("face", "voice"))
    assert case.history == played.cases[0].history
    text, none = played.answers(words), played.answers(weight=0.0)
    assert [a.label for a in none] == [a.label for a in text]
    assert [a.distribution for a in none] == [a.distribution for a in text]
    assert played.answers(seen)[0].label == "joy"
    assert heeding(played.cases[0], seen, 1.0).history == ()


def test_a_greater_weight_moves_the_verdict_towards_the_face(release: Path) -> None:
    played = replayed(read(release), load_settings())
    masses = [played.answers(weight=weight)[0].distribution["joy"] for weight in (0.0, 0.5, 1.0, 2.0)]
    assert masses == sorted(masses)
    assert masses[0] < masses[-1]


def test_rows_and_notes_of_the_benchmark(release: Path) -> None:
    result = meld_evidence(release.parent, Options(split="test"))
    systems = [row.system for row in result.rows]
    assert systems[:4] == ["fused", "text only", "face only", "voice only"]
    assert "difference: fused − text only" in systems
    assert "floor: majority" in systems
    assert (result.n, result.benchmark, result.split) == (2, "meld-evidence", "test")
    assert any("log loss by that weight" in note for note in result.notes)


def test_answers_of_another_system_are_judged_by_the_same_ruler(release: Path) -> None:
    file = release.parent / "someone.jsonl"
    file.write_text('{"key": "test/5/1", "label": "happy"}\n')
    result = meld_evidence(release, Options(split="test", predictions=file))
    assert [row.system for row in result.rows] == ["someone", "floor: majority"]
    assert result.rows[0].figures["accuracy"].value == 0.5
    assert result.rows[0].invalid_rate == 0.5
    with pytest.raises(UsageError, match="no reasoner 'oracle'"):
        meld_evidence(release, Options(split="test", reasoner="oracle"))


@pytest.mark.slow
def test_face_and_voice_do_not_harm_the_words_by_more_than_noise(shared: Path) -> None:
    result = meld_evidence(shared / "data", Options(split="test"))
    assert result.n == 101
    for system in ("fused", "fused, weight by cross-validation"):
        [row] = [row for row in result.rows if row.system == f"difference: {system} − text only"]
        assert row.figures["accuracy"].high is not None
        assert row.figures["accuracy"].high >= 0
        assert row.figures["accuracy"].value > -3
