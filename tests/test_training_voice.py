"""The recipe for the voice: made-up voices that differ are told apart, and no speaker is met before being judged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from emoagent.errors import UsageError
from emoagent.tools.voice.voice_features import log_mel, mel_statistics, voice_features
from emoagent.training.voice import (
    Corpus,
    chosen,
    evaluated,
    held_out,
    interval,
    main,
    measured,
    normalised,
    regression,
    uar,
)

RATE = 16_000


def corpus(seed: int = 0) -> Corpus:
    """Three speakers who are far from one another, and two labels that differ within each."""
    random = np.random.default_rng(seed)
    speakers = np.repeat(["a", "b", "c"], 24)
    labels = np.tile(["joy", "sadness"], 36)
    texts = np.tile(np.repeat(["t1", "t2", "t3", "t4"], 2), 9)
    usual = {"a": 0.0, "b": 30.0, "c": -30.0}
    values = random.normal(0, 1, (72, 6)) + np.array([usual[s] for s in speakers])[:, None]
    values[:, 0] += np.where(labels == "joy", 2.5, 0)
    return Corpus(values, random.normal(0, 1, (72, 4)), labels, speakers, texts, tuple("abcdef"))


def test_normalising_takes_the_speaker_out_and_leaves_what_is_missing_usual() -> None:
    data = corpus()
    data.features[0, 0] = np.nan
    values = normalised(data.features, data.speakers)
    assert all(abs(np.median(values[data.speakers == s], axis=0)).max() < 1e-9 for s in "abc") or values[0, 0] == 0
    assert values[0, 0] == 0
    assert np.abs(values).max() <= 4


def test_what_differs_is_learned_and_what_does_not_is_not() -> None:
    pytest.importorskip("sklearn")
    data = corpus()
    guess = held_out(normalised(data.features, data.speakers), data, regression, (0.1,))
    assert uar(data.labels, guess) > 0.8
    random = np.random.default_rng(1)
    shuffled = Corpus(data.features, data.mel, random.permutation(data.labels), data.speakers, data.texts, data.columns)
    guess = held_out(normalised(shuffled.features, shuffled.speakers), shuffled, regression, (0.1,))
    assert abs(uar(shuffled.labels, guess) - 0.5) < 0.15


def test_the_speaker_that_is_judged_is_never_learned_from() -> None:
    pytest.importorskip("sklearn")
    data, met = corpus(), list[float]()

    class Spy:
        def fit(self, values: np.ndarray, labels: np.ndarray) -> Spy:
            met.append(float(values[:, 1].max()))
            self.most = labels[0]
            return self

        def predict(self, values: np.ndarray) -> np.ndarray:
            assert abs(float(values[:, 1].max()) - met[-1]) > 10
            return np.repeat(self.most, len(values))

    one = data.features.copy()
    one[:, 1] = np.select([data.speakers == "a", data.speakers == "b"], [0.0, 30.0], 60.0)
    kept = {"a": (30.0, 60.0), "b": (0.0, 60.0), "c": (0.0, 30.0)}
    for speaker, others in kept.items():
        test = data.speakers == speaker
        met.clear()
        chosen(one[~test], data.labels[~test], data.speakers[~test], lambda _: Spy(), (1.0,))
        assert set(met) <= set(others)


def test_the_interval_holds_the_score_and_is_the_same_each_time() -> None:
    data = corpus()
    guess = np.where(np.random.default_rng(2).random(72) < 0.7, data.labels, "joy")

    def score(i: np.ndarray) -> float:
        return uar(data.labels[i], guess[i])

    low, high = interval(data.labels, data.speakers, score)
    assert low < uar(data.labels, guess) < high
    assert interval(data.labels, data.speakers, score) == (low, high)


def test_all_scores_of_a_corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn")
    for name in ("PENALTIES", "WIDTHS"):
        monkeypatch.setattr(f"emoagent.training.voice.{name}", (0.1,))
    monkeypatch.setattr("emoagent.training.voice.DRAWS", 100)
    scores = evaluated(corpus())
    assert scores["recipe"]["uar"] > scores["floor: SVM on log-mel statistics"]["uar"]
    assert scores["gain over the floor"][0] > 0
    assert set(scores["by speaker"]) == {"a", "b", "c"}
    json.dumps(scores)


def test_nothing_to_learn_from_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="emodb16k"):
        measured(tmp_path)


def test_features_of_a_vowel_and_of_silence() -> None:
    time = np.arange(RATE) / RATE
    vowel = np.sum([np.sin(2 * np.pi * 150 * k * time) / k for k in range(1, 15)], axis=0)
    noise = np.random.default_rng(1).normal(0, 1e-3, RATE)
    row = voice_features(np.asarray(0.1 * vowel + noise, dtype=np.float32))
    assert row["f0_p50"] == pytest.approx(12 * np.log2(150), abs=0.3)
    assert row["hnr"] > 15
    assert row["jitter"] < 0.02
    silent = voice_features(np.zeros(RATE, np.float32))
    assert list(silent) == list(row)
    assert np.isnan(silent["f0_p50"])
    assert log_mel(np.zeros(RATE, np.float32)).shape[1] == len(mel_statistics(np.zeros(RATE, np.float32))) / 2


def test_a_rough_voice_has_less_harmony_than_a_clear_one() -> None:
    time, random = np.arange(RATE) / RATE, np.random.default_rng(4)
    clear = np.sum([np.sin(2 * np.pi * 150 * k * time) / k for k in range(1, 15)], axis=0)
    breathy = clear + random.normal(0, 0.6, RATE)
    found = [voice_features(np.asarray(0.1 * s, dtype=np.float32))["hnr"] for s in (clear, breathy)]
    assert found[0] > found[1] + 5


def test_the_command_line_needs_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["voice", "--data", str(tmp_path)])
    with pytest.raises(UsageError):
        main()
