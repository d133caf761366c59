"""Make the project's sample: a short dialogue of two still portraits that speak, with subtitles and the truth about it.

    pip install av matplotlib mediapipe opencv-contrib-python scikit-image      # and espeak-ng, a program
    python samples/make_sample.py --landmarker face_landmarker.task -o samples/

`emoagent models pull` fetches a landmark model. The same versions of espeak-ng and of the encoders give the same bytes.
It writes dialogue.mp4, dialogue.srt and truth.json. Pictures and licences: samples/README.md.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import wave
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from puppet import Array, Puppet, View, find_landmarks

WIDTH, HEIGHT, FPS, RATE = 640, 360, 25, 22050
LEAD, GAP, TAIL = 0.7, 0.32, 0.6  # seconds of silence before, between and after the utterances
GUTTER = 4


@dataclass(frozen=True)
class Line:
    """One utterance: words, the way espeak-ng says them, the face that goes with them, and who is on screen."""

    speaker: str
    text: str
    intended: str
    movements: dict[str, float]
    shot: str
    speed: int
    pitch: int
    amplitude: int = 100
    jaw: float = 0.75
    head: dict[str, float] = field(default_factory=dict)
    note: str = ""


SHOTS: dict[str, dict[str, tuple[int, View]]] = {  # speaker: left edge in the frame, window on the picture
    "two": {
        "EILEEN": (0, View(101.0, 14.0, 1.3, 318, HEIGHT)),
        "GRACE": (322, View(50.0, 34.0, 0.755, 318, HEIGHT)),
    },
    "eileen": {"EILEEN": (0, View(55.0, 26.0, 1.9, WIDTH, HEIGHT))},
    "grace": {"GRACE": (0, View(6.0, 60.0, 1.26, WIDTH, HEIGHT))},
}
VOICES = {"EILEEN": "en-us+f2", "GRACE": "en-us+f5"}
LINES = (
    Line("GRACE", "The countdown starts at nine.", "neutral", {}, "two", 170, 24),
    Line(
        "EILEEN", "Today? Wow, I did not expect that!", "surprise", {"AU1": 1.0, "AU2": 1.0, "AU5": 1.2}, "two",
        185, 75, 110, 1.0, {"pitch": -2.5},
    ),
    Line(
        "EILEEN", "I am so happy! We are going to fly!", "joy", {"AU6": 0.9, "AU12": 0.9}, "eileen",
        185, 82, 115, 0.6, {"pitch": -1.5, "roll": 2.5},
    ),
    Line(
        "GRACE", "Stop it! You broke my computer!", "anger", {"AU4": 1.6, "AU15": 0.35}, "grace",
        200, 38, 180, 0.9, {"pitch": 3.0},
    ),
    Line(
        "EILEEN", "Oh, great. That is just wonderful.", "anger",
        {"AU1": 1.3, "AU2": 1.2, "AU5": 1.4, "AU15": 0.9}, "eileen", 150, 20, 85, 0.6, {"roll": 2.5, "pitch": 1.5},
        note="words and face disagree: praise, said flatly, with brows up and lip corners down (sarcasm)",
    ),
    Line(
        "GRACE", "I am so sorry. Now we will miss it.", "sadness", {"AU6": 1.1, "AU12": 1.1}, "two",
        142, 12, 80, 0.5, {"pitch": 2.0, "roll": -2.0},
        note="words and face disagree: regret, said with a smile (that masks it)",
    ),
    Line(
        "EILEEN", "I am scared! Something is in there!", "fear",
        {"AU1": 1.1, "AU2": 0.5, "AU4": 0.4, "AU5": 1.5, "AU20": 0.8}, "eileen", 195, 95, 120, 0.8, {"yaw": 5.0},
    ),
    Line("GRACE", "It is just a moth. I will put it in the book.", "neutral", {}, "two", 165, 24),
)  # fmt: skip
RESTS = {  # her photographed smile is taken back, and so are lifted cheeks
    "EILEEN": {"AU12": -0.9, "AU6": -0.7, "AU15": 0.4, "close": 1.0},
    "GRACE": {"AU12": -0.25, "AU6": -0.7},
}
BLINKS = {"EILEEN": (1.4, 4.1, 7.6, 12.2, 15.0, 20.1), "GRACE": (0.5, 3.6, 9.3, 11.6, 15.4, 20.2)}


def speak(line: Line) -> Array:
    """What espeak-ng says: mono float samples at RATE in -1..1, silence around it cut off."""
    command = ["espeak-ng", "-v", VOICES[line.speaker], "-s", line.speed, "-p", line.pitch, "-a", line.amplitude]
    said = subprocess.run([*map(str, command), "--stdout", line.text], check=True, capture_output=True).stdout
    with wave.open(io.BytesIO(said)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768.0
        if file.getframerate() != RATE:
            raise SystemExit(f"espeak-ng speaks at {file.getframerate()} Hz, this script expects {RATE}")
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    return samples[loud[0] : loud[-1] + 1] * 0.9


def schedule(voices: list[Array]) -> list[tuple[float, float]]:
    """Start and end of each utterance in seconds."""
    spans, at = [], LEAD
    for voice in voices:
        spans.append((round(at, 3), round(at + len(voice) / RATE, 3)))
        at += len(voice) / RATE + GAP
    return spans


def mix(voices: list[Array], spans: list[tuple[float, float]], duration: float) -> Array:
    """The sound track over a faint room noise: float32 (n,) at RATE."""
    track = np.random.default_rng(9).normal(0.0, 4e-4, round(duration * RATE))
    for voice, (start, _) in zip(voices, spans, strict=True):
        first = round(start * RATE)
        track[first : first + len(voice)] += voice
    return np.clip(track, -0.99, 0.99).astype(np.float32)


def jaw_curve(voice: Array, start: float, frames: int) -> Array:
    """How far the voice opens a mouth in each frame, 0..1: its loudness, smoothed over 60 ms."""
    hop = RATE // 100
    loud = np.sqrt(np.add.reduceat(voice**2, np.arange(0, len(voice), hop)) / hop)
    loud = np.convolve(loud, np.hanning(8)[1:-1] / np.hanning(8).sum(), "same") / np.percentile(loud, 92)
    times = np.arange(frames) / FPS - start
    return np.interp(times, np.arange(len(loud)) / 100, np.clip(loud, 0, 1.1) ** 0.8, left=0.0, right=0.0)


def ease(time: float, start: float, end: float) -> float:
    """An expression comes within 0.3 s around the first word, stays, and leaves within 0.3 s after the last."""
    rise = np.clip((time - start + 0.12) / 0.30, 0.0, 1.0)
    fall = np.clip((end + 0.30 - time) / 0.30, 0.0, 1.0)
    amount = min(rise, fall)
    return float(amount * amount * (3 - 2 * amount))


def sway(time: float, who: int) -> dict[str, float]:
    """The small motion of a head that is held still, degrees."""
    a, b, c = (2 * np.pi * f * time + who * 1.7 for f in (0.23, 0.31, 0.17))
    return {"yaw": 1.6 * np.sin(a), "pitch": 0.8 * np.sin(b + 0.6), "roll": 0.9 * np.sin(c + 1.1)}


def pose_at(name: str, frame: int, spans: list[tuple[float, float]], jaws: list[Array]) -> dict[str, float]:
    """Everything a person's face and head do in one frame."""
    time = frame / FPS
    pose = sway(time, list(VOICES).index(name))
    for line, (start, end), jaw in zip(LINES, spans, jaws, strict=True):
        if line.speaker != name:
            continue
        amount = ease(time, start, end)
        for key, value in {**line.movements, **line.head}.items():
            pose[key] = pose.get(key, 0.0) + amount * value
        pose["jaw"] = pose.get("jaw", 0.0) + line.jaw * float(jaw[frame])
        pose["pitch"] += 1.2 * float(jaw[frame])
    nearest = min(abs(time - blink) for blink in BLINKS[name])
    pose["blink"] = float(np.clip(1.45 - nearest / 0.075, 0.0, 1.0))
    return pose


