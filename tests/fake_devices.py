"""A microphone and a camera that play a real clip: files that Chromium takes in their place."""

from __future__ import annotations

import wave
from pathlib import Path

import av
import numpy as np

from emoagent.tools.media.sound import sound_of

RATE = 48_000  # of the microphone that the browser pretends to have
QUIET = 1.6  # seconds of silence after the words, so that the turn is over


def flags(microphone: Path, camera: Path) -> list[str]:
    """What Chromium is started with."""
    return [
        "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}", f"--use-file-for-fake-video-capture={camera}",
    ]  # fmt: skip


def recorded(clip: Path, start: float, end: float, folder: Path) -> tuple[Path, Path]:
    """The sound of `clip` between two times, followed by silence, as a WAV file; its pictures as Motion JPEG."""
    return _sound(clip, start, end, folder / "microphone.wav"), _pictures(clip, start, end, folder / "camera.mjpeg")


def _sound(clip: Path, start: float, end: float, target: Path) -> Path:
    heard = sound_of(clip)
    said = heard.samples[round(start * heard.rate) : round(end * heard.rate)]
    at_48k = np.repeat(said, RATE // heard.rate)  # the images above 8 kHz are what the page has to filter out
    room = np.random.default_rng(0).normal(0, 8, round(QUIET * RATE)).astype(np.int16)
    with wave.open(str(target), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.concatenate([room[: RATE // 2], at_48k, room]).astype("<i2").tobytes())
    return target


def _pictures(clip: Path, start: float, end: float, target: Path) -> Path:
    with av.open(str(clip)) as source, av.open(str(target), "w", format="mjpeg") as made:
        stream = made.add_stream("mjpeg", rate=25, options={"q:v": "3"})
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuvj420p"
        for frame in source.decode(video=0):
            if frame.time is not None and start <= frame.time < end:
                made.mux(stream.encode(_framed(frame)))
        made.mux(stream.encode(None))
    return target


def _framed(frame: av.VideoFrame) -> av.VideoFrame:
    """The middle of a picture, four by three, as a camera has it."""
    whole = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    wide = min(whole.shape[1], whole.shape[0] * 4 // 3)
    left = (whole.shape[1] - wide) // 2
    cut = np.ascontiguousarray(whole[:, left : left + wide])
    return av.VideoFrame.from_ndarray(cut, format="rgb24").reformat(640, 480, "yuvj420p")
