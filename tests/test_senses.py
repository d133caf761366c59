"""Perceiving a running conversation gives what the file of the same conversation gives."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from emoagent.agents.face import face
from emoagent.agents.hear_pocketsphinx import kept, text_of
from emoagent.agents.senses import MOST_PEOPLE, Senses
from emoagent.schema import Evidence, Span, Trace, Utterance
from emoagent.tools.media.audio import RATE, HeldAudio
from emoagent.tools.media.files import probe, read_frames
from emoagent.tools.media.sound import Sound, sound_of
from emoagent.tools.sight.cast import save_cast
from emoagent.tools.sight.faces import faces_of
from emoagent.tools.words import sphinx
from emoagent.tools.workspace import Workspace, working_in

ALONE = Span(start=8.04, end=13.4)  # seconds of the sample: two shots, one face in each
SAID = (Span(start=0.2, end=1.96), Span(start=2.36, end=5.2))  # in what is left of it
FPS = 25
Frames = Sequence[tuple[float, NDArray[np.uint8]]]


@pytest.fixture(scope="module")
def heard(sample: Path) -> Sound:
    return sound_of(sample)


@pytest.fixture(scope="module")
def alone(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two shots of the sample in which one face is in view."""
    target = tmp_path_factory.mktemp("alone") / "alone.mp4"
    with av.open(str(sample)) as media, av.open(str(target), "w") as out:
        video = out.add_stream("libx264", rate=FPS, options={"crf": "16", "preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 640, 360, "yuv420p"
        audio = out.add_stream("aac", rate=RATE, layout="mono")
        for frame in media.decode(video=0):
            if frame.time is not None and ALONE.start <= frame.time < ALONE.end:
                picture = frame.reformat(format="yuv420p")
                picture.pts, picture.time_base = round((frame.time - ALONE.start) * FPS), Fraction(1, FPS)
                out.mux(video.encode(picture))
        out.mux(video.encode())
        samples = between(sound_of(sample), ALONE).samples
        for start in range(0, len(samples), 1024):
            block = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], format="s16", layout="mono")
            block.rate, block.pts = RATE, start
            out.mux(audio.encode(block))
        out.mux(audio.encode())
    return target


def between(sound: Sound, span: Span) -> Sound:
    return Sound(sound.samples[round(span.start * RATE) : round(span.end * RATE)], RATE)


def said(number: int, span: Span, person: str | None = "user") -> Utterance:
    return Utterance(id=f"u{number}", person=person, span=span, text="never mind", source="chat")


def watched(senses: Senses, frames: Iterator[tuple[float, NDArray[np.uint8]]], until: float) -> None:
    """Shows the frames before `until`."""
    for time, rgb in frames:
        if time >= until:
            return
        senses.watch(time, rgb)


def test_a_voice_is_heard_as_in_the_file(sampled: tuple[Trace, Path], heard: Sound) -> None:
    trace, senses = sampled[0], Senses()
    for utterance in trace.utterances:
        span = utterance.span
        before = between(heard, Span(start=max(0, span.start - 3), end=span.start))
        found = senses.voice(utterance, between(heard, span), before)
        assert found == tuple(e for e in trace.evidence if e.utterance == utterance.id and e.producer.name == "voice")


def test_a_face_is_seen_as_in_the_file(alone: Path, tmp_path: Path) -> None:
    clip, spoken = probe(alone).clip, sound_of(alone)
    utterances = [said(1, SAID[0], "p1"), said(2, SAID[1], "p2")]
    live, senses = list[Evidence](), Senses()
    with working_in(Workspace(alone, tmp_path)):
        series = faces_of(clip)
        save_cast([], {"p1": [0], "p2": [1]}, [])
        file = [each.model_copy(update={"media_ref": None}) for each in face(clip, utterances)]
        frames = read_frames(clip)
        for utterance in utterances:
            watched(senses, frames, utterance.span.end)
            live += senses.face(utterance, between(spoken, utterance.span))
    senses.close()
    assert series.groups() == [[0], [1]]
    assert live == file
    assert {"action_unit", "face_visibility"} <= {each.kind for each in live}


def test_conversations_at_the_same_time_do_not_mix(alone: Path, tmp_path: Path) -> None:
    with working_in(Workspace(alone, tmp_path)):
        frames = [(time, rgb) for time, rgb in read_frames(probe(alone).clip)]
    shots = [[f for f in frames if f[0] < 1], [(time - 2.4, rgb) for time, rgb in frames if 2.4 <= time < 3.4]]

    def seen(shot: Frames) -> tuple[Evidence, ...]:
        senses = Senses()
        for frame in shot:
            senses.watch(*frame)
        found = senses.face(said(1, Span(start=0, end=1)))
        senses.close()
        return found

    one_by_one = [seen(shot) for shot in shots]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(seen, shots * 2)) == one_by_one * 2


def test_where_two_faces_are_in_view_it_is_not_known_who_speaks(sample: Path, tmp_path: Path) -> None:
    senses = Senses()
    with working_in(Workspace(sample, tmp_path)):
        watched(senses, read_frames(probe(sample).clip), 1.6)
    found = senses.face(said(1, Span(start=0.5, end=1.6)))
    senses.close()
    assert found
    assert all("not known to speak" in each.finding and each.reliability <= 0.5 for each in found)


def test_without_a_camera_nothing_is_seen() -> None:
    assert Senses().face(said(1, Span(start=0, end=2))) == ()


def test_words_are_recognised_as_in_a_file(heard: Sound) -> None:
    span = Span(start=5.4, end=7.0)
    spoken = between(heard, span)
    senses = Senses()
    found = senses.hear(said(1, span), spoken)
    audio = HeldAudio(spoken.at_16k().samples)
    words = [word for _, stretch in sphinx.recognise(audio) for word in stretch]
    assert words
    assert found.text == text_of(words, kept(words))
    assert found.source == "pocketsphinx"
    assert all(span.start <= word.span.start <= word.span.end <= span.end for word in found.words)


def test_nobody_is_compared_with_somebody_else(heard: Sound) -> None:
    senses, spoken = Senses(), between(heard, Span(start=5.6, end=6.6))
    counts = {}
    for person in ("a", "b", "a"):
        first = senses.voice(said(1, Span(start=0, end=1), person), spoken)[0]
        counts[person] = first.measures["compared_with"].value
    assert counts == {"a": 1, "b": 0}
    senses.close()
    assert senses.voice(said(1, Span(start=0, end=1), "a"), spoken)[0].measures["compared_with"].value == 0


def test_so_many_voices_are_remembered_and_no_more(heard: Sound) -> None:
    senses, spoken = Senses(), between(heard, Span(start=5.6, end=6.2))
    earlier = {}
    for person in (*(f"p{number}" for number in range(MOST_PEOPLE + 1)), "p1", "p0"):
        first = senses.voice(said(1, Span(start=0, end=0.6), person), spoken)[0]
        earlier[person] = first.measures["compared_with"].value
    assert (earlier["p1"], earlier["p0"]) == (1, 0)
    assert len(senses._speakers) == MOST_PEOPLE


def test_no_words_are_shown_to_the_voice(heard: Sound) -> None:
    found = Senses().voice(said(1, Span(start=0, end=1)), between(heard, Span(start=5.6, end=6.6)))
    assert found
    assert not any(each.saw_text for each in found)


def test_nothing_is_told_when_the_process_ends() -> None:
    code = "from emoagent.agents.senses import warm_up; warm_up()"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert not done.stderr
