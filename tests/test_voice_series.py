"""Pitch and loudness at ten samples a second: what they are of a known sound, and what a run keeps of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emoagent.tools.voice.loudness import levels
from emoagent.tools.voice.pitch import RATE, pitch
from emoagent.tools.voice.voice_series import Voiced, VoiceSeries, sampled
from emoagent.viewer.exports.result import Result


def _gliding(seconds: float = 2.0, first: float = 150.0, last: float = 250.0) -> tuple[np.ndarray, np.ndarray]:
    """A voice-like sound that glides and gets louder, silent in its third quarter; its pitch at each sample."""
    time = np.arange(round(seconds * RATE)) / RATE
    hertz = first + (last - first) * time / seconds
    phase = 2 * np.pi * np.cumsum(hertz) / RATE
    sound = sum(np.sin(k * phase) / k for k in range(1, 12)) * (0.02 + 0.1 * time / seconds)
    sound[round(0.5 * len(time)) : round(0.75 * len(time))] = 0
    return sound.astype(np.float32), hertz


def test_a_glide_is_followed_and_silence_is_a_gap() -> None:
    sound, hertz = _gliding()
    found = sampled(10.0, levels(sound), pitch(sound))
    assert found.number[0] == 100
    assert np.diff(found.number).tolist() == [1] * (len(found.number) - 1)
    at = found.number / 10 - 10.0
    expected = np.interp(at, np.arange(len(sound)) / RATE, hertz)
    loud = ((at > 0.1) & (at < 0.9)) | ((at > 1.6) & (at < 1.9))
    assert found.pitch[loud] == pytest.approx(expected[loud], rel=0.03)
    assert np.isnan(found.pitch[(at > 1.05) & (at < 1.45)]).all()
    assert found.loudness[(at > 1.05) & (at < 1.45)].max() < -90
    assert np.diff(found.loudness[(at > 0.1) & (at < 0.9)]).min() > 0


def test_too_little_sound_gives_nothing() -> None:
    empty = sampled(1.0, levels(np.zeros(10, np.float32)), pitch(np.zeros(0, np.float32)))
    assert len(empty.number) == len(empty.pitch) == len(empty.loudness) == 0


def test_what_is_saved_is_read_again_and_is_always_the_same(tmp_path: Path) -> None:
    number, hertz = np.array([3, 4], np.int32), np.array([200, np.nan], np.float32)
    parts = [("u1", Voiced(number, hertz, hertz - 250)), ("u2", Voiced(number[:0], hertz[:0], hertz[:0]))]
    kept = VoiceSeries.joined(parts)
    for name in ("a.npz", "b.npz"):
        kept.save(tmp_path / name)
    again = VoiceSeries.load(tmp_path / "a.npz")
    for name, value in vars(kept).items():
        np.testing.assert_array_equal(value, getattr(again, name))
    assert kept.time.tolist() == [0.3, 0.4]
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    VoiceSeries.joined([]).save(tmp_path / "none.npz")
    assert len(VoiceSeries.load(tmp_path / "none.npz").time) == 0


@pytest.mark.real
def test_a_run_keeps_the_voices_of_its_utterances(briefed: tuple[str, Path]) -> None:
    result = Result.open(briefed[1])
    kept = VoiceSeries.load(briefed[1] / "work" / "voice.npz")
    spans = {utterance.id: utterance.span for utterance in result.trace.utterances}
    assert set(kept.utterances.tolist()) == set(spans)
    for place, name in enumerate(kept.utterances.tolist()):
        time = kept.time[kept.of == place]
        assert spans[name].start - 0.1 <= time[0] < time[-1] <= spans[name].end + 0.1
        median = next(e.measures["median_f0"].value for e in result.trace.evidence
                      if e.utterance == name and e.kind == "pitch")  # fmt: skip
        assert np.nanmedian(kept.pitch[kept.of == place]) == pytest.approx(median, rel=0.1)
