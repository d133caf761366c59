"""Pitch and loudness of what is said as plain arrays: ten samples a second, only inside utterances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoagent.tools.voice.loudness import Levels
from emoagent.tools.voice.pitch import PitchTrack
from emoagent.tools.voice.syllables import middle

STEP = 0.1  # seconds
LEAST_VOICED = 2  # frames of 16 ms in a tenth of a second that make a pitch
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Voiced:
    """The samples of one utterance, m of them; sample i stands for the tenth of a second around `number[i]` tenths."""

    number: NDArray[np.int32]  # (m,)
    pitch: Floats  # (m,) Hz, NaN where not voiced
    loudness: Floats  # (m,) dBFS


@dataclass(frozen=True)
class VoiceSeries:
    """n samples in the order of the utterances, k utterances. Missing numbers are NaN, never 0."""

    utterances: NDArray[np.str_]  # (k,) ids
    of: NDArray[np.int32]  # (n,) index into `utterances`
    time: NDArray[np.float64]  # (n,) seconds, multiples of `STEP`
    pitch: Floats  # (n,) Hz, NaN where not voiced
    loudness: Floats  # (n,) dBFS: mean energy of that tenth of a second

    @classmethod
    def joined(cls, parts: Sequence[tuple[str, Voiced]]) -> VoiceSeries:
        """The samples of (utterance id, samples) pairs."""
        numbers = [np.full(len(part.number), place, np.int32) for place, (_, part) in enumerate(parts)]
        voiced = [part for _, part in parts]
        return cls(
            utterances=np.array([name for name, _ in parts], np.str_),
            of=np.concatenate([np.zeros(0, np.int32), *numbers]),
            time=np.round(np.concatenate([np.zeros(0), *(part.number * STEP for part in voiced)]), 3),
            pitch=np.concatenate([np.zeros(0, np.float32), *(part.pitch for part in voiced)]),
            loudness=np.concatenate([np.zeros(0, np.float32), *(part.loudness for part in voiced)]),
        )

    def save(self, path: Path) -> None:
        """Writes an uncompressed `.npz`."""
        with path.open("wb") as file:
            arrays: dict[str, Any] = vars(self)
            np.savez(file, **arrays)

    @classmethod
    def load(cls, path: Path) -> VoiceSeries:
        """Reads what `save` wrote."""
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            return cls(**{name: data[name] for name in data.files})


def sampled(start: float, level: Levels, track: PitchTrack) -> Voiced:
    """Samples of sound that starts at `start` seconds; `level` as `loudness.levels` and `track` as `pitch` give them:
    the mean energy of each tenth of a second, and the median of its voiced frames."""
    loud = _tenths(start + middle(np.arange(len(level), dtype=np.float64)))
    voiced = _tenths(start + track.time[track.voiced])
    number = np.unique(loud)
    hertz = [track.f0[track.voiced][voiced == tenth] for tenth in number]
    power = [np.mean(10 ** (level[loud == tenth] / 10)) for tenth in number]
    return Voiced(
        number=number,
        pitch=np.array([np.median(f0) if len(f0) >= LEAST_VOICED else np.nan for f0 in hertz], np.float32),
        loudness=(10 * np.log10(np.array(power, np.float64))).astype(np.float32),
    )


def _tenths(time: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.floor(time / STEP + 0.5).astype(np.int32)
