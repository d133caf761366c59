"""Dialogues with known turns, put together from recordings of single speakers: pauses, overlaps, levels and noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
QUIET = 35.0  # dB under the loudest 10 ms, where speech begins and ends
PAUSE = (0.1, 0.8)  # seconds
OVERLAP = (0.2, 0.8)  # seconds by which one turn in six begins before the last one ends
GAIN = 4.0  # dB
SNR = (20.0, 35.0)  # dB

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Dialogue:
    """`samples`: (n,) at 16 kHz. `turns`: (start, end, speaker) in seconds."""

    samples: Samples
    turns: tuple[tuple[float, float, str], ...]


def speakers(shared: Path) -> dict[str, list[Path]]:
    """The recordings of each speaker of EMO-DB (E…) and RAVDESS (R…)."""
    found: dict[str, list[Path]] = {}
    for path in sorted((shared / "media/emodb16k").glob("*.flac")):
        found.setdefault(f"E{path.name[:2]}", []).append(path)
    for path in sorted((shared / "media/ravdess16k").glob("*.flac")):
        found.setdefault(f"R{path.stem[-2:]}", []).append(path)
    return found


def dialogue(files: Mapping[str, Sequence[Path]], turns: int, seed: int, overlap: float = 1 / 6) -> Dialogue:
    """`turns` recordings of the speakers in `files`, everybody at least once and nobody twice running (if they are two
    or more); each at a level of its own, under noise that is the same throughout."""
    random = np.random.default_rng(seed)
    order = _order(sorted(files), turns, random)
    parts, at, end = list[tuple[int, Samples, str]](), 0, 0
    for number, who in enumerate(order):
        samples = trimmed(load(files[who][int(random.integers(len(files[who])))]))
        samples = samples * np.float32(0.05 / np.sqrt(np.mean(samples**2)) * 10 ** (random.uniform(-GAIN, GAIN) / 20))
        again = number > 0 and len(set(order)) > 1 and random.random() < overlap
        pause = -random.uniform(*OVERLAP) if again else random.uniform(*PAUSE)
        at = max(parts[-1][0] if parts else 0, end + round(pause * RATE))
        parts.append((at, samples, who))
        end = max(end, at + len(samples))
    whole = np.zeros(end + RATE // 2, np.float32)
    for start, samples, _ in parts:
        whole[start : start + len(samples)] += samples
    noise = random.normal(0, 0.05 / 10 ** (random.uniform(*SNR) / 20), len(whole))
    truth = tuple((start / RATE, (start + len(samples)) / RATE, who) for start, samples, who in parts)
    return Dialogue(np.clip(whole + noise, -1, 1).astype(np.float32), truth)


def load(path: Path) -> Samples:
    """The sound of a file, (n,) in -1..1 at 16 kHz mono."""
    import av

    resampler = av.AudioResampler("s16", "mono", RATE)
    with av.open(str(path)) as container:
        frames = [new for frame in container.decode(audio=0) for new in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.divide(np.concatenate([frame.to_ndarray()[0] for frame in frames]), 32768, dtype=np.float32)


def trimmed(samples: Samples) -> Samples:
    """Without the quiet before and after."""
    size = RATE // 100
    power = np.square(samples[: len(samples) // size * size]).reshape(-1, size).mean(axis=1)
    loud = np.flatnonzero(power > power.max() / 10 ** (QUIET / 10))
    return samples[loud[0] * size : (loud[-1] + 1) * size]


def save(samples: Samples, path: Path) -> Path:
    """As a 16-bit WAV file."""
    import wave

    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def _order(names: Sequence[str], turns: int, random: np.random.Generator) -> list[str]:
    order = [str(name) for name in random.permutation(list(names))]
    while len(order) < turns:
        rest = [name for name in names if name != order[-1]] or list(names)
        order.append(rest[int(random.integers(len(rest)))])
    return order
