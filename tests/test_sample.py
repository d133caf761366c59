"""The sample that ships with the project: what its truth says must be in its media."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SAMPLES = Path(__file__).parents[1] / "samples"
VIDEO = SAMPLES / "dialogue.mp4"


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((SAMPLES / "truth.json").read_text(encoding="utf-8"))
    return read


def landmarker() -> Path | None:
    """A landmark model that is on this machine already: named by the environment, or in the user's cache."""
    if named := os.environ.get("EMOAGENT_LANDMARKER"):
        return Path(named)
    import platformdirs

    found = sorted(Path(platformdirs.user_cache_dir("emoagent")).rglob("*face*landmark*.task"))
    return found[0] if found else None


def shot_at(truth: dict[str, Any], time: float) -> dict[str, Any]:
    shots: list[dict[str, Any]] = [s for s in truth["shots"] if s["start"] <= time + 1e-6]
    return shots[-1]


def decoded(step: int) -> list[tuple[float, Any]]:
    import av

    with av.open(str(VIDEO)) as media:
        frames = enumerate(media.decode(video=0))
        return [(float(f.time or 0.0), f.to_ndarray(format="rgb24")) for i, f in frames if i % step == 0]


def sound() -> tuple[Any, int]:
    import av

    with av.open(str(VIDEO)) as media:
        blocks = [frame.to_ndarray()[0] for frame in media.decode(audio=0)]
        return np.concatenate(blocks), media.streams.audio[0].rate or 0


def test_media_is_small_and_plays_everywhere(truth: dict[str, Any]) -> None:
    import av

    assert VIDEO.stat().st_size < 1_500_000
    head = VIDEO.read_bytes()[:200_000]
    assert head.find(b"moov") < head.find(b"mdat")  # the index comes first: it plays while it loads
    with av.open(str(VIDEO)) as media:
        video, audio = media.streams.video[0], media.streams.audio[0]
        shape = (video.codec_context.name, video.codec_context.pix_fmt, video.width, video.height, video.average_rate)
        assert shape == ("h264", "yuv420p", truth["width"], truth["height"], truth["fps"])
        assert audio.codec_context.name == "aac"
        assert media.duration is not None
        assert media.duration / 1e6 == pytest.approx(truth["duration"], abs=0.1)


def test_subtitles_say_what_the_truth_says(truth: dict[str, Any]) -> None:
    import pysubs2

    cues = list(pysubs2.load(str(SAMPLES / "dialogue.srt")))
    assert [cue.plaintext for cue in cues] == [f"{u['speaker']}: {u['text']}" for u in truth["utterances"]]
    for cue, utterance in zip(cues, truth["utterances"], strict=True):
        assert (cue.start / 1000, cue.end / 1000) == (utterance["start"], utterance["end"])
    assert cues[-1].end / 1000 < truth["duration"] < cues[-1].end / 1000 + 1.5


def test_there_is_speech_in_the_utterances_and_none_between(truth: dict[str, Any]) -> None:
    samples, rate = sound()

    def loudness(start: float, end: float) -> float:
        return float(np.sqrt(np.mean(samples[int(start * rate) : int(end * rate)] ** 2)))

    spans = [(u["start"], u["end"]) for u in truth["utterances"]]
    assert all(loudness(*span) > 0.02 for span in spans)
    assert all(loudness(a[1] + 0.08, b[0] - 0.08) < 0.005 for a, b in pairwise(spans))


def test_the_picture_changes_abruptly_at_the_cuts_only(truth: dict[str, Any]) -> None:
    frames = decoded(1)
    small = np.stack([picture[::8, ::8].astype(np.float32) for _, picture in frames])
    jumps = np.abs(np.diff(small, axis=0)).mean((1, 2, 3))
    found = [frames[i + 1][0] for i in np.flatnonzero(jumps > 15)]
    assert len(truth["cuts"]) >= 2
    assert found == pytest.approx(truth["cuts"], abs=0.001)


def test_only_the_talker_moves_the_lips(truth: dict[str, Any]) -> None:
    frames = decoded(1)
    for utterance in truth["utterances"]:
        shot = shot_at(truth, utterance["start"])
        inside = [p for t, p in frames if utterance["start"] + 0.2 <= t <= utterance["end"]]
        motion = {}
        for name, (x, y, w, h) in shot["faces"].items():
            rows = slice(int((y + 0.62 * h) * 360), int((y + 0.92 * h) * 360))
            columns = slice(int((x + 0.25 * w) * 640), int((x + 0.75 * w) * 640))
            mouth = np.stack([p[rows, columns].mean(2) for p in inside])
            motion[name] = float(np.abs(np.diff(mouth, axis=0)).mean())
        assert max(motion, key=lambda name: motion[name]) == utterance["speaker"], motion


def test_both_faces_are_found_where_the_truth_puts_them(truth: dict[str, Any]) -> None:
    model = landmarker()
    if model is None:
        pytest.skip("no landmark model here: set EMOAGENT_LANDMARKER or run `emoagent models pull`")
    from mediapipe import Image, ImageFormat
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.FaceLandmarkerOptions(base_options=BaseOptions(model_asset_path=str(model)), num_faces=2)
    shown = found = 0
    with vision.FaceLandmarker.create_from_options(options) as faces:
        for time, picture in decoded(10):
            image = Image(image_format=ImageFormat.SRGB, data=np.ascontiguousarray(picture))
            noses = [(points[4].x, points[4].y) for points in faces.detect(image).face_landmarks]
            for x, y, w, h in shot_at(truth, time)["faces"].values():
                shown += 1
                found += any(x < a < x + w and y < b < y + h for a, b in noses)
    assert found >= 0.95 * shown


def test_the_page_tells_the_same_truth(truth: dict[str, Any]) -> None:
    page = (SAMPLES / "README.md").read_text(encoding="utf-8")
    for u in truth["utterances"]:
        moves = ", ".join(f"{unit} {value:g}" for unit, value in u["movements"].items()) or "at rest"
        assert f"| {u['start']:.2f}–{u['end']:.2f} | {u['speaker'].title()} | {u['text']} | {moves} |" in page
    assert f"Cuts at {', '.join(f'{cut:.2f}' for cut in truth['cuts'])} s." in page
