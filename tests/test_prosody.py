"""Pitch, loudness, pauses and rate, on sounds of which they are known and on real speech."""

from __future__ import annotations

import math
import wave
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest
from numpy.typing import NDArray

from emoagent.tools.comparison import History, Norm
from emoagent.tools.voice.loudness import levels, mean_level, noise_floor
from emoagent.tools.voice.pitch import pitch
from emoagent.tools.voice.prosody import prosody

RATE = 16_000
Sound = NDArray[np.float32]


def buzz(hertz: float, seconds: float, level: float = 0.3) -> Sound:
    """A train of pulses through one resonance at 700 Hz: the simplest vowel."""
    n = round(seconds * RATE)
    pulses = np.zeros(n)
    pulses[np.round(np.arange(0, n, RATE / hertz)).astype(int).clip(max=n - 1)] = 1
    time = np.arange(400)
    sound = np.convolve(pulses, np.exp(-time / 60) * np.sin(2 * np.pi * 700 * time / RATE))[:n]
    return np.asarray(level * sound / np.abs(sound).max(), dtype=np.float32)


def syllables(count: int, hertz: float = 140.0, pause_after: int | None = None, pause: float = 0.0) -> Sound:
    """`count` vowels of 160 ms, 40 ms apart, with a longer pause after one of them."""
    vowel = buzz(hertz, 0.16) * np.hanning(round(0.16 * RATE)).astype(np.float32)
    gap = np.zeros(round(0.04 * RATE), np.float32)
    parts = [np.concatenate([vowel, gap])] * count
    if pause_after is not None:
        parts.insert(pause_after, np.zeros(round(pause * RATE), np.float32))
    return hiss(np.concatenate(parts))


def hiss(sound: Sound, level: float = 0.0005) -> Sound:
    noise = np.random.default_rng(7).normal(0, level, len(sound))
    return np.asarray(sound + noise, dtype=np.float32)


@pytest.mark.parametrize("hertz", [80, 110, 150, 200, 250, 440])
def test_pitch_of_pulse_trains(hertz: float) -> None:
    track = pitch(hiss(buzz(hertz, 1.0)))
    assert track.voiced.mean() > 0.9
    assert np.nanmedian(np.abs(12 * np.log2(track.f0 / hertz))) < 0.1


def test_levels_of_a_tone_are_its_rms() -> None:
    tone = (0.5 * np.sin(2 * np.pi * 200 * np.arange(RATE) / RATE)).astype(np.float32)
    assert levels(tone) == pytest.approx(20 * math.log10(0.5 / math.sqrt(2)), abs=0.05)
    assert mean_level(levels(tone + np.float32(0.3))) == pytest.approx(mean_level(levels(tone)), abs=0.05)


def test_noise_floor_is_that_of_the_gaps() -> None:
    assert noise_floor(levels(syllables(8, pause_after=4, pause=0.5))) == pytest.approx(-66, abs=1.5)


@pytest.mark.parametrize("count", [4, 7, 12])
def test_syllables_are_counted(count: int) -> None:
    measured = prosody(syllables(count))
    assert measured.rate == pytest.approx(5.0, rel=0.1)
    assert measured.longest_pause == 0
    assert measured.pauses == 0


def test_a_pause_is_measured_and_left_out_of_the_rate() -> None:
    measured = prosody(syllables(8, pause_after=4, pause=0.6))
    assert measured.pauses == 1
    assert measured.longest_pause == pytest.approx(0.7, abs=0.08)
    assert measured.rate == pytest.approx(5.5, abs=0.6)
    assert measured.median_f0 == pytest.approx(140, rel=0.01)


def test_the_final_rise_has_its_slope() -> None:
    steps = np.linspace(0, 4, 20)
    rising = np.concatenate([buzz(120, 0.6), *(buzz(120 * 2 ** (s / 12), 0.02) for s in steps)])
    slope = prosody(hiss(np.concatenate([np.zeros(4000, np.float32), rising]))).final_slope
    assert slope == pytest.approx(10, abs=3)


