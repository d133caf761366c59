"""Probing and decoding of real and broken media."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from emoagent.errors import MediaError
from emoagent.schema import Span
from emoagent.tools.media.audio import RATE, audio_of
from emoagent.tools.media.files import embedded_subtitles, frames_at, probe, read_frames
from emoagent.tools.workspace import Workspace, working_in

SIZE = (64, 48)


def write_clip(
    path: Path, *, seconds: float = 2.0, fps: int = 25, tone: float | None = 220.0, picture: bool = True
) -> Path:
    """A clip whose picture gets brighter with time and whose sound is a tone."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=fps, options={"g": "10"}) if picture else None
        audio = container.add_stream("aac" if picture else "pcm_s16le", rate=RATE, layout="mono") if tone else None
        if video is not None:
            video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
            for number in range(round(seconds * fps)):
                level = round(250 * number / (seconds * fps))
                frame = av.VideoFrame.from_ndarray(np.full((SIZE[1], SIZE[0], 3), level, np.uint8), format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, fps)
                container.mux(video.encode(frame))
            container.mux(video.encode())
        if audio is not None and tone:
            times = np.arange(round(seconds * RATE)) / RATE
            tone_wave = (8000 * np.sin(2 * np.pi * tone * times)).astype(np.int16)
            for start in range(0, len(tone_wave), 1024):
                block = av.AudioFrame.from_ndarray(tone_wave[None, start : start + 1024], format="s16", layout="mono")
                block.rate, block.pts = RATE, start
                container.mux(audio.encode(block))
            container.mux(audio.encode())
    return path


def test_probe_reads_both_streams(tmp_path: Path) -> None:
    clip = probe(write_clip(tmp_path / "a.mp4")).clip
    assert clip.video is not None
    assert clip.audio is not None
    assert (clip.video.width, clip.video.height, clip.video.fps) == (*SIZE, 25)
    assert clip.duration == pytest.approx(2.0, abs=0.1)


