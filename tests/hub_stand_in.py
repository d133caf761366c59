"""A model hub for the tests: the few endpoints that huggingface_hub asks, served from memory at 127.0.0.1.

Files of LFS are redirected to another host name (`localhost`), as the real hub sends them to its storage.
"""

from __future__ import annotations

import hashlib
import json
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

BLOCK = 1 << 20


def safetensors(values: int) -> bytes:
    """A real file of weights: one tensor of `values` zeros, 4 bytes each."""
    header = json.dumps({"w": {"dtype": "F32", "shape": [values], "data_offsets": [0, 4 * values]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(4 * values)


@dataclass
class Repository:
    """A model: its commit, its files, its licence; `gated`: the token that opens it."""

    files: dict[str, bytes]
    card: dict[str, str] = field(default_factory=lambda: {"license": "apache-2.0"})
    gated: str | None = None
    commit: str = "a" * 40

    def lfs(self, name: str) -> bool:
        """Whether the hub would keep the file in LFS."""
        return name.endswith((".safetensors", ".bin", ".pt"))


@dataclass
class Hub:
    """What the hub holds, what it was asked, and how it misbehaves."""

    repositories: dict[str, Repository] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    url: str = ""
    stop_after: int | None = None  # bytes of a file, after which the connection hangs
    drop_after: int | None = None  # bytes of a file, after which the connection breaks, once
    garbled: bool = False
    released: threading.Event = field(default_factory=threading.Event)

    def downloads(self) -> list[tuple[str, str | None]]:
        """Which files were asked for, and from which byte on."""
        return [
            (path, head.get("range")) for method, path, head in self.asked if method == "GET" and "/api/" not in path
        ]


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Runs the hub on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            _answer(self, hub)

        def do_HEAD(self) -> None:
            _answer(self, hub)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        hub.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield hub
        finally:
            hub.released.set()
            server.shutdown()


def _answer(request: BaseHTTPRequestHandler, hub: Hub) -> None:
    url = urlsplit(request.path)
    head = {name.lower(): value for name, value in request.headers.items()}
    hub.asked.append((request.command, url.path, head))
    if url.path.startswith("/storage/"):
        _send_file(request, hub, _stored(hub, url.path.removeprefix("/storage/")))
        return
    parts = url.path.strip("/").split("/")
    api = parts[:2] == ["api", "models"]
    owner, name, action, revision = parts[2:6] if api else parts[:4]
    model = hub.repositories.get(f"{owner}/{name}")
    if problem := _problem(model, revision, head):
        _fail(request, *problem)
    elif api and action == "revision":
        assert parse_qs(url.query) == {"blobs": ["true"]} or parse_qs(url.query) == {"blobs": ["True"]}
        _send_json(request, _described(f"{owner}/{name}", model))
    elif action == "resolve":
        _resolve(request, hub, model, "/".join(parts[4:]))
    else:
        _fail(request, 404, "EntryNotFound")


def _problem(model: Repository | None, revision: str, head: dict[str, str]) -> tuple[int, str] | None:
    if model is None:
        return 401, "RepoNotFound"
    if revision not in ("main", model.commit):
        return 404, "RevisionNotFound"
    if model.gated and head.get("authorization") != f"Bearer {model.gated}":
        return 401, "GatedRepo"
    return None


def _fail(request: BaseHTTPRequestHandler, status: int, code: str) -> None:
    request.send_response(status)
    request.send_header("X-Error-Code", code)
    request.send_header("Content-Length", "0")
    request.end_headers()


def _described(name: str, model: Any) -> dict[str, Any]:
    siblings = []
    for path, data in model.files.items():
        blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        entry: dict[str, Any] = {"rfilename": path, "size": len(data), "blobId": blob}
        if model.lfs(path):
            entry["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
        siblings.append(entry)
    return {"id": name, "modelId": name, "sha": model.commit, "cardData": model.card, "siblings": siblings,
            "tags": [], "gated": bool(model.gated), "private": False}  # fmt: skip


def _send_json(request: BaseHTTPRequestHandler, data: dict[str, Any]) -> None:
    body = json.dumps(data).encode()
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def _resolve(request: BaseHTTPRequestHandler, hub: Hub, model: Any, path: str) -> None:
    data = model.files.get(path)
    if data is None:
        _fail(request, 404, "EntryNotFound")
    elif model.lfs(path):
        digest = hashlib.sha256(data).hexdigest()
        request.send_response(302)
        request.send_header("Location", f"{hub.url.replace('127.0.0.1', 'localhost')}/storage/{digest}")
        for name, value in (("X-Repo-Commit", model.commit), ("X-Linked-Etag", f'"{digest}"'),
                            ("X-Linked-Size", str(len(data))), ("Content-Length", "0")):  # fmt: skip
            request.send_header(name, value)
        request.end_headers()
    else:
        _send_file(request, hub, data)


def _stored(hub: Hub, digest: str) -> bytes:
    every = (data for model in hub.repositories.values() for data in model.files.values())
    return next(data for data in every if hashlib.sha256(data).hexdigest() == digest)


def _send_file(request: BaseHTTPRequestHandler, hub: Hub, data: bytes) -> None:
    wanted = request.headers.get("Range")
    begin = int(wanted.removeprefix("bytes=").split("-")[0]) if wanted else 0
    request.send_response(206 if wanted else 200)
    if wanted:
        request.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
    request.send_header("Content-Length", str(len(data) - begin))
    request.end_headers()
    if request.command == "HEAD":
        return
    body = data[begin:] if not hub.garbled else bytes(reversed(data[begin:]))
    _pour(request, hub, body)


def _pour(request: BaseHTTPRequestHandler, hub: Hub, body: bytes) -> None:
    for start in range(0, len(body), BLOCK):
        if hub.stop_after is not None and start >= hub.stop_after:
            hub.released.wait(20)
            request.close_connection = True
            return
        if hub.drop_after is not None and start >= hub.drop_after:
            hub.drop_after = None
            request.connection.close()
            request.close_connection = True
            return
        try:
            request.wfile.write(body[start : start + BLOCK])
        except OSError:  # whoever asked was killed
            request.close_connection = True
            return
