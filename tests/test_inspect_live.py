"""Following a run while it goes on: the file it writes, the events, the page, and the command as a user runs it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest
from inspected import inspecting
from result_folder import result_folder

from emoagent.errors import MediaError
from emoagent.run_folder import RunFolder, only_writer
from emoagent.run_progress import FILE, INTERRUPTED, RunProgress, going_on, progress_of
from emoagent.schema import Clip

CLIP = Clip(id="0" * 16, name="film.mp4", sha256="0" * 64, bytes=9, format="mp4", duration=22.0)
COMMAND = [sys.executable, "-P", "-m", "emoagent", "inspect", "--no-open"]
QUIET = {"stderr": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}


def events(client: httpx.Client) -> Iterator[dict[str, Any]]:
    with client.stream("GET", "/progress") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("data: "):
                yield json.loads(line.removeprefix("data: "))


@contextmanager
def running(folder: Path) -> Iterator[RunProgress]:
    """An unfinished run that holds its folder, as `analyze` does."""
    run = RunFolder(folder, {"source": "/films/film.mp4", "sha256": "0" * 64})
    with only_writer(folder):
        yield RunProgress(run.open(resume=False), "film.mp4", {})


def test_what_a_run_writes_while_it_goes_on(tmp_path: Path) -> None:
    with running(tmp_path) as progress:
        progress.hear({"clip": None})
        progress.hear({"stage": "probe", "took": 0.25})
        progress.hear({"clip": CLIP})
        progress.hear({"stage": "watch", "fetched": 5, "of": 10})
        progress.hear({"stage": "face", "at": 4.0})
        progress.hear({"stage": "hear", "took": 1.5})
        found = progress_of(tmp_path)
        assert found == {
            "clip": "film.mp4", "duration": 22.0, "done": False, "failed": None,
            "stages": [
                {"name": "probe", "at": None, "took": 0.25}, {"name": "watch", "at": None, "took": None},
                {"name": "face", "at": 4.0, "took": None}, {"name": "hear", "at": None, "took": 1.5},
            ],
        }  # fmt: skip
        assert going_on(tmp_path)


def test_it_is_not_written_for_every_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(tmp_path) as progress:
        written = list[Path]()
        monkeypatch.setattr("emoagent.run_progress.write_text", lambda path, text: written.append(path))
        for step in range(1000):
            progress.hear({"stage": "face", "at": step / 100})
        assert len(written) <= 3


def test_a_disk_that_takes_no_more_does_not_stop_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    with running(tmp_path) as progress:
        monkeypatch.setattr("emoagent.run_progress.write_text", full)
        progress.hear({"stage": "face", "took": 1.0})


@pytest.mark.parametrize(
    ("error", "why"),
    [(KeyboardInterrupt(), INTERRUPTED), (MediaError("no sound"), "no sound"), (ValueError("x"), "ValueError: x")],
)
def test_why_a_run_ended(tmp_path: Path, error: BaseException, why: str) -> None:
    with running(tmp_path) as progress:
        with pytest.raises(type(error)), progress.told():
            raise error
        assert (progress_of(tmp_path) or {})["failed"] == why


def test_a_run_that_was_killed_has_failed(tmp_path: Path) -> None:
    with running(tmp_path) as progress:
        progress.hear({"stage": "face", "took": 1.0})
    assert not going_on(tmp_path)
    assert (progress_of(tmp_path) or {})["failed"] == INTERRUPTED


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '"x"', "\udcff", "{}", '{"more": 1}'])
def test_a_progress_file_that_cannot_be_read(tmp_path: Path, content: str) -> None:
    with running(tmp_path):
        (tmp_path / ".unfinished" / FILE).write_bytes(content.encode("utf-8", "surrogateescape"))
        found = progress_of(tmp_path)
        assert found is not None
        assert (found["clip"], found["stages"], found["failed"]) == ("film.mp4", [], None)


def test_looking_on_does_not_keep_a_run_out(tmp_path: Path) -> None:
    over = Event()

    def look() -> None:
        while not over.is_set():
            going_on(tmp_path)
            time.sleep(0.01)

    with only_writer(tmp_path):
        pass
    thread = Thread(target=look)
    thread.start()
    try:
        for _ in range(50):
            with only_writer(tmp_path):
                pass
    finally:
        over.set()
        thread.join()


def test_the_page_and_the_events_of_a_run_that_goes_on(tmp_path: Path) -> None:
    with running(tmp_path / "run") as progress, inspecting(tmp_path / "run") as served:
        page = served.client.get("/")
        assert '<div id="app" data-live></div>' in page.text
        assert 'id="data"' not in page.text
        assert "connect-src 'self'" in page.headers["content-security-policy"]
        assert served.client.get("/video").status_code == 404
        stream = events(served.client)
        assert next(stream)["stages"] == []
        progress.hear({"clip": CLIP})
        progress.hear({"stage": "probe", "took": 0.5})
        assert next(stream)["stages"] == [{"name": "probe", "at": None, "took": 0.5}]
        result_folder(tmp_path / "made")
        for name in ("trace.json", "media"):
            (tmp_path / "made" / name).rename(tmp_path / "run" / ".unfinished" / name)
        RunFolder(tmp_path / "run", {}).finish()
        last = next(stream)
        assert (last["done"], last["failed"], last["clip"]) == (True, None, "film.mp4")
        assert next(stream, None) is None
        assert 'id="data"' in served.client.get("/").text


def test_a_name_that_is_markup_is_text(tmp_path: Path) -> None:
    name = "</title><script>alert(1)</script>\u202e&.mp4"
    with only_writer(tmp_path):
        RunProgress(RunFolder(tmp_path, {"source": name}).open(resume=False), name, {})
        with inspecting(tmp_path) as served:
            page = served.client.get("/").text
            assert "alert(1)" not in page.replace("&lt;script&gt;alert(1)&lt;/script&gt;", "")
            assert "\u202e" not in page
            assert next(events(served.client))["clip"] == name


def test_a_run_that_fails_while_it_is_looked_at(tmp_path: Path) -> None:
    with inspecting_run(tmp_path) as (served, progress):
        stream = events(served.client)
        assert next(stream)["failed"] is None
        with pytest.raises(MediaError), progress.told():
            raise MediaError("the decoder broke")
        assert next(stream)["failed"] == "the decoder broke"
        assert next(stream, None) is None


def test_a_run_that_is_refused_leaves_nothing_and_is_told(tmp_path: Path) -> None:
    with inspecting_run(tmp_path) as (served, _):
        stream = events(served.client)
        assert next(stream)["failed"] is None
        RunFolder(tmp_path, {}).discard()
        assert "ended without a result" in next(stream)["failed"]


@contextmanager
def inspecting_run(folder: Path) -> Iterator[tuple[Any, RunProgress]]:
    with running(folder) as progress, inspecting(folder) as served:
        yield served, progress


def test_the_server_ends_while_somebody_follows(tmp_path: Path) -> None:
    with running(tmp_path), inspecting(tmp_path) as served:
        stream = events(served.client)
        next(stream)
        began = time.monotonic()
    assert time.monotonic() - began < 30


def test_ctrl_c_ends_the_command(tmp_path: Path) -> None:
    result_folder(tmp_path / "run")
    with subprocess.Popen([*COMMAND, str(tmp_path / "run")], **QUIET) as process:  # type: ignore[call-overload]
        assert process.stdout
        address = process.stdout.readline().strip()
        assert httpx.get(address, trust_env=False).status_code == 200
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 0
    assert said == "Ctrl-C ends it\n"


def test_a_port_in_use_and_a_run_that_is_none(tmp_path: Path) -> None:
    result_folder(tmp_path / "run")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run([*COMMAND, str(tmp_path / "run"), "--port", str(port)], **QUIET)  # type: ignore[call-overload]
    assert done.returncode == 2
    assert f"error: the port {port} is in use" in done.stderr
    done = subprocess.run([*COMMAND, str(tmp_path / "nothing")], **QUIET)  # type: ignore[call-overload]
    assert done.returncode == 2
    assert "does not exist" in done.stderr
    assert "hint: give the folder" in done.stderr


@pytest.mark.real
def test_a_real_run_is_followed_to_its_report(brief: Path, tmp_path: Path) -> None:
    analyse = [sys.executable, "-P", "-m", "emoagent", "analyze", str(brief), "-o", str(tmp_path / "run")]
    analyse += ["--agents", "transcript,voice"]
    with subprocess.Popen(analyse, env=os.environ, **QUIET) as process:  # type: ignore[call-overload]
        while not stages_of(progress_of(tmp_path / "run")).get("probe"):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGSTOP)  # so that it waits for us on a slow machine
        with inspecting(tmp_path / "run") as served:
            assert "data-live" in served.client.get("/").text
            stream = events(served.client)
            first = next(stream)
            process.send_signal(signal.SIGCONT)
            seen = list(stream)
            _, said = process.communicate()
            assert (first["clip"], first["failed"]) == (brief.name, None)
            assert first["stages"][0]["name"] == "probe"
            assert any(each["duration"] == 8.034 for each in seen)
            assert seen[-1]["done"], (seen[-1], said)
            assert served.client.get("/video").status_code == 404  # until the report has been made
            assert 'id="data"' in served.client.get("/").text
            assert served.client.get("/video").status_code == 200
    assert not (tmp_path / "run" / ".unfinished").exists()


def stages_of(found: dict[str, Any] | None) -> dict[str, float]:
    """The stages that are through, and how long they took."""
    return {stage["name"]: stage["took"] for stage in (found or {"stages": []})["stages"] if stage["took"]}
