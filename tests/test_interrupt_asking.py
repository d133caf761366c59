"""Interrupted while a server is asked: it stops at once and quietly, and goes on later with what was not answered."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from chat_server import Raw, Server, serving
from scripted import content

pytestmark = pytest.mark.real


def start(brief: Path, out: Path, server: Server, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "emoagent", "analyze", str(brief), "-o", str(out), "--agents", "transcript"]
    named = ["--profile", "server", "--reasoner-url", server.url, "--reasoner-model", "tiny"]
    return subprocess.Popen([*command, *named, *more], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_interrupted_while_a_server_thinks(brief: Path, tmp_path: Path) -> None:
    released = Event()
    with serving() as server:

        def says(request: dict[str, Any]) -> str | Raw:
            slow = len(server.asked) == 2 and not released.is_set()
            return Raw(until=released) if slow else json.dumps(content("joy"))

        server.says = says
        process = start(brief, tmp_path / "out", server)
        while len(server.asked) < 3 and process.poll() is None:
            time.sleep(0.05)
        time.sleep(0.5)
        os.kill(process.pid, signal.SIGTERM)
        _, said = process.communicate(timeout=120)
        released.set()
        assert process.returncode == 130, said
        assert "--resume" in said
        assert "Traceback" not in said
        resumed = start(brief, tmp_path / "out", server, "--resume")
        told, said = resumed.communicate(timeout=120)
        assert resumed.returncode == 0, said
        assert "3 utterances: 3 judged by tiny" in told
        assert len(server.asked) == 4  # what was answered is not asked again
