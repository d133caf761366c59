"""Where turns begin and end in sound that never stops."""

from __future__ import annotations

import numpy as np
import pysubs2
import pytest
from conftest import SAMPLE
from numpy.typing import NDArray
from sounds import load

from emoagent.tools.voice.endpoint import Change, Endpoints

RATE = 16_000
PIECE = 800  # samples
NEAR = 0.35  # seconds


def _noise(seconds: float, level: float, seed: int = 0) -> NDArray[np.int16]:
    """White noise of so many dBFS."""
    drawn = np.random.default_rng(seed).normal(0, 32768 * 10 ** (level / 20), round(seconds * RATE))
    return np.asarray(drawn.clip(-32768, 32767), np.int16)


def _changes(samples: NDArray[np.int16], endpoints: Endpoints) -> list[tuple[Change, float]]:
    """What changes, and the second by which it is told."""
    told = list[tuple[Change, float]]()
    for at in range(0, len(samples), PIECE):
        if change := endpoints.hear(samples[at : at + PIECE]):
            told.append((change, (at + PIECE) / RATE))
    return told


def test_the_sentences_of_the_sample() -> None:
    samples = np.asarray(load(SAMPLE) * 32767, np.int16)
    told = _changes(np.concatenate([samples, _noise(1, -70)]), Endpoints(0.28))
    begun = [when for change, when in told if change == "begins"]
    for line in pysubs2.load(str(SAMPLE.with_suffix(".srt"))):
        assert any(abs(when - line.start / 1000) < NEAR for when in begun), line.text
    assert [change for change, _ in told] == ["begins", "ends"] * (len(told) // 2)


@pytest.mark.parametrize("room", [-75.0, -60.0, -45.0])
def test_the_floor_is_that_of_the_room(room: float) -> None:
    spoken = _noise(1.5, room + 25, seed=1)
    sound = np.concatenate([_noise(2, room), spoken, _noise(2, room, seed=2)])
    endpoints = Endpoints(0.8)
    [(begins, start), (ends, end)] = _changes(sound, endpoints)[-2:]
    assert (begins, ends) == ("begins", "ends")
    assert start == pytest.approx(2.1, abs=0.2)
    assert end == pytest.approx(3.5 + 0.8, abs=0.2)
    assert not endpoints.talking


def test_a_pause_that_is_short_ends_nothing() -> None:
    sound = np.concatenate([_noise(1, -70), _noise(1, -25), _noise(0.5, -70), _noise(1, -25), _noise(2, -70)])
    assert len(_changes(sound, Endpoints(0.8))) == 2
    assert len(_changes(sound, Endpoints(0.3))) == 4


def test_a_click_is_no_beginning() -> None:
    click = _noise(0.04, -10)
    assert not _changes(np.concatenate([_noise(2, -70), click, _noise(1, -70), click, _noise(1, -70)]), Endpoints())


def test_a_fan_that_is_switched_on_is_room_in_the_end() -> None:
    endpoints = Endpoints(0.8)
    _changes(np.concatenate([_noise(3, -70), _noise(20, -40)]), endpoints)
    assert not endpoints.talking


def test_pieces_of_any_size_give_the_same() -> None:
    sound = np.concatenate([_noise(1, -70), _noise(1, -25), _noise(1, -70)])
    one, other = Endpoints(0.4), Endpoints(0.4)
    for at in range(0, len(sound), 77):
        one.hear(sound[at : at + 77])
    for at in range(0, len(sound), 4000):
        other.hear(sound[at : at + 4000])
    assert (one.talking, one.silence) == (other.talking, other.silence)


def test_digital_silence_and_a_constant_offset_are_silence() -> None:
    assert not _changes(np.full(3 * RATE, 9000, np.int16), Endpoints())
    assert not _changes(np.zeros(3 * RATE, np.int16), Endpoints())
