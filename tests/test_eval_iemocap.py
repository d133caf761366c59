"""IEMOCAP on a small release of the test's own, in the form of the authors'."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from text_models import fake_text_model

from emoagent.errors import UsageError
from emoagent.evals import iemocap as module
from emoagent.evals.benchmark import Options
from emoagent.evals.corpora.iemocap import iemocap as read
from emoagent.evals.corpora.line import Line
from emoagent.evals.iemocap import iemocap
from emoagent.evals.replay import Replay
from emoagent.evals.result import SystemRow
from emoagent.evals.scoring.answer import Answer

RATED = """% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]

[6.2900 - 8.2300]\tSes0{n}F_impro01_F000\tneu\t[2.5000, 2.5000, 2.5000]
C-E2:\tNeutral;\t()
C-F1:\tNeutral; Frustration;\t(a bit)
A-E3:\tval 3; act 2; dom  2;\t()

[10.0100 - 11.3900]\tSes0{n}F_impro01_M000\txxx\t[2.5000, 3.0000, 2.5000]
[23.4700 - 28.0300]\tSes0{n}F_impro01_F002\texc\t[4.0000, 4.0000, 3.0000]
[14.8800 - 18.0200]\tSes0{n}F_impro01_F001\tang\t[1.5000, 4.0000, 4.0000]
[30.0000 - 31.0000]\tSes0{n}F_impro01_M001\tfru\t[2.0000, 3.0000, 3.0000]
[32.0000 - 33.0000]\tSes0{n}F_impro01_M002\thap\t[4.5000, 3.0000, 3.0000]
"""
SPOKEN = """Ses0{n}F_impro01_F000 [006.2900-008.2300]: Excuse me.
Ses0{n}F_impro01_MXX0 [009.0000-009.5000]: [BREATHING]
Ses0{n}F_impro01_M000 [010.0100-011.3900]: Yeah.
M: (aside) a note that is no turn
Ses0{n}F_impro01_F001 [014.8800-018.0200]: Is there a  problem?
Ses0{n}F_impro01_F002 [023.4700-028.0300]: We won! [LAUGHTER]
Ses0{n}F_impro01_M001 [030.0000-031.0000]: Not again.
Ses0{n}F_impro01_M002 [032.0000-033.0000]: I'm so happy for you.
"""
SAID = (
    {"key": "Ses05F_impro01_F000", "label": "neutral"},
    {"key": "Ses05F_impro01_F002", "label": "Excited"},
    {"key": "Ses05F_impro01_F001", "distribution": {"disgust": 0.6, "anger": 0.4}},
    {"key": "Ses05F_impro01_M001", "label": "sadness"},
    {"key": "Ses05F_impro01_M002", "abstained": True},
)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    for number in (4, 5):
        for kind, text in (("EmoEvaluation", RATED), ("transcriptions", SPOKEN)):
            folder = tmp_path / "IEMOCAP_full_release" / f"Session{number}" / "dialog" / kind
            folder.mkdir(parents=True)
            (folder / f"Ses0{number}F_impro01.txt").write_text(text.replace("{n}", str(number)), encoding="utf-8")
            (folder / f"._Ses0{number}F_impro01.txt").write_bytes(b"\x00\x05\x16")
    return tmp_path


def _rows(release: Path, options: Options) -> dict[tuple[str, str], SystemRow]:
    return {(row.system, row.part): row for row in iemocap(release, options).rows}


def test_turns_are_read_in_order_of_time_with_text_speaker_and_label(release: Path) -> None:
    lines = read(release / "IEMOCAP_full_release", "test")
    assert [line.key[-4:] for line in lines] == ["F000", "M000", "F001", "F002", "M001", "M002"]
    assert [line.labels[0] for line in lines] == [
        "neutral", "no agreement", "anger", "excitement", "frustration", "joy",
    ]  # fmt: skip
    assert (lines[2].text, lines[2].speaker, lines[2].times) == ("Is there a problem?", "F", (14.88, 18.02))
    assert {line.dialogue for line in lines} == {"Ses05F_impro01"}


def test_answers_of_a_system_are_scored_by_six_and_four_labels(release: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text("\n".join(map(json.dumps, SAID)), encoding="utf-8")
    rows = _rows(release, Options(split="test", predictions=file))
    six, four = rows["mine", "6 labels"], rows["mine", "4 labels"]
    assert (six.n, six.abstention_rate, six.invalid_rate) == (5, 0.2, 0)
    assert six.figures["accuracy"].value == pytest.approx(3 / 5)
    assert six.figures["weighted F1"].value == pytest.approx(3 / 5)
    assert six.figures["F1 excitement"].value == 1
    assert (four.n, four.abstention_rate) == (4, 0.25)
    assert four.figures["accuracy"].value == pytest.approx(3 / 4)
    assert four.figures["F1 joy"].value == pytest.approx(2 / 3)
    assert four.figures["weighted F1"].value == pytest.approx(1 / 4 + 1 / 4 + 1 / 2 * 2 / 3)
    assert rows["ceiling: labels of meld7", "6 labels"].figures["accuracy"].value == pytest.approx(3 / 5)
    assert ("ceiling: labels of meld7", "4 labels") not in rows


def test_a_reasoner_is_judged_by_the_labels_it_shares(release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "replay", _surprised)
    result = iemocap(release, Options(split="dev"))
    rows = {(row.system, row.part): row for row in result.rows}
    assert (result.n, result.mode, result.reasoner) == (5, "causal", "embedded")
    six, four = rows["fused", "6 labels"], rows["fused", "4 labels"]
    assert (six.n, four.n) == (5, 4)
    assert six.figures["accuracy"].value == pytest.approx(1 / 5)
    assert four.figures["accuracy"].value == pytest.approx(2 / 4)
    assert rows["text only", "4 labels"].abstention_rate == 1
    assert rows["difference: fused − text only", "4 labels"].figures["accuracy"].value == pytest.approx(50)
    assert any("cannot say excitement and frustration: 40.0 %" in note for note in result.notes)


def test_the_embedded_reasoner_answers_every_turn(release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_text_model(monkeypatch)  # it knows "happy", in the last turn
    rows = _rows(release, Options(split="test"))
    assert rows["text only", "6 labels"].figures["F1 joy"].value > 0
    for part, count in (("6 labels", 5), ("4 labels", 4)):
        for system in ("fused", "text only"):
            assert rows[system, part].n == count
            assert rows[system, part].milliseconds is not None
    assert rows["fused", "6 labels"].figures["F1 frustration"].value == 0


def _surprised(lines: Sequence[Line], options: Options) -> Replay:
    """Surprise everywhere, joy next to it; the text says nothing."""
    found = Replay()
    for line in lines:
        masses = {"surprise": 0.6, "joy": 0.3, "neutral": 0.1}
        found.fused.append(Answer(line.labels[0], "surprise", 0.6, masses, group=line.dialogue or "", key=line.key))
        found.text.append(Answer(line.labels[0], None, group=line.dialogue or "", key=line.key))
    return found


def test_sessions_and_lines_that_are_missing_are_told(release: Path) -> None:
    with pytest.raises(UsageError, match="no split 'session5'"):
        iemocap(release, Options(split="session5"))
    spoken = next(release.rglob("Session5/dialog/transcriptions/Ses*.txt"))
    spoken.write_text(spoken.read_text(encoding="utf-8").replace("Ses05F_impro01_F001", "Ses05F_other"), "utf-8")
    assert [line.text for line in read(release / "IEMOCAP_full_release", "test") if line.key.endswith("F001")] == [""]
    rated = next(release.rglob("Session5/dialog/EmoEvaluation/Ses*.txt"))
    rated.write_text(rated.read_text(encoding="utf-8").replace("\tfru\t", "\tzzz\t"), "utf-8")
    with pytest.raises(UsageError, match="M001 has the unknown label 'zzz'"):
        read(release / "IEMOCAP_full_release", "test")
    with pytest.raises(UsageError, match="holds no Ses"):
        read(release, "train")