@pytest.mark.parametrize("gain", [0.3, 0.03])
def test_gain_changes_nothing_but_the_level(gain: float) -> None:
    sound = syllables(6, pause_after=3, pause=0.4)
    loud, soft = prosody(sound), prosody((sound * np.float32(gain)).astype(np.float32))
    assert soft.level - loud.level == pytest.approx(20 * math.log10(gain), abs=0.01)
    assert (soft.rate, soft.pauses) == pytest.approx((loud.rate, loud.pauses))
    assert soft.median_f0 == pytest.approx(loud.median_f0, rel=0.01)


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(0, np.float32),
        np.zeros(100, np.float32),
        np.zeros(RATE, np.float32),
        hiss(np.zeros(RATE, np.float32), 0.05),
        (0.1 * np.sin(2 * np.pi * 100 * np.arange(RATE) / RATE)).astype(np.float32),
    ],
    ids=["nothing", "too short", "silence", "noise", "hum"],
)
def test_what_is_no_voice_has_no_pitch(sound: Sound) -> None:
    measured = prosody(sound)
    assert measured.voiced == 0
    assert all(math.isnan(v) for v in (measured.median_f0, measured.f0_range, measured.rate, measured.effort))


def test_noise_hides_pauses_rather_than_inventing_them() -> None:
    measured = prosody(hiss(syllables(8, pause_after=4, pause=0.5), 0.08))
    assert measured.pauses is None
    assert math.isnan(measured.pause_share)


def _wav(path: Path) -> Sound:
    with wave.open(str(path)) as file:
        assert file.getframerate() == RATE
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
    return np.asarray(samples.mean(axis=1) / 32768, dtype=np.float32)


PRAAT = {"enrollment_audio_katie.wav": 157.8, "enrollment_audio_steve.wav": 119.8, "sample.wav": 192.4}


@pytest.mark.parametrize(("name", "hertz"), PRAAT.items())
def test_real_speech_has_the_pitch_that_praat_finds(shared: Path, name: str, hertz: float) -> None:
    """The medians were measured with Praat (autocorrelation, 75 to 600 Hz)."""
    track = pitch(_wav(shared / "media" / "speech" / name))
    assert np.nanmedian(track.f0) == pytest.approx(hertz, rel=0.04)


def test_the_first_value_is_measured_against_the_norm() -> None:
    history = History(Norm(between=3.0, within=4.0, usual=(10.0,)))
    standing = history.standing("A", 20.0)
    assert standing.z == pytest.approx(10 / 5)
    assert standing.earlier == 0
    assert standing.percentile == pytest.approx(100 * NormalDist().cdf(10 / 5))


def test_without_norm_or_values_nothing_is_said() -> None:
    assert History(Norm(1.0, 1.0)).standing("A", 3.0).z is None


def test_the_own_values_outweigh_the_norm_in_the_end() -> None:
    history = History(Norm(between=1.0, within=1.0, usual=(0.0,)))
    zs = []
    for value in [5.0, 5.1, 4.9] * 6:
        zs.append(history.standing("A", value).z or 0.0)
        history.add("A", value)
    assert zs[0] > 3
    assert abs(zs[-1]) < 0.6
    later = history.standing("A", 6.5)
    assert later.z is not None
    assert later.z > 1.96
    assert later.percentile == pytest.approx(100, abs=0.1)


def test_others_stand_in_for_somebody_new() -> None:
    history = History(Norm(between=2.0, within=2.0))
    history.add("A", -30.0)
    new = history.standing("B", -26.0)
    assert new.z == pytest.approx(4 / math.sqrt(8))
    assert new.earlier == 0


def test_low_and_high_voices_have_their_own_norm() -> None:
    history = History(Norm(2.0, 2.0, (82.9, 92.6)))
    history.add("low", 82.0)
    assert (history.standing("low", 90.0).z or 0) > 2
    assert abs(history.standing("high", 92.0).z or 0) < 0.5


def test_blocks_change_nothing() -> None:
    from emoagent.tools.voice import pitch as module

    sound = syllables(40)
    whole = module._detector().detect(sound, RATE, fmin=module.LOWEST, fmax=module.HIGHEST)
    np.testing.assert_allclose(pitch(sound).confidence, whole.confidence, atol=1e-4)


