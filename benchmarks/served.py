"""A real `emoagent serve` in a process of its own, as a user starts it, and how much memory it takes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

STARTS = 120.0  # seconds


@dataclass
class Served:
    """`url`: of the server, without a path; `process`: it is the leader of a group of its own."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """As a power cut: nothing is told to it or to its children."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def megabytes(self) -> float:
        """Memory of the server and its children; pages that they share are counted once (proportional set size)."""
        return sum(map(_proportional, _family(self.process.pid))) / 1024


@contextmanager
def served(
    folder: Path, keys: Sequence[str], database: str | None = None, port: int | None = None, **settings: object
) -> Iterator[Served]:
    """The server with its data in `folder`, once it answers. `settings`: of `ServerConfig`, by the environment."""
    address = port or free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EMOAGENT_SERVE_")}
    told = {"keys": ",".join(keys), "data": folder, "port": address, "database": database, **settings}
    named = {f"EMOAGENT_SERVE_{name.upper()}": str(value) for name, value in told.items() if value is not None}
    log = folder / "server.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "emoagent", "serve"], env=environment | named, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
    server = Served(f"http://127.0.0.1:{address}", process, log)
    try:
        _wait(server)
        yield server
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait(server: Served) -> None:
    until = time.monotonic() + STARTS
    while time.monotonic() < until and server.process.poll() is None:
        try:
            if httpx.get(f"{server.url}/health/ready", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError(f"the server did not start:\n{server.log.read_text()[-4000:]}")


def _family(process: int) -> list[int]:
    found = [process]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            found += map(int, _text(task).split())
    return found


def _proportional(process: int) -> int:
    lines = _text(Path(f"/proc/{process}/smaps_rollup")).splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it has ended in between
        return ""
