"""Sound in memory: samples as they come from a microphone, a WAV file or, by the decoding child process, any format."""

from __future__ import annotations

import io
import os
import shutil
import wave
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import EmoagentError, MediaError, UsageError
from emoagent.tools.media.audio import RATE, Audio

SLOWEST, FASTEST = 4_000, 384_000  # samples per second
MOST_CHANNELS = 8
LARGEST = 64 << 20  # bytes of a file that is given in memory
ROOM = 512 << 20  # bytes that must be free in memory for the file and what it is decoded to

Samples = NDArray[np.float32] | NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class Sound:
    """`samples`: (n,) or (n, channels), float32 in -1..1 or int16; `rate`: samples per second and channel.

    Raises `UsageError` where the numbers cannot be sound.
    """

    samples: Samples
    rate: int

    def __post_init__(self) -> None:
        if problem := _problem(self.samples, self.rate):
            raise UsageError(f"this is no sound: {problem}", hint="give int16 or float32 samples and their rate")

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate

    def at_16k(self) -> Sound:
        """The same as one channel of float32 at 16 kHz, as everything that listens wants it."""
        if self.rate == RATE and self.samples.ndim == 1:
            return self if self.samples.dtype == np.float32 else Sound(_as_float(self.samples), RATE)
        return Sound(_as_float(_resampled(self.samples, self.rate)), RATE)

    def first(self, seconds: float) -> Sound:
        """The beginning, or all where it is no longer than that."""
        count = round(seconds * self.rate)
        return self if len(self.samples) <= count else Sound(self.samples[:count], self.rate)

    @classmethod
    def from_wav(cls, data: bytes) -> Sound:
        """Reads a WAV file of plain PCM: integers of 8 to 32 bits. Raises `MediaError`."""
        try:
            with wave.open(io.BytesIO(data)) as file:
                channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
                raw = file.readframes(file.getnframes())
            whole = raw[: len(raw) // (channels * width) * channels * width]
            return cls(_from_pcm(whole, width).reshape(-1, channels), rate)
        except (wave.Error, EOFError, ValueError, ZeroDivisionError) as error:
            why = str(error) or "it is cut off"
            raise MediaError(f"this is no WAV file of plain PCM: {why}", hint="give 8 to 32 bit integers") from error
        except UsageError as error:
            raise MediaError(error.message, hint=error.hint) from error


def sound_of(source: bytes | Path, seconds: float | None = None) -> Sound:
    """The sound of a file in any format that is accepted, 16 kHz mono, decoded by a child process under limits.

    `source`: its path, or its bytes, up to 64 MB, which lie for that moment in a private folder, in
    memory where the system has a place for that. `seconds`:
    of a longer one, no more than about that is decoded: a small file can hold hours.
    Raises `MediaError` where there is no sound in it, `ResourceLimit` where it is too large.
    """
    given = isinstance(source, Path)
    with TemporaryDirectory(prefix="emoagent-", dir=None if given else _in_memory()) as folder:
        path = source if isinstance(source, Path) else _written(source, Path(folder) / "sound")
        try:
            return _decoded(path, Path(folder) / "samples", seconds)
        except EmoagentError as error:
            error.where = error.where if given else ""  # nobody outside need know that folder
            raise


def _in_memory() -> Path | None:
    """What somebody has said should not be left on a disk if the process is killed. `None`: the usual place."""
    place = Path("/dev/shm")
    there = place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    return place if there and shutil.disk_usage(place).free > ROOM else None


def _decoded(path: Path, target: Path, seconds: float | None) -> Sound:
    from emoagent.tools.media.files import extract_audio, probe

    clip = probe(path).clip
    if clip.audio is None:
        raise MediaError(f"{path.name}: there is no sound in it", hint="give a file with an audio stream")
    if seconds is not None and seconds < clip.duration:
        clip = clip.model_copy(update={"duration": seconds})
    extract_audio(path, target, clip)
    audio = Audio(target)
    return Sound(audio.all(), RATE)


def _written(data: bytes, path: Path) -> Path:
    if len(data) > LARGEST:
        raise MediaError(f"{len(data)} bytes are more than {LARGEST}", hint="give the path of the file instead")
    path.write_bytes(data)
    return path


def _problem(samples: Samples, rate: int) -> str:
    if not isinstance(samples, np.ndarray) or samples.dtype not in (np.float32, np.int16):
        return f"samples of {getattr(samples, 'dtype', type(samples).__name__)}"
    if samples.ndim not in (1, 2) or (samples.ndim == 2 and not 1 <= samples.shape[1] <= MOST_CHANNELS):
        return f"samples of shape {samples.shape}"
    if not SLOWEST <= rate <= FASTEST:
        return f"{rate} samples per second"
    return "" if samples.dtype == np.int16 or np.isfinite(samples).all() else "some samples are no numbers"


def _as_float(samples: Samples) -> NDArray[np.float32]:
    mono = samples if samples.ndim == 1 else samples[:, 0]
    return np.divide(mono, 32768, dtype=np.float32) if mono.dtype == np.int16 else np.asarray(mono, np.float32)


def _resampled(samples: Samples, rate: int) -> NDArray[np.int16]:
    resampler = Resampler(rate)
    return np.concatenate([resampler.more(samples), resampler.rest()])


class Resampler:
    """Sound of one kind to 16-bit mono at 16 kHz, piece by piece, as the decoder of a file does it, so that a
    microphone and a file give the same numbers."""

    def __init__(self, rate: int) -> None:
        import av

        self._rate, self._native = rate, av.AudioResampler(format="s16", layout="mono", rate=RATE)

    def more(self, samples: Samples) -> NDArray[np.int16]:
        """What the next samples give; the last few are held back. Of more than two channels nobody says which is
        which: their mean is taken."""
        import av

        if not len(samples):
            return np.zeros(0, np.int16)
        if samples.ndim == 2 and samples.shape[1] > 2:
            scale = 32768 if samples.dtype == np.int16 else 1
            samples = np.asarray(samples.mean(axis=1, dtype=np.float64) / scale, np.float32)
        packed: Any = np.ascontiguousarray(samples).reshape(1, -1)
        kind = "s16" if samples.dtype == np.int16 else "flt"
        layout = "mono" if samples.size == len(samples) else "stereo"
        frame = av.AudioFrame.from_ndarray(packed, format=kind, layout=layout)
        frame.sample_rate = self._rate
        return self._given(frame)

    def rest(self) -> NDArray[np.int16]:
        """What was held back."""
        return self._given(None)

    def _given(self, frame: Any) -> NDArray[np.int16]:
        pieces = self._native.resample(frame)
        return np.concatenate([np.zeros(0, np.int16), *(piece.to_ndarray()[0] for piece in pieces)])


def _from_pcm(raw: bytes, width: int) -> Samples:
    if width == 2:
        return np.frombuffer(raw, "<i2").astype(np.int16)
    if width == 1:
        return np.asarray((np.frombuffer(raw, np.uint8).astype(np.int16) - 128) * 256, np.int16)
    wide = np.zeros((len(raw) // width, 4), np.uint8)
    wide[:, 4 - width :] = np.frombuffer(raw, np.uint8).reshape(-1, width)
    return np.asarray(wide.view("<i4")[:, 0] / 2.0**31, np.float32)
