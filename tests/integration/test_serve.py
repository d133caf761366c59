"""`emoagent serve` as a user starts and stops it, and as a machine kills it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
from conftest import SAMPLE
from http_serving import ANN, client_of, events
from sounds import load

COMMAND = [sys.executable, "-P", "-m", "emoagent", "serve", "--port", "0"]
T = TypeVar("T")
pytestmark = pytest.mark.slow


@contextmanager
def started(data: Path, *flags: str, **more: str) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    """The command with its data in a folder, and a client with a key, once it answers."""
    given = {**os.environ, "EMOAGENT_SERVE_DATA": str(data), "EMOAGENT_SERVE_KEYS": ANN, **more}
    with subprocess.Popen(
        [*COMMAND, *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=given
    ) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().strip().rstrip("/").rpartition(":")[2])
        try:
            with client_of(port, ANN) as client:
                _ready(client)
                yield process, client
        finally:
            process.kill()


def _ready(client: httpx.Client) -> None:
    for _ in range(600):
        try:
            if client.get("/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("it does not answer")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, -signal.SIGTERM)])
def test_it_ends_when_it_is_asked_to_also_while_somebody_follows_a_job(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    with started(tmp_path) as (process, client):
        job = _sent(client)
        with client.stream("GET", f"/v1/jobs/{job}/events") as stream:
            next(stream.iter_lines())
            process.send_signal(number)
            _, said = process.communicate(timeout=60)
        assert process.returncode == status, said
        assert "Traceback" not in said
        assert "Exception" not in said
        assert ANN not in said


def test_killed_it_leaves_no_process_behind_and_the_next_one_goes_on(tmp_path: Path) -> None:
    with started(tmp_path) as (process, client):
        session = client.post("/v1/sessions", json={"consent": {"text": True}}).json()["id"]
        turn = client.post("/v1/turns", json={"session": session, "text": "I won!"}).json()
        job = _sent(client)
        _until(lambda: _state(client, job) == "running")
        child = _until(lambda: _children(process.pid))
        process.kill()
        process.wait()
        _until(lambda: not any(Path(f"/proc/{one}").exists() for one in child))
    with started(tmp_path) as (_, client):
        assert client.get(f"/v1/sessions/{session}/turns").json()["turns"] == [turn]
        assert list(events(client, f"/v1/jobs/{job}/events"))[-1]["state"] == "done"
        assert client.get(f"/v1/jobs/{job}/result").json()["verdicts"]


def test_no_child_knows_the_keys(tmp_path: Path) -> None:
    with started(tmp_path) as (process, client):
        _sent(client)
        for child in _until(lambda: _children(process.pid)):
            assert ANN.encode() not in Path(f"/proc/{child}/environ").read_bytes()
            assert ANN.encode() not in Path(f"/proc/{child}/cmdline").read_bytes()
        assert ANN.encode() not in Path(f"/proc/{process.pid}/cmdline").read_bytes()


def test_what_cannot_be_started_says_why(tmp_path: Path) -> None:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("EMOAGENT_SERVE_")}
    with started(tmp_path) as (_, client):
        taken = [*COMMAND[:-1], str(client.base_url.port), "--data", str(tmp_path)]
        for command, why in ((taken, "is in use"), ([*COMMAND, "--host", "0.0.0.0"], "no key")):
            done = subprocess.run(command, capture_output=True, text=True, env=plain, check=False)
            assert done.returncode == 2
            assert why in done.stderr
            assert "hint:" in done.stderr


def _sent(client: httpx.Client) -> str:
    files = {"file": ("a.mp4", SAMPLE.read_bytes()), "subtitles": ("a.srt", SAMPLE.with_suffix(".srt").read_bytes())}
    answer = client.post("/v1/jobs", files=files, data={"consent": json.dumps({"text": True})})
    found: str = answer.raise_for_status().json()["id"]
    return found


def _state(client: httpx.Client, job: str) -> str:
    found: str = client.get(f"/v1/jobs/{job}").json()["state"]
    return found


def _children(process: int) -> list[int]:
    """The processes of jobs that a server has started."""
    found = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(process)], capture_output=True, text=True, check=False
    )
    return [int(line.split()[0]) for line in found.stdout.splitlines() if "job_process" in line]


def _until(found: Callable[[], T], patience: float = 60.0) -> T:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if answer := found():
            return answer
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


def test_it_does_not_wait_for_words_that_nobody_waits_for(tmp_path: Path) -> None:
    with started(tmp_path) as (process, client):
        consent = {"text": True, "voice": True}
        session = client.post("/v1/sessions", json={"consent": consent}).json()["id"]
        sound = b64encode((load(SAMPLE) * 32767).astype("<i2").tobytes() * 3).decode()
        turn = {"session": session, "audio": {"data": sound, "rate": 16_000}, "deadline": 0.01}
        assert "text" in client.post("/v1/turns", json=turn).json()["latency"]["late"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == -signal.SIGTERM
