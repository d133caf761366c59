"""A real vLLM server on the CPU, in an environment of its own, and a counter in front of it."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread

MODEL, ADAPTER = "tiny", "tiny-joy"
COMPACT = '{"backend": "xgrammar", "disable_any_whitespace": true}'  # a weak model would write nothing but spaces
START = 900.0  # seconds until it must be there
ENVIRONMENT = {
    "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1",
    "CUDA_VISIBLE_DEVICES": "",
}  # fmt: skip


@dataclass
class Vllm:
    """A server that runs. `took`: seconds until it was there."""

    port: int
    process: subprocess.Popen[bytes]
    took: float

    def kill(self) -> None:
        """At once, with all its processes."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@contextmanager
def vllm(python: str, tiny: Path, log: Path) -> Iterator[Vllm]:
    """The tiny model and its adapter, served."""
    port, began = free_port(), time.monotonic()
    command = [
        python, "-m", "vllm.entrypoints.openai.api_server", "--model", str(tiny / "model"),
        "--served-model-name", MODEL,
        "--host", "127.0.0.1", "--port", str(port), "--dtype", "float32", "--enforce-eager", "--max-model-len", "8192",
        "--enable-lora", "--max-lora-rank", "8", "--lora-modules", f"{ADAPTER}={tiny / 'adapter'}",
        "--structured-outputs-config", COMPACT,
    ]  # fmt: skip
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, stdout=said, stderr=said, env=os.environ | ENVIRONMENT, cwd=log.parent, start_new_session=True
        )
    server = Vllm(port, process, 0.0)
    try:
        while not healthy(port):
            assert process.poll() is None, log.read_text(errors="replace")[-4000:]
            assert time.monotonic() - began < START, log.read_text(errors="replace")[-4000:]
            time.sleep(0.5)
        server.took = time.monotonic() - began
        yield server
    finally:
        server.kill()


def healthy(port: int) -> bool:
    """Whether the server says that it is ready."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Counter:
    """A proxy that writes down each question that was answered. After `until` answers it does `then`, once."""

    upstream: int
    url: str = ""
    answered: list[bytes] = field(default_factory=list)
    until: int | None = None
    then: Callable[[], None] = lambda: None
    lock: Lock = field(default_factory=Lock)

    def forward(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """The server's status and body. Raises `OSError` where it is gone."""
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=600)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def answer(self, body: bytes) -> bool:
        """Counts an answer; `False` where it is to be lost, for the server has been killed."""
        with self.lock:
            if self.until is not None and len(self.answered) >= self.until:
                self.then()
                return False
            self.answered.append(body)
            return True


@contextmanager
def counting(upstream: int) -> Iterator[Counter]:
    """The proxy, on a port of its own. Where the server is gone, so is the connection."""
    counter = Counter(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._pass("POST", body)

        def do_GET(self) -> None:
            self._pass("GET", b"")

        def _pass(self, method: str, body: bytes) -> None:
            try:
                status, answer = counter.forward(method, self.path, body)
            except (OSError, http.client.HTTPException):
                self.close_connection = True
                return
            if method == "POST" and status == 200 and not counter.answer(body):
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.daemon_threads = True
    thread = Thread(target=proxy.serve_forever, args=(0.05,))
    thread.start()
    counter.url = f"http://127.0.0.1:{proxy.server_address[1]}/v1"
    try:
        yield counter
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()
