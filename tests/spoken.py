"""A recording in which somebody says two things, made from the sample: what a microphone would give."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from conftest import SAMPLE
from numpy.typing import NDArray

from emoagent.tools.media.audio import RATE
from emoagent.tools.media.sound import sound_of

SAID = ("Today? Wow, I did not expect that!", "I am scared! Something is in there!")
SPANS = ((2.74, 5.33), (16.48, 18.54))  # seconds in the sample; both by EILEEN
LEAD = 1.0  # seconds of silence before the first
GAP = 5.0  # seconds of silence between them


def recording(path: Path, *sentences: int) -> Path:
    """16-bit WAV, 16 kHz, mono: a second of a quiet room, then the sentences of these numbers (0, 1), with a pause."""
    sample = sound_of(SAMPLE).samples
    pieces = [_quiet(LEAD)]
    for number in sentences:
        start, end = SPANS[number]
        pieces += [sample[round(start * RATE) : round(end * RATE)].astype(np.int16), _quiet(GAP)]
    pieces[-1] = _quiet(0.2)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.concatenate(pieces).tobytes())
    return path


def played(folder: Path) -> list[str]:
    """For the scripts of calls: the video, then each sentence as WAV with the second of the video that goes with it."""
    pairs = [(recording(folder / f"said-{number}.wav", number), SPANS[number][0] - LEAD) for number in (0, 1)]
    return [str(SAMPLE), *(str(part) for pair in pairs for part in pair)]


def _quiet(seconds: float) -> NDArray[np.int16]:
    return np.random.default_rng(1).normal(0, 3, round(seconds * RATE)).astype(np.int16)
