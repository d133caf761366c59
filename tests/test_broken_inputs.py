"""Bad input gives its documented exit status and message, never a traceback, and never harms an earlier result."""

from __future__ import annotations

import io
import os
import shlex
import struct
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from test_media import write_clip

from emoagent import cli

Make = Callable[[Path], Path]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """The exit status of the command line, in this process."""
    monkeypatch.setattr("sys.argv", ["emoagent", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return int(stopped.value.code or 0)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_clip(tmp_path_factory.mktemp("whole") / "a.mp4", seconds=3).read_bytes()


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """A folder with an earlier result, which nothing here may touch."""
    folder = tmp_path / "out"
    (folder / "media").mkdir(parents=True)
    (folder / "trace.json").write_text("an earlier trace")
    (folder / "run.json").write_text("{}")
    (folder / "media" / "u1.jpg").write_bytes(b"an earlier picture")
    return folder


def untouched(folder: Path) -> bool:
    names = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and p.name != ".lock"}
    return (
        names == {"trace.json", "run.json", "media/u1.jpg"}
        and (folder / "trace.json").read_text() == "an earlier trace"
    )


def text_as_mp4(folder: Path) -> Path:
    (folder / "notes.mp4").write_text("Dear diary, today I renamed a text file.\n" * 40)
    return folder / "notes.mp4"


def zero_bytes(folder: Path) -> Path:
    (folder / "empty.mp4").touch()
    return folder / "empty.mp4"


def random_bytes(folder: Path) -> Path:
    (folder / "noise.mkv").write_bytes(np.random.default_rng(7).bytes(20_000))
    return folder / "noise.mkv"


def concat_list(folder: Path) -> Path:
    (folder / "list.mp4").write_text("ffconcat version 1.0\nfile '/etc/hostname'\n")
    return folder / "list.mp4"


def playlist(folder: Path) -> Path:
    (folder / "live.m3u8").write_text("#EXTM3U\n#EXTINF:10,\n/etc/hostname\n")
    return folder / "live.m3u8"


def a_folder(folder: Path) -> Path:
    (folder / "folder.mp4").mkdir()
    return folder / "folder.mp4"


def a_pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.mp4")
    return folder / "pipe.mp4"


def missing(folder: Path) -> Path:
    return folder / "nowhere.mp4"


def too_long_a_name(folder: Path) -> Path:
    return folder / f"{'x' * 300}.mp4"


def an_address(folder: Path) -> Path:
    return Path("https://example.com/a.mp4")


def no_streams(folder: Path) -> Path:
    (folder / "hollow.mp4").write_bytes(box(b"ftyp", b"isom" + bytes(4) + b"isom") + box(b"moov", b""))
    return folder / "hollow.mp4"


def no_samples(folder: Path) -> Path:
    with wave.open(str(folder / "silent.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
    return folder / "silent.wav"


def only_a_cover(folder: Path) -> Path:
    """An m4a without tracks, but with a cover image in its metadata."""
    picture = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(picture, "JPEG")
    data = box(b"data", struct.pack(">II", 13, 0) + picture.getvalue())
    handler = box(b"hdlr", bytes(8) + b"mdirappl" + bytes(9))
    meta = box(b"meta", bytes(4) + handler + box(b"ilst", box(b"covr", data)))
    head = struct.pack(">IIIII", 0, 0, 0, 1000, 3000) + struct.pack(">IH", 0x10000, 0x100) + bytes(10)
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    moov = box(b"moov", box(b"mvhd", head + matrix + bytes(24) + struct.pack(">I", 1)) + box(b"udta", meta))
    (folder / "cover.m4a").write_bytes(box(b"ftyp", b"M4A " + bytes(4) + b"M4A mp42isom") + moov)
    return folder / "cover.m4a"


def box(kind: bytes, content: bytes) -> bytes:
    """An ISO media box."""
    return struct.pack(">I", 8 + len(content)) + kind + content


def zero_by_zero(folder: Path) -> Path:
    """An AVI whose headers say 0 x 0 pixels."""
    with av.open(str(folder / "flat.avi"), "w") as container:
        stream = container.add_stream("rawvideo", rate=5)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "yuv420p"
        for _ in range(5):
            frame = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    data = bytearray((folder / "flat.avi").read_bytes())
    data[64:72] = bytes(8)
    at = data.index(b"strf") + 12
    data[at : at + 8] = bytes(8)
    (folder / "flat.avi").write_bytes(data)
    return folder / "flat.avi"


UNUSABLE = (
    text_as_mp4, zero_bytes, random_bytes, concat_list, playlist, a_folder, a_pipe, missing, too_long_a_name,
    an_address, no_streams, no_samples, only_a_cover, zero_by_zero,
)  # fmt: skip


@pytest.mark.parametrize("make", UNUSABLE, ids=lambda make: make.__name__)
def test_unusable_media(
    make: Make, tmp_path: Path, earlier: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = make(tmp_path)
    assert run(monkeypatch, "analyze", path, "-o", earlier) == 4
    said = capfd.readouterr()
    assert said.err.count("error: ") == 1
    assert path.name in said.err
    assert "hint: " in said.err
    assert "Traceback" not in said.err + said.out
    assert untouched(earlier)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.3, 0.5, 0.8])
def test_truncated_media(
    share: float, whole: bytes, tmp_path: Path, earlier: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """This mp4 keeps its index at the end: cut off anywhere, it is unreadable."""
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole[: round(len(whole) * share)])
    assert run(monkeypatch, "analyze", path, "-o", earlier) == 4
    assert "Traceback" not in capfd.readouterr().err
    assert untouched(earlier)


def test_an_absurd_duration_in_the_header_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write_clip(tmp_path / "a.mp4", seconds=3)
    data = bytearray(path.read_bytes())
    at = data.index(b"mvhd") + 20
    data[at : at + 4] = struct.pack(">I", 2**32 - 2)
    path.write_bytes(data)
    status = run(monkeypatch, "analyze", path, "-o", tmp_path / "out")
    said = capfd.readouterr()
    assert status in (0, 3)
    assert "Traceback" not in said.err
    assert '"duration":3' in (tmp_path / "out" / "trace.json").read_text().replace(" ", "")


def test_a_clip_that_is_too_long_is_refused(
    tmp_path: Path, earlier: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EMOAGENT_MAX_HOURS", "0.0001")
    assert run(monkeypatch, "analyze", write_clip(tmp_path / "a.mp4"), "-o", earlier) == 7
    assert "EMOAGENT_MAX_HOURS" in capfd.readouterr().err
    assert (earlier / "trace.json").read_text() == "an earlier trace"


SUBTITLES = {
    "overlapping and empty cues": b"1\n00:00:00,000 --> 00:00:02,000\nA: one\n\n2\n00:00:01,000 --> 00:00:02,500\n"
    b"B: two\n\n3\n00:00:02,000 --> 00:00:02,500\n\n\n4\n00:00:02,500 --> 00:00:01,000\nbackwards\n",
    "latin-1": "1\n00:00:00,200 --> 00:00:02,000\nZoë: C'est déçu, garçon, où êtes-vous allé hier\n".encode("latin-1"),
    "utf-16": "1\n00:00:00,200 --> 00:00:02,000\nAnna: hello\n".encode("utf-16"),
    "beyond the end": b"1\n00:00:00,200 --> 00:00:02,000\nhello\n\n2\n99:00:00,000 --> 99:00:01,000\nlate\n",
}


@pytest.mark.parametrize("content", SUBTITLES.values(), ids=list(SUBTITLES))
def test_odd_subtitles_are_read(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write_clip(tmp_path / "a.mp4", seconds=3)
    path.with_suffix(".srt").write_bytes(content)
    assert run(monkeypatch, "analyze", path, "-o", tmp_path / "out", "--agents", "transcript,voice") == 0
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 400, b"this is no subtitle file"])
def test_subtitles_that_are_none(
    content: bytes, tmp_path: Path, earlier: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write_clip(tmp_path / "a.mp4", seconds=3)
    path.with_suffix(".srt").write_bytes(content)
    assert run(monkeypatch, "analyze", path, "-o", earlier, "--transcript", "subtitles") == 4
    said = capfd.readouterr().err
    assert "hint: " in said
    assert "Traceback" not in said
    assert untouched(earlier)


def test_an_output_folder_that_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert run(monkeypatch, "analyze", write_clip(tmp_path / "a.mp4"), "-o", tmp_path / "file" / "out") == 2
    assert "output folder" in capfd.readouterr().err


@pytest.mark.parametrize("name", ["media", "work"])
def test_an_output_folder_with_what_is_not_ours(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Somebody's project with their own `media/` in it: nothing of theirs is replaced."""
    mine = write_clip(tmp_path / "clip.mp4")
    (tmp_path / "project" / name).mkdir(parents=True)
    (tmp_path / "project" / name / "holiday.mp4").write_bytes(b"mine")
    assert run(monkeypatch, "analyze", mine, "-o", tmp_path / "project") == 2
    assert f"'{name}'" in capfd.readouterr().err
    assert (tmp_path / "project" / name / "holiday.mp4").read_bytes() == b"mine"


@pytest.mark.parametrize("place", ["media/a.mp4", ".unfinished/a.mp4", "trace.json"])
def test_the_source_is_not_replaced_by_its_result(
    place: str, earlier: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (earlier / place).parent.mkdir(exist_ok=True)
    content = write_clip(earlier.parent / "a.mp4").read_bytes()
    (earlier / place).write_bytes(content)
    assert run(monkeypatch, "analyze", earlier / place, "-o", earlier) == 2
    assert "replace" in capfd.readouterr().err
    assert (earlier / place).read_bytes() == content


def test_the_report_does_not_replace_the_trace(
    earlier: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "report", earlier, "-o", earlier / "trace.json") == 2
    assert "Traceback" not in capfd.readouterr().err
    assert untouched(earlier)


@pytest.mark.parametrize("content", [b"profile = ", b'policy = "\xff"', b"max_hours = 'many'", b"agents = 3"])
def test_a_broken_settings_file(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "emoagent.toml").write_bytes(content)
    assert run(monkeypatch, "analyze", write_clip(tmp_path / "a.mp4"), "--json") == 2
    assert "emoagent.toml" in capfd.readouterr().err


def test_agents_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write_clip(tmp_path / "a.mp4")
    monkeypatch.setenv("EMOAGENT_AGENTS", "transcript, voice")
    assert run(monkeypatch, "analyze", path, "--json") == 0
    monkeypatch.setenv("EMOAGENT_AGENTS", "nobody")
    assert run(monkeypatch, "analyze", path, "--json") == 2
    assert "nobody" in capfd.readouterr().err


@pytest.mark.parametrize(("shell", "status"), [("PYTHONIOENCODING=ascii", 0), ("", 0), ("", 7)])
def test_a_stdout_that_takes_little_or_nothing(shell: str, status: int, tmp_path: Path) -> None:
    """ASCII only, closed, full."""
    end = "> /dev/full" if status else ("" if shell else ">&-")
    if status and not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    write_clip(tmp_path / "a.mp4")
    (tmp_path / "a.srt").write_text("1\n00:00:00,200 --> 00:00:02,000\nZoë: “déçu”\n", encoding="utf-8")
    command = f"{shell} {shlex.quote(sys.executable)} -m emoagent analyze a.mp4 --agents transcript {end}"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    assert "internal" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_no_space_left(
    tmp_path: Path, earlier: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The disk fills up while the sound is written."""
    import errno

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("emoagent.tools.media.files.extract_audio", full)
    path = write_clip(tmp_path / "a.mp4", seconds=2)
    assert run(monkeypatch, "analyze", path, "-o", earlier, "--agents", "voice") == 7
    said = capfd.readouterr().err
    assert "no space left" in said
    assert "Traceback" not in said
    assert (earlier / "trace.json").read_text() == "an earlier trace"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--profile", "quantum"], ["--transcript", "telepathy"], ["--agents", "nobody"], ["--policy", "shout"],
        ["--profile", "server"],
    ],
)  # fmt: skip
def test_settings_that_make_no_sense(
    arguments: list[str], tmp_path: Path, earlier: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert run(monkeypatch, "analyze", write_clip(tmp_path / "a.mp4"), "-o", earlier, *arguments) == 2
    assert "Traceback" not in capfd.readouterr().err
    assert untouched(earlier)


def test_the_workplace_is_refused(
    tmp_path: Path, earlier: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    clip = write_clip(tmp_path / "a.mp4")
    assert run(monkeypatch, "analyze", clip, "-o", earlier, "--context", "workplace") == 8
    assert "Article 5(1)(f)" in capfd.readouterr().err
    assert run(monkeypatch, "analyze", clip, "--context", "workplace", "--agents", "transcript", "--json") == 0
