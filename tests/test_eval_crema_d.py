from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from emoagent.errors import ExtraMissing, UsageError
from emoagent.evals import crema_d as bench
from emoagent.evals.benchmark import Options
from emoagent.evals.corpora.crema_d import LABELS, WORDS, Voted, crema_d
from emoagent.evals.scoring.calibration import ece
from emoagent.training import comparison, fusion, votes
from emoagent.training.softmax import fit, log_loss, softmax

LETTERS = "ADFHNS"
HEAD = ",".join(["", *LETTERS, "fileName", *(f"mean{word}RespNorm" for word in WORDS)])


def _written(folder: Path, *rows: str) -> Path:
    (folder / "tabulatedVotes.csv").write_text("\n".join([HEAD, *rows]) + "\n")
    return folder


def _row(channel: int, number: int, counts: str, name: str, strong: str = ",,,,,") -> str:
    return f"{channel}{number:05d},{','.join(counts)},{name},{strong}"


def _drawn(clips: int = 240, seed: int = 3) -> Iterator[str]:
    """Clips of 10 actors; the crowd follows the face twice as often as the voice."""
    rng = np.random.default_rng(seed)
    for i in range(clips):
        voice, face = rng.integers(0, 6, 2)
        both = face if rng.random() < 0.67 else voice
        for channel, label in ((1, voice), (2, face), (3, both)):
            counts = rng.multinomial(9, 0.6 * np.eye(6)[label] + 0.4 / 6)
            yield _row(channel, i, "".join(map(str, counts)), f"{1000 + i % 10}_S{i}_ANG_XX")


@pytest.fixture
def clips(tmp_path: Path) -> Voted:
    return crema_d(_written(tmp_path, *_drawn()))


def test_votes_are_read_by_channel(tmp_path: Path) -> None:
    folder = _written(
        tmp_path,
        _row(1, 1, "500311", "1001_IEO_ANG_HI", "80,-1.0,,50,10,0"),
        _row(2, 1, "060040", "1001_IEO_ANG_HI"),
        _row(3, 1, "050005", "1001_IEO_ANG_HI"),
        _row(1, 2, "900000", "1002_IEO_SAD_HI"),
    )
    read = crema_d(folder)
    assert (read.names, read.actors.tolist()) == (("1001_IEO_ANG_HI",), ["1001"])
    assert read.votes[0].tolist() == [[5, 0, 0, 3, 1, 1], [0, 6, 0, 0, 4, 0], [0, 5, 0, 0, 0, 5]]
    assert read.intensity[0, 0].tolist() == [0.8, 0, 0, 0.5, 0.1, 0]
    assert [LABELS[i] for i in read.first[0]] == ["anger", "disgust", "disgust"]
    assert read.tied[0].tolist() == [False, False, True]
    assert read.shares[0, 1].tolist() == [0, 0.6, 0, 0, 0.4, 0]


def test_a_release_without_all_channels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no clip"):
        crema_d(_written(tmp_path, _row(1, 1, "900000", "1001_IEO_ANG_HI")))
    with pytest.raises(UsageError, match="does not exist"):
        crema_d(tmp_path / "nowhere")


def test_folds_never_part_an_actor(clips: Voted) -> None:
    parts = votes.folds(clips.actors, 5, 7)
    assert np.sum(parts, axis=0).tolist() == [1] * len(clips.actors)
    assert all(set(clips.actors[held]).isdisjoint(clips.actors[~held]) for held in parts)
    assert [held.tolist() for held in votes.folds(clips.actors, 5, 7)] == [held.tolist() for held in parts]


def test_a_prediction_does_not_depend_on_the_clips_own_vote_on_both(clips: Voted) -> None:
    held = votes.folds(clips.actors, votes.FOLDS, 7)[0]
    changed = clips.votes.copy()
    changed[held, 2] = changed[held, 2, ::-1]
    other = Voted(changed, clips.intensity, clips.actors, clips.names)
    first, again = (votes.predicted(votes.by_evidence, each, 7)[0][held] for each in (clips, other))
    assert first == pytest.approx(again)
    assert fusion.predicted(clips, 7)[held] == pytest.approx(fusion.predicted(other, 7)[held])


def test_features_do_not_know_the_vote_on_both(clips: Voted) -> None:
    blind = clips.votes.copy()
    blind[:, 2] = 1
    other = Voted(blind, clips.intensity, clips.actors, clips.names)
    for features in (votes.by_votes, votes.by_evidence):
        assert features(clips).tolist() == features(other).tolist()
    assert (votes.by_votes(clips).shape[1], votes.by_evidence(clips).shape[1]) == (84, 108)


def test_regression_finds_the_least_penalised_loss() -> None:
    rng = np.random.default_rng(1)
    values, truth = rng.normal(size=(300, 4)), rng.integers(0, 3, 300)
    found = fit(values, truth, 3, 5.0)
    columns = (values - found.middle) / found.spread
    slope = columns.T @ (softmax(found.logits(values)) - np.eye(3)[truth]) + 5.0 * found.weights
    assert np.abs(slope).max() < 0.1
    assert log_loss(found.logits(values), truth) < np.log(3)
    assert softmax(np.array([[0.0, np.log(3)]])).tolist() == [pytest.approx([0.25, 0.75])]


def test_the_pool_of_the_recipe_weighs_the_face_more(clips: Voted) -> None:
    weights, bias = fusion.fit_pool(fusion.evidence(clips), clips.first[:, 2], 10.0)
    assert weights.shape == (2, 6)
    assert bias.sum() == pytest.approx(0, abs=1e-6)
    assert weights[1].mean() > weights[0].mean() > 0


@pytest.mark.slow
def test_benchmark_reports_parts_floors_and_the_gain(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    result = bench.crema_d(_written(tmp_path, *_drawn()), Options(split="all"))
    rows = {(row.system, row.part): row for row in result.rows}
    assert result.n == 240
    for part in ("all", "conflict", "agree", "one majority"):
        assert {"accuracy", "ECE", "AURC"} <= set(rows["fused", part].figures)
        assert ("floor: mean of the two", part) in rows
    assert rows["fused", "conflict"].n + rows["fused", "agree"].n == 240
    assert any(system.startswith("difference: fused − logistic regression") for system, _ in rows)


def test_without_scikit_learn_only_the_comparison_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise ExtraMissing("scikit-learn", "train")

    monkeypatch.setattr(comparison, "_model", missing)
    result = bench.crema_d(_written(tmp_path, *_drawn(60)), Options(split="all"))
    assert any("no comparison with logistic regression" in note for note in result.notes)
    assert not any("regression" in row.system for row in result.rows)


@pytest.mark.slow
def test_gate_on_the_published_votes(shared: Path) -> None:
    """More than plain regression over all clips, and a point more where voice and face disagree; calibrated."""
    pytest.importorskip("sklearn")
    clips = crema_d(shared / "data" / "crema_d")
    fused = votes.predicted(votes.by_evidence, clips, 7)[0]
    flat = clips.shares[:, :2].reshape(len(fused), -1)
    plain = comparison.regressed(flat, clips, 7, (10.0,))
    truth, conflict = clips.first[:, 2], bench.parts(clips)["conflict"]
    right, base = fused.argmax(axis=1) == truth, plain.argmax(axis=1) == truth
    assert right.mean() > base.mean() > 0.82
    assert right[conflict].mean() > base[conflict].mean() + 0.01
    assert ece(bench.answers(clips, fused)) <= 0.05