def shot_starts(spans: list[tuple[float, float]]) -> list[tuple[int, str]]:
    """First frame and name of each shot; a cut lies in the middle of the pause before the shot's first utterance."""
    starts = [(0, LINES[0].shot)]
    for i in range(1, len(LINES)):
        if LINES[i].shot != starts[-1][1]:
            starts.append((round((spans[i - 1][1] + spans[i][0]) / 2 * FPS), LINES[i].shot))
    return starts


def draw(shot: str, puppets: dict[str, Puppet], poses: dict[str, dict[str, float]]) -> Array:
    """One frame of a shot: RGB uint8 (HEIGHT, WIDTH, 3)."""
    frame = np.full((HEIGHT, WIDTH, 3), 16, np.uint8)
    for name, (left, view) in SHOTS[shot].items():
        frame[:, left : left + view.width] = puppets[name].render(poses[name], view)
    return frame


def face_box(puppet: Puppet, left: int, view: View) -> list[float]:
    """x, y, width, height of the resting face, forehead to chin, as fractions of the frame."""
    where = (puppet.move({})[:468] - (view.left, view.top)) * view.scale + (left, 0)
    low, high = np.clip(where.min(0), 0, (WIDTH, HEIGHT)), np.clip(where.max(0), 0, (WIDTH, HEIGHT))
    box = [low[0] / WIDTH, low[1] / HEIGHT, (high - low)[0] / WIDTH, (high - low)[1] / HEIGHT]
    return [round(float(v), 4) for v in box]


