"""What it costs to perceive a running conversation: the voice of 5 s, a frame, the face of a turn, a picture.

    python -m benchmarks.senses [--runs 5] [--json]

Milliseconds of processor time, the median of the runs, and of the clock, which the load of the machine lengthens. Sound
and faces are those of `samples/dialogue.mp4`, where one face is in view; pictures are made smaller to the widths named.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from emoagent.agents.senses import Senses, warm_up
from emoagent.schema import Span, Utterance
from emoagent.tools.media.audio import RATE
from emoagent.tools.media.files import probe, read_frames
from emoagent.tools.media.picture_decoder import Pictures
from emoagent.tools.media.sound import Sound, sound_of
from emoagent.tools.voice.ear import Ear
from emoagent.tools.workspace import Workspace, working_in

CLIP = Path(__file__).parents[1] / "samples" / "dialogue.mp4"
ALONE = (8.1, 13.3)  # seconds in which one face is in view
SECONDS, CHUNK = 5, 320
Frames = list[tuple[float, NDArray[np.uint8]]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    warm_up()
    found = {**voices(asked.runs), **faces(asked.runs), **pictures(asked.runs)}
    for name, (processor, clock) in found.items() if not asked.json else ():
        print(f"{name:45} {processor:7.1f} ms of a processor {clock:7.1f} ms by the clock")
    if asked.json:
        print(json.dumps({name: {"processor_ms": a, "clock_ms": b} for name, (a, b) in found.items()}, indent=1))


def timed(runs: int, prepare: Callable[[], Callable[[], object]]) -> tuple[float, float]:
    """Median milliseconds of processor and clock of what `prepare` gives; the preparation is not counted."""
    took = []
    for _ in range(runs):
        work = prepare()
        processor, clock = time.process_time(), time.perf_counter()
        work()
        took.append((1000 * (time.process_time() - processor), 1000 * (time.perf_counter() - clock)))
    return statistics.median(p for p, _ in took), statistics.median(c for _, c in took)


def voices(runs: int) -> dict[str, tuple[float, float]]:
    """Of 5 s at once, and of those that an ear has listened to."""
    sound = Sound(sound_of(CLIP).samples[: SECONDS * RATE], RATE)
    said = Utterance(id="u1", person="user", span=Span(start=0, end=SECONDS), text="", source="chat")

    def listened() -> Callable[[], object]:
        ear, senses = Ear(), Senses()
        for start in range(0, len(sound.samples), CHUNK):
            ear.add(Sound(sound.samples[start : start + CHUNK], RATE))
        return lambda: senses.voice(said, ear)

    def at_once() -> Callable[[], object]:
        senses = Senses()
        return lambda: senses.voice(said, sound)

    return {"voice, 5 s at once": timed(runs, at_once), "voice, 5 s listened to meanwhile": timed(runs, listened)}


def faces(runs: int) -> dict[str, tuple[float, float]]:
    """Of one frame at several widths and rates, and of the turn that they make."""
    found = {}
    for width, step in ((640, 1), (640, 2), (320, 1)):
        frames = shown(width, step)
        said = Utterance(id="u1", person="user", span=Span(start=8.1, end=13.3), text="", source="chat")
        last: list[Senses] = []

        def watching(frames: Frames = frames, last: list[Senses] = last) -> Callable[[], object]:
            senses = Senses()
            last[:] = [senses]
            return lambda: [senses.watch(*frame) for frame in frames]

        processor, clock = timed(runs, watching)
        name = f"{width} pixels, {12.5 / step:g} frames a second"
        found[f"frame, {name}"] = (processor / len(frames), clock / len(frames))
        found[f"face of 5.2 s, {name}"] = timed(runs, lambda last=last, said=said: lambda: last[0].face(said))
    return found


def shown(width: int, step: int) -> Frames:
    """The frames with one face in view, `width` pixels wide, every `step`th of 12.5 a second."""
    import cv2

    with TemporaryDirectory() as folder, working_in(Workspace(CLIP, Path(folder))):
        frames = [(time, rgb) for time, rgb in read_frames(probe(CLIP).clip) if ALONE[0] <= time < ALONE[1]]
    size = (width, round(width * 9 / 16))
    return [(t, np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)) for t, rgb in frames[::step]]


def pictures(runs: int) -> dict[str, tuple[float, float]]:
    """Of one JPEG, by the child process: the clock tells, its processor time is not ours."""
    import cv2

    found = {}
    with Pictures() as decoder:
        for width in (320, 640):
            data = cv2.imencode(".jpg", shown(width, 10)[0][1])[1].tobytes()
            decoder.decode(data)
            found[f"picture, JPEG of {width} pixels"] = timed(runs, lambda data=data: lambda: decoder.decode(data))
    return found


if __name__ == "__main__":
    main()