def test_frames_come_thinned_and_in_time_order(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4")
    with working_in(Workspace(source, tmp_path / "run")):
        frames = [(time, picture.mean()) for time, picture in read_frames(probe(source).clip)]
    assert len(frames) == 25
    assert np.allclose(np.diff([time for time, _ in frames]), 0.08, atol=1e-6)
    assert np.all(np.diff([level for _, level in frames]) > 0)


def test_frames_at_gives_the_frame_shown_then(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", seconds=12)
    wanted = [0.2, 1.0, 7.5, 7.52, 11.0]
    with working_in(Workspace(source, tmp_path / "run")):
        found = list(frames_at(probe(source).clip, wanted))
    assert [index for index, _, _ in found] == list(range(5))
    for index, time, picture in found:
        assert time == pytest.approx(wanted[index], abs=0.041)
        assert picture.mean() == pytest.approx(250 * time / 12, abs=4)


def test_sound_is_16_khz_mono_and_keeps_its_pitch(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", tone=440.0)
    with working_in(Workspace(source, tmp_path / "run")):
        sound = audio_of(probe(source).clip)
        samples = sound.read(Span(start=0.5, end=1.5))
    assert len(samples) == RATE
    assert np.argmax(np.abs(np.fft.rfft(samples))) == pytest.approx(440, abs=1)


def test_sound_alone_and_picture_alone(tmp_path: Path) -> None:
    heard = probe(write_clip(tmp_path / "a.wav", picture=False)).clip
    seen = probe(write_clip(tmp_path / "b.mp4", tone=None)).clip
    assert heard.video is None
    assert heard.audio is not None
    assert seen.audio is None
    assert seen.video is not None


def test_subtitles_inside_the_file(tmp_path: Path) -> None:
    (tmp_path / "t.srt").write_text("1\n00:00:00,500 --> 00:00:01,500\nANNA: Hello there.\n")
    picture = write_clip(tmp_path / "a.mp4")
    with (
        av.open(str(picture)) as source,
        av.open(str(tmp_path / "t.srt")) as cues,
        av.open(str(tmp_path / "a.mkv"), "w") as target,
    ):
        copies = {s: target.add_stream_from_template(s) for s in (*source.streams, *cues.streams)}
        for container in (cues, source):
            for packet in container.demux():
                if packet.dts is not None:
                    packet.stream = copies[packet.stream]
                    target.mux(packet)
    clip = probe(tmp_path / "a.mkv").clip
    assert clip.subtitles == 1
    with working_in(Workspace(tmp_path / "a.mkv", tmp_path / "run")):
        ((start, end, text),) = embedded_subtitles(clip)
    assert (start, end) == pytest.approx((0.5, 1.5), abs=0.1)
    assert text == "ANNA: Hello there."


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.mp4", b"this is a text file, not a film\n" * 50),
        ("list.mp4", b"ffconcat version 1.0\nfile /etc/passwd\n"),
        ("live.m3u8", b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:9,\nfile:///etc/passwd\n"),
        ("dash.mpd", b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>'),
        ("empty.mp4", b""),
        ("zeros.mkv", bytes(10_000)),
    ],
)
def test_what_is_no_media_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MediaError) as caught:
        probe(tmp_path / name)
    assert caught.value.exit_status == 4
    assert name in caught.value.message
    assert "Traceback" not in caught.value.message


@pytest.mark.parametrize("share", [0.02, 0.2, 0.5, 0.8, 0.98])
def test_a_truncated_file_is_refused_or_read_as_far_as_it_goes(tmp_path: Path, share: float) -> None:
    whole = write_clip(tmp_path / "a.mkv", seconds=4).read_bytes()
    (tmp_path / "cut.mkv").write_bytes(whole[: round(len(whole) * share)])
    if share < 0.1:
        with pytest.raises(MediaError):
            probe(tmp_path / "cut.mkv")
        return
    probed = probe(tmp_path / "cut.mkv")
    assert probed.clip.duration <= 4.1
    assert bool(probed.faults) == (probed.clip.duration < 2.7)


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("the superuser may read everything")
    with pytest.raises(MediaError, match="may not be read"):
        probe(path)


def test_the_decoder_ends_with_whoever_asked(tmp_path: Path) -> None:
    job = {"op": "pictures", "start": 0, "fps": 25, "side": 960, "path": str(write_clip(tmp_path / "a.mp4", seconds=9))}
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "emoagent.tools.media.decoder", json.dumps(job)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    with child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.read(4)
        child.stdin.close()
        assert child.wait(timeout=60) == 1


def test_an_hour_of_nothing_in_the_middle(tmp_path: Path) -> None:
    """The hour comes in small pieces, and the pictures after it are found."""
    path = tmp_path / "gap.mkv"
    with av.open(str(path), "w") as target, av.open(str(write_clip(tmp_path / "a.mp4"))) as source:
        copies = {s.index: target.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.pts is None or packet.dts is None:
                continue
            late = round(3600 / packet.time_base) if packet.dts * packet.time_base > 1 else 0
            packet.pts, packet.dts, packet.stream = packet.pts + late, packet.dts + late, copies[packet.stream.index]
            target.mux(packet)
    clip = probe(path).clip
    with working_in(Workspace(path, tmp_path / "run")):
        assert audio_of(clip).duration == pytest.approx(3602, abs=0.2)
        assert clip.duration == pytest.approx(3602, abs=0.2)
        assert [round(time) for _, time, _ in frames_at(clip, [0.2, 3601.6])] == [0, 3602]


def test_sound_that_changes_its_form(tmp_path: Path) -> None:
    """A recording in which a programme in mono is followed by one in stereo, as a receiver writes it."""
    parts = list[bytes]()
    for number, layout in enumerate(("mono", "stereo")):
        with av.open(str(tmp_path / "part.ts"), "w") as container:
            audio = container.add_stream("mp2", rate=RATE, layout=layout)
            silence = np.zeros((1, RATE * (1 + number)), np.int16)
            for start in range(0, RATE, 1024):
                block = av.AudioFrame.from_ndarray(silence[:, : 1024 * (1 + number)], format="s16", layout=layout)
                block.rate, block.pts = RATE, RATE * number + start
                container.mux(audio.encode(block))
            container.mux(audio.encode())
        parts.append((tmp_path / "part.ts").read_bytes())
    path = tmp_path / "both.ts"
    path.write_bytes(b"".join(parts))
    with working_in(Workspace(path, tmp_path / "run")):
        assert audio_of(probe(path).clip).duration == pytest.approx(2, abs=0.3)


def test_hardly_any_sound(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "blip.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(96000)
        file.writeframes(bytes(8))
    assert probe(tmp_path / "blip.wav").clip.duration == 0.001


def test_real_clips(shared: Path) -> None:
    found = {path.name: probe(path).clip for path in sorted((shared / "media" / "pyfeat").glob("*.m*"))}
    assert all(clip.video and clip.audio for clip in found.values())
    phone = found["face_noface.mov"].video
    assert phone is not None
    assert phone.codec == "hevc"