def truth(puppets: dict[str, Puppet], spans: list[tuple[float, float]], frames: int) -> dict[str, Any]:
    starts = shot_starts(spans)
    ends = [first for first, _ in starts[1:]] + [frames]
    shots = [
        {
            "start": first / FPS, "end": end / FPS, "layout": name,
            "faces": {who: face_box(puppets[who], left, view) for who, (left, view) in SHOTS[name].items()},
        }
        for (first, name), end in zip(starts, ends, strict=True)
    ]  # fmt: skip
    utterances = [
        {
            "start": start, "end": end, "speaker": line.speaker, "text": line.text, "movements": line.movements,
            "intended": line.intended, "voice": {"speed": line.speed, "pitch": line.pitch, "amplitude": line.amplitude},
            **({"note": line.note} if line.note else {}),
        }
        for line, (start, end) in zip(LINES, spans, strict=True)
    ]  # fmt: skip
    return {
        "video": "dialogue.mp4", "width": WIDTH, "height": HEIGHT, "fps": FPS, "duration": frames / FPS,
        "cuts": [shot["start"] for shot in shots[1:]], "shots": shots, "utterances": utterances,
        "blinks": {name: [b for b in times if b < frames / FPS] for name, times in BLINKS.items()},
    }  # fmt: skip


def stamp(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"


def subtitles(spans: list[tuple[float, float]]) -> str:
    cues = [
        f"{i}\n{stamp(start)} --> {stamp(end)}\n{line.speaker}: {line.text}\n"
        for i, (line, (start, end)) in enumerate(zip(LINES, spans, strict=True), 1)
    ]
    return "\n".join(cues)


def encode(path: Path, pictures: Any, sound: Array) -> None:
    """H.264 and AAC in an MP4 that starts to play before it is all there."""
    import av

    with av.open(str(path), "w", options={"movflags": "+faststart", "fflags": "+bitexact"}) as out:
        video = out.add_stream("libx264", rate=FPS, options={"crf": "22", "preset": "slow", "threads": "1"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        voice = out.add_stream("aac", rate=RATE, layout="mono")
        voice.bit_rate = 64000
        for i, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, FPS)
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        for first in range(0, len(sound), 1024):
            block = av.AudioFrame.from_ndarray(sound[None, first : first + 1024], format="fltp", layout="mono")
            block.sample_rate, block.pts, block.time_base = RATE, first, Fraction(1, RATE)
            out.mux(voice.encode(block))
        out.mux(voice.encode(None))


def portraits(model: Path) -> dict[str, Puppet]:
    """The two people, from pictures that scikit-image and matplotlib ship."""
    import matplotlib
    from skimage import data

    hopper = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    astronaut: Any = data.astronaut
    pictures = {"EILEEN": astronaut(), "GRACE": cv2.cvtColor(cv2.imread(str(hopper)), cv2.COLOR_BGR2RGB)}
    return {name: Puppet(image, find_landmarks(image, model), RESTS[name]) for name, image in pictures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--landmarker", type=Path, required=True, help="a MediaPipe FaceLandmarker .task file")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder to write into")
    args = parser.parse_args()
    voices = [speak(line) for line in LINES]
    spans = schedule(voices)
    frames = round((spans[-1][1] + TAIL) * FPS)
    jaws = [jaw_curve(voice, start, frames) for voice, (start, _) in zip(voices, spans, strict=True)]
    puppets, starts = portraits(args.landmarker), shot_starts(spans)

    def pictures() -> Any:
        for i in range(frames):
            shot = [name for first, name in starts if first <= i][-1]
            yield draw(shot, puppets, {name: pose_at(name, i, spans, jaws) for name in SHOTS[shot]})

    args.output.mkdir(parents=True, exist_ok=True)
    encode(args.output / "dialogue.mp4", pictures(), mix(voices, spans, frames / FPS))
    (args.output / "dialogue.srt").write_text(subtitles(spans), encoding="utf-8")
    found = json.dumps(truth(puppets, spans, frames), indent=1, ensure_ascii=False)
    (args.output / "truth.json").write_text(found + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
