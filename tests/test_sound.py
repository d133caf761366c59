"""Sound in memory: what is taken, WAV files, and that a microphone and a file give the same numbers."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from emoagent.errors import MediaError, UsageError
from emoagent.schema import Span
from emoagent.tools.media.audio import RATE, HeldAudio
from emoagent.tools.media.sound import Sound, sound_of
from emoagent.tools.voice.ear import Ear
from emoagent.tools.voice.pitch import pitch


def noise(count: int, channels: int = 1) -> NDArray[np.int16]:
    made = np.random.default_rng(0).normal(0, 3000, (count, channels)).astype(np.int16)
    return made[:, 0] if channels == 1 else made


def wav(raw: bytes, width: int, channels: int = 1, rate: int = 16_000) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(raw)
    return out.getvalue()


@pytest.mark.parametrize(
    ("samples", "rate"),
    [
        (np.zeros(9), 16_000),
        (np.zeros((9, 9), np.int16), 16_000),
        (np.zeros((1, 9, 1), np.int16), 16_000),
        (np.zeros(9, np.int16), 100),
        (np.array([0, np.nan], np.float32), 16_000),
        ([0, 1], 16_000),
    ],
    ids=["doubles", "nine channels", "three axes", "too slow", "no number", "a list"],
)
def test_what_is_no_sound_is_refused(samples: Any, rate: int) -> None:
    with pytest.raises(UsageError, match="no sound"):
        Sound(samples, rate)


def test_a_wav_file_gives_the_same_numbers_in_memory_and_decoded(tmp_path: Path) -> None:
    made = wav(noise(48_000, 2).tobytes(), 2, 2, 48_000)
    (tmp_path / "a.wav").write_bytes(made)
    heard, decoded = Sound.from_wav(made).at_16k(), sound_of(tmp_path / "a.wav").at_16k()
    common = len(decoded.samples)  # the decoder of a file leaves out the last millisecond, for which it would wait
    assert RATE - 20 <= common <= len(heard.samples) == RATE
    assert np.array_equal(heard.samples[:common], decoded.samples)


def test_widths_of_wav_samples() -> None:
    values = noise(400).astype(np.int32)
    two = Sound.from_wav(wav(values.astype("<i2").tobytes(), 2)).at_16k().samples
    four = Sound.from_wav(wav((values << 16).astype("<i4").tobytes(), 4)).at_16k().samples
    three = Sound.from_wav(wav((values << 8).astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes(), 3))
    one = Sound.from_wav(wav(((values >> 8) + 128).astype(np.uint8).tobytes(), 1)).at_16k().samples
    assert np.array_equal(two, four)
    assert np.array_equal(two, three.at_16k().samples)
    assert np.abs(two - one).max() <= 1 / 128


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFF\0\0\0\0WAVE", bytes(500), b"\xff" * 500])
def test_a_broken_wav_file_says_so(data: bytes) -> None:
    with pytest.raises(MediaError, match="no WAV file"):
        Sound.from_wav(data)


def test_what_holds_no_sound_is_bad_media() -> None:
    with pytest.raises(MediaError, match="no audio or video format") as caught:
        sound_of(b"this is no sound" * 50)
    assert not caught.value.where


def test_channels_that_nobody_named_are_averaged() -> None:
    made = Sound(np.tile(noise(RATE)[:, None], (1, 3)), RATE).at_16k().samples
    assert np.abs(made - noise(RATE) / np.float32(32768)).max() < 1e-4


@pytest.mark.parametrize(("rate", "channels"), [(48_000, 2), (44_100, 1), (16_000, 1), (8_000, 1)])
def test_an_ear_hears_in_pieces_what_there_is_in_one(rate: int, channels: int) -> None:
    samples, ear = noise(5 * rate, channels), Ear()
    for start in range(0, len(samples), 977):
        ear.add(Sound(samples[start : start + 977], rate))
    whole = np.asarray(Sound(samples, rate).at_16k().samples, np.float32)
    heard = ear.sound().samples
    assert np.array_equal(heard, whole)
    for one, other in zip(vars(ear.pitch(whole)).values(), vars(pitch(whole)).values(), strict=True):
        assert np.array_equal(one, other, equal_nan=True)


def test_an_ear_that_is_asked_is_full() -> None:
    ear = Ear()
    ear.add(Sound(noise(RATE), RATE))
    assert ear.sound().seconds == 1
    ear.add(Sound(noise(RATE), RATE))
    assert ear.sound().seconds == 1


def test_held_sound_is_read_as_a_file_is() -> None:
    held = HeldAudio(np.arange(RATE, dtype=np.float32) / 32768, start=10.0)
    assert held.duration == 11.0
    assert np.array_equal(held.read_int16(Span(start=10.5, end=20)), np.arange(RATE // 2, RATE))
    assert not len(held.read(Span(start=0, end=10)))