def sequences() -> list[list[float]]:
    """Values of 120 made-up persons, each with a usual value and a spread of their own."""
    random = np.random.default_rng(11)
    return [list(random.normal(random.normal(10, 3), 4 * random.uniform(0.7, 1.3), 25)) for _ in range(120)]


def ranked(values: list[float], outliers: float = 0.0) -> list[tuple[int, float]]:
    """How many came before, and the percentile, of each value; some of those remembered are far off."""
    history, random = History(Norm(3.0, 4.0, (10.0,))), np.random.default_rng(3)
    found = []
    for n, value in enumerate(values):
        percentile = history.standing("A", value).percentile
        assert percentile is not None
        found.append((n, percentile))
        history.add("A", 1000.0 if random.random() < outliers else value)
    return found


@pytest.mark.parametrize(("first", "last"), [(0, 1), (1, 5), (5, 13), (13, 25)])
def test_percentiles_are_uniform_however_few_came_before(first: int, last: int) -> None:
    found = np.array([p for values in sequences() for n, p in ranked(values) if first <= n < last])
    assert np.mean(found) == pytest.approx(50, abs=8)
    assert np.mean((found > 10) & (found < 90)) == pytest.approx(0.8, abs=0.12)


def test_a_percentile_of_few_is_nearer_the_truth_than_their_rank_and_in_the_end_it_is_the_rank() -> None:
    early: list[tuple[float, float]] = []
    for values in sequences():
        truth = [100 * (sum(v < x for v in values) + 0.5) / len(values) for x in values]
        for (n, percentile), x, true in zip(ranked(values), values, truth, strict=True):
            rank = 100 * (sum(v < x for v in values[:n]) + 0.5) / (n + 1)
            if n < 3:
                early.append((abs(percentile - true), abs(rank - true)))
            if n == 24:
                assert abs(percentile - rank) < 10
    ours, theirs = np.mean(early, axis=0)
    assert ours < 0.9 * theirs


def test_outliers_move_a_percentile_little() -> None:
    clean = np.array([p for values in sequences() for n, p in ranked(values) if n >= 10])
    dirty = np.array([p for values in sequences() for n, p in ranked(values, 0.1) if n >= 10])
    assert np.abs(clean - dirty).mean() < 8


def test_syllables_without_a_gap_are_told_apart_by_their_vowels() -> None:
    """Two vowels in turn at one level: only the spectrum changes."""
    from emoagent.tools.voice.syllables import _strength

    time = np.arange(300) / RATE
    pulses = np.zeros(round(1.2 * RATE))
    pulses[:: RATE // 120] = 1
    parts = [
        np.convolve(pulses, np.exp(-time * 400) * np.sin(2 * np.pi * f * time))[: len(pulses)] for f in (500, 1800)
    ]
    first = (np.arange(len(pulses)) // round(0.15 * RATE)) % 2 == 0
    sound = np.where(first, parts[0] / np.abs(parts[0]).max(), parts[1] / np.abs(parts[1]).max())
    strength = _strength(hiss(0.2 * sound.astype(np.float32)))
    borders = np.round(np.arange(0.15, 1.0, 0.15) * 100).astype(int)
    assert strength[borders - 1].mean() < strength[borders + 6].mean() - 1


@pytest.mark.parametrize("name", ["enrollment_audio_katie.wav", "enrollment_audio_steve.wav", "sample.wav"])
def test_pitch_follows_praat_frame_by_frame(shared: Path, name: str) -> None:
    """Praat is GPL: only a test may ask it."""
    parselmouth = pytest.importorskip("parselmouth")
    sound = _wav(shared / "media" / "speech" / name)[: 10 * RATE]
    track = pitch(sound)
    praat = parselmouth.Sound(sound.astype(np.float64), RATE).to_pitch_ac(0.01, 75.0, pitch_ceiling=600.0)
    theirs = np.array([praat.get_value_at_time(t) for t in track.time])
    both = np.isfinite(theirs) & track.voiced
    assert both.sum() > 100
    off = np.abs(track.f0[both] / theirs[both] - 1)
    assert np.median(off) <= 0.03
    assert np.mean(off > 0.2) < 0.1
