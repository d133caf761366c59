"""CA-MER and its construction on votes, on small files in the releases' formats."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from example_trace import example_trace

from emoagent.errors import UsageError
from emoagent.evals.benchmark import Options
from emoagent.evals.ca_mer import ca_mer
from emoagent.evals.ca_mer_votes import ca_mer_votes, detector, judge
from emoagent.evals.corpora.ca_mer import ca_mer as read
from emoagent.evals.corpora.crema_d import crema_d
from emoagent.evals.result import Result, SystemRow

TABLES = {
    "video_aligned": 'name,openset\nv1,"[happy, surprised]"\nv2,"[\'sad\']"\n',
    "audio_aligned": 'name,openset\na1,"[angry, worried]"\n',
    "consistent": "name,openset\nc1,[afraid]\nc2,[happy]\n",
}
SAID = [
    {"key": "video_aligned:v1", "labels": ["joy"], "conflict": True},
    {"key": "v2", "labels": ["anger", "sad"], "conflict": False},
    {"key": "audio_aligned:a1", "abstained": True, "conflict": True},
    {"key": "c1", "labels": ["fear"], "conflict": False},
    {"key": "c2", "distribution": {"sadness": 0.6, "joy": 0.4}, "conflict": True},
]


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """A CA-MER of five clips."""
    folder = tmp_path / "ca_mer"
    folder.mkdir()
    for name, text in TABLES.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


def _told(release: Path, said: list[dict[str, object]]) -> Result:
    file = release.parent / "someone.jsonl"
    file.write_text("\n".join(map(json.dumps, said)))
    return ca_mer(release.parent, Options(split="test", predictions=file))


def _row(result: Result, system: str, part: str) -> SystemRow:
    return next(row for row in result.rows if (row.system, row.part) == (system, part))


def test_the_tables_are_read_subset_by_subset(release: Path) -> None:
    clips = read(release)
    assert [clip.key for clip in clips[:3]] == ["video_aligned:v1", "video_aligned:v2", "audio_aligned:a1"]
    assert clips[0].words == ("happy", "surprised")
    assert clips[1].words == ("sad",)


def test_a_missing_table_and_a_clip_without_words_are_refused(release: Path) -> None:
    (release / "consistent.csv").write_text("name,openset\nc1,[]\n")
    with pytest.raises(UsageError, match="'c1' has no word"):
        read(release)
    (release / "consistent.csv").unlink()
    with pytest.raises(UsageError, match="does not exist"):
        read(release)


def test_the_score_is_the_mean_of_set_accuracy_and_set_recall_by_hand(release: Path) -> None:
    result = _told(release, SAID)
    video = _row(result, "someone", "video-aligned").figures
    assert video["set accuracy"].value == pytest.approx((1 / 1 + 1 / 2) / 2)
    assert video["set recall"].value == pytest.approx((1 / 2 + 1 / 1) / 2)
    assert video["score"].value == pytest.approx(0.75)
    audio = _row(result, "someone", "audio-aligned")
    assert audio.figures["score"].value == 0
    assert audio.abstention_rate == 1
    consistent = _row(result, "someone", "consistent").figures
    assert consistent["score"].value == pytest.approx(0.5)
    assert _row(result, "someone", "all").n == 5
    bias = _row(result, "someone", "bias: video − audio").figures["score"]
    assert bias.value == pytest.approx(75)
    assert bias.unit == "points"


def test_conflicts_found_and_false_alarms_stand_beside_each_other(release: Path) -> None:
    result = _told(release, SAID)
    found = {
        part: _row(result, "someone", part).figures["conflicts found"].value
        for part in ("video-aligned", "audio-aligned", "consistent")
    }
    assert found == {"video-aligned": 0.5, "audio-aligned": 1, "consistent": 0.5}
    silent = _told(release, [{"key": "v1", "labels": ["joy"]}])
    assert "conflicts found" not in _row(silent, "someone", "all").figures
    assert _row(silent, "someone", "consistent").invalid_rate == 1


def test_the_floor_says_the_most_frequent_word(release: Path) -> None:
    floor = _row(_told(release, SAID), "floor: most frequent word", "consistent").figures
    assert floor["score"].value == pytest.approx(0.5)


def test_without_answers_it_says_what_to_give(release: Path) -> None:
    with pytest.raises(UsageError, match="judges the answers"):
        ca_mer(release, Options(split="test"))


def test_run_folders_tell_whether_a_conflict_was_seen(release: Path) -> None:
    trace = example_trace()
    for name, conflicts in (("v1", trace.conflicts), ("c1", ())):
        clip = trace.clip.model_copy(update={"name": f"{name}.mp4"})
        folder = release.parent / "runs" / name
        folder.mkdir(parents=True)
        told = trace.model_copy(update={"clip": clip, "conflicts": conflicts})
        (folder / "trace.json").write_text(told.model_dump_json(), encoding="utf-8")
    result = ca_mer(release, Options(split="test", predictions=release.parent / "runs"))
    assert _row(result, "fused", "video-aligned").figures["conflicts found"].value == 1
    assert _row(result, "fused", "consistent").figures["conflicts found"].value == 0
    assert "conflicts found" not in _row(result, "text only", "all").figures


HEADER = ",A,D,F,H,N,S,fileName,numResponses,agreement,emoVote\n"


def _votes(folder: Path, clips: dict[str, tuple[str, str, str]]) -> Path:
    """CREMA-D's table; a clip's votes for voice, face and both are written like `HHHHN`."""
    lines = []
    for number, (name, channels) in enumerate(clips.items(), start=1):
        for channel, cast in enumerate(channels, start=1):
            counts = ",".join(str(cast.count(letter)) for letter in "ADFHNS")
            lines.append(f"{channel}{number:05},{counts},{name},{len(cast)},1,X")
    (folder / "tabulatedVotes.csv").write_text(HEADER + "\n".join(lines) + "\n")
    return folder


CLIPS = {
    "1001_IEO_HAP_HI": ("NNNNNNNNNN", "HHHHHHHHHH", "HHHHHHHHHN"),
    "1001_IEO_ANG_HI": ("AAAAAAAAAA", "NNNNNNNNNA", "AAAAAAAAAN"),
    "1002_IEO_SAD_HI": ("SSSSSSSSNN", "SSSSSSSSND", "SSSSSSSSSS"),
    "1002_IEO_FEA_HI": ("FFFFFNNNNN", "FFFFFFFFFF", "FFFFFFFFFF"),
    "1002_IEO_DIS_HI": ("DDDDDDDDDD", "NNNNNNNNNN", "AAAAAAAAAA"),
}


def test_parts_and_figures_of_the_votes_by_hand(tmp_path: Path) -> None:
    result = ca_mer_votes(_votes(tmp_path, CLIPS), Options(split="all"))
    assert [_row(result, "fused", part).n for part in ("face-aligned", "voice-aligned", "consistent")] == [1, 1, 1]
    assert _row(result, "face only", "bias: face − voice").figures["accuracy"].value == 100
    assert _row(result, "voice only", "bias: face − voice").figures["accuracy"].value == -100
    assert _row(result, "face only", "all").figures["accuracy"].value == pytest.approx(2 / 3)
    assert _row(result, "conflict detector", "conflict").figures["sensitivity"].value == 1
    assert _row(result, "conflict detector", "consistent").figures["specificity"].value == 1
    assert result.notes[0].startswith("2 of 5 clips are left out")
    assert result == ca_mer_votes(tmp_path, Options(split="all"))


def test_sensitivity_and_specificity_by_hand() -> None:
    import numpy as np

    seen, clashes = np.array([1.0, 0, 1, 0, 0]), np.array([True, True, False, False, False])
    rows = detector("d", seen, clashes, ["a", "a", "b", "c", "d"], seed=7)
    assert rows[0].figures["sensitivity"].value == 0.5
    assert rows[1].figures["specificity"].value == pytest.approx(2 / 3)
    assert rows[0].figures["sensitivity"].low == 0.5  # one actor: nothing to draw


@pytest.mark.slow
def test_on_crema_d_consistent_clips_hardly_ever_conflict(shared: Path) -> None:
    """On opinions made of the votes; the fusion is right on more clips than either channel alone."""
    result = ca_mer_votes(shared / "data", Options(split="all", limit=800))
    assert _row(result, "conflict detector", "consistent").figures["specificity"].value > 0.99
    assert _row(result, "conflict detector", "conflict").figures["sensitivity"].value > 0.25
    assert _row(result, "conflict detector, other raters", "consistent").figures["specificity"].value > 0.93
    fused, face = (_row(result, name, "all").figures["accuracy"].value for name in ("fused", "face only"))
    assert fused > face


def test_a_clip_read_a_third_way_belongs_nowhere(tmp_path: Path) -> None:
    votes = crema_d(_votes(tmp_path, CLIPS))
    assert judge(votes, votes.names.index("1002_IEO_DIS_HI"), "reliability-weighted") is None
    found = judge(votes, votes.names.index("1001_IEO_HAP_HI"), "face-first")
    assert found is not None
    assert (found.part, found.fused, found.conflict) == ("face-aligned", "joy", True)
