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
from emoagent.evals.meld_evidence import least_loss, log_loss, meld_evidence, nested, replayed
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
    assert [round(item.reliability, 2) for item in items] == [0.6, 0.48, 0.15]
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
    assert log_loss(_answers([0.5, 0.25])) == pytest.approx((log(2) + log(4)) / 2)
    assert log_loss([Answer("joy", None)]) == pytest.approx(log(7))
    assert log_loss(_answers([0.0])) == pytest.approx(log(1.005 / 0.005))
    assert log_loss(_answers([0.8]), 2.0) == pytest.approx(log(1 + (0.2 / 0.8) ** 0.5))


def test_the_least_loss_does_not_reward_flatness() -> None:
    sharp = [0.9, 0.9, 0.1]
    flat = [p**0.5 / (p**0.5 + (1 - p) ** 0.5) for p in sharp]
    assert log_loss(_answers(flat)) < log_loss(_answers(sharp))
    assert least_loss(_answers(flat)) == pytest.approx(least_loss(_answers(sharp)), abs=0.01)


def test_a_fold_has_no_say_in_its_own_weight() -> None:
    better, worse = _answers([0.8] * 20), _answers([0.4] * 20)
    answers, weights = nested({0.0: worse, 1.0: better}, seed=7)
    assert weights == [1.0] * 5
    assert answers == better
    spoilt = [replace(a, distribution={"joy": 0.01}) if a.group == "d0" else a for a in better]
    chosen, _ = nested({0.0: worse, 1.0: spoilt}, seed=7)
    assert [a for a in chosen if a.group == "d0"] == [a for a in spoilt if a.group == "d0"]


def test_text_only_hears_no_recorded_evidence_and_a_weight_of_0_is_the_same(release: Path) -> None:
    settings = load_settings()
    played = replayed(read(release), settings)
    alone = replayed([replace(clip, units={45: 1.0}, voice="") for clip in played.clips], settings)
    for state in alone.states:
        state.evidence = [e for e in state.evidence if e.modality == "text"]
        state.opinions = [o for o in state.opinions if o.modality == "text"]
    words: tuple[Modality, ...] = ("text",)
    text = played.answers(settings, words)
    assert [a.label for a in text] == [a.label for a in alone.answers(settings)]
    assert [a.label for a in played.answers(settings, weight=0.0)] == [a.label for a in text]
    seen: tuple[Modality, ...] = ("face",)
    assert played.answers(settings, seen)[0].label == "joy"


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


def test_face_and_voice_do_not_harm_the_words_by_more_than_noise(shared: Path) -> None:
    result = meld_evidence(shared / "data", Options(split="test"))
    assert result.n == 101
    for system in ("fused", "fused, weight by cross-validation"):
        [row] = [row for row in result.rows if row.system == f"difference: {system} − text only"]
        assert row.figures["accuracy"].high is not None
        assert row.figures["accuracy"].high >= 0
