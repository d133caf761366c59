"""Who may ask the server, and what it refuses: keys, names, sites, sizes, rates, and requests that no client sends."""

from __future__ import annotations

import base64
import gzip
import json
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from http_serving import ANN, BOB, Serving, client_of, problem, serving

from emoagent.bridges.http.app import create_app
from emoagent.bridges.http.auth import Keys, fingerprint
from emoagent.bridges.http.config import ServerConfig, is_loopback, load_config
from emoagent.bridges.http.errors import TooMany, Unauthorized
from emoagent.bridges.http.limits import AtOnce, Rate
from emoagent.commands.serve import listening
from emoagent.errors import UsageError

OPEN = {"/health", "/health/ready"}
PLACES = {"session": "a", "job": "0" * 32, "turn": "1", "name": "demo.js"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "secret.txt").write_text("root:x:0:0")
    with serving(folder / "data", (ANN, BOB), body_bytes=200_000, upload_bytes=300_000, body_seconds=1) as found:
        yield found


@pytest.fixture(scope="module")
def keyless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("keyless")) as found:
        yield found


def operations(served: Serving) -> list[tuple[str, str]]:
    """Every method at every address that is documented, and the pages that are not."""
    paths: dict[str, dict[str, Any]] = served.client.get("/openapi.json").json()["paths"]
    found = [(method.upper(), path.format(**PLACES)) for path, methods in paths.items() for method in methods]
    return [*found, ("GET", "/"), ("GET", "/demo/demo.js"), ("GET", "/openapi.json"), ("GET", "/nothing")]


def test_without_a_key_nothing_but_health(served: Serving) -> None:
    wrong = [{}, {"Authorization": "Bearer wrong-0123456789ab"}, {"Authorization": f"Bearer {ANN}x"},
             {"Authorization": f"Token {ANN}"}, {"X-API-Key": ""}, {"Authorization": "Basic !!"},
             {"Authorization": f"Bearer {ANN.upper()}"}, {"Authorization": "Bearer " + "a" * 5000}]  # fmt: skip
    with client_of(served.port) as client:
        found = operations(served)
        assert len(found) > 20
        for method, path in found:
            for headers in wrong:
                answer = client.request(method, path, headers=headers)
                if path in OPEN:
                    assert answer.status_code == 200, path
                else:
                    problem(answer, 401, "unauthorized")
                    assert answer.headers["www-authenticate"]


@pytest.mark.parametrize("headers", [
    {"Authorization": f"Bearer {BOB}"}, {"authorization": f"bearer {BOB}"}, {"X-API-Key": BOB},
    {"Authorization": "Basic " + base64.b64encode(f"anybody:{BOB}".encode()).decode()},
])  # fmt: skip
def test_ways_to_send_a_key(served: Serving, headers: dict[str, str]) -> None:
    with client_of(served.port) as client:
        assert client.get("/v1/sessions", headers=headers).status_code == 200
        assert client.get(f"/v1/sessions?key={BOB}").status_code == 401  # an address ends up in logs


def test_a_browser_is_asked_for_the_key_and_a_program_is_not(served: Serving) -> None:
    with client_of(served.port) as client:
        assert client.get("/", headers={"Accept": "text/html"}).headers["www-authenticate"].startswith("Basic")
        assert client.get("/v1/jobs").headers["www-authenticate"] == "Bearer"


def test_a_key_is_kept_as_a_fingerprint(served: Serving) -> None:
    session = served.session()
    assert served.server.analyzer.store.get(session, fingerprint(ANN)).owner == fingerprint(ANN)
    assert ANN not in fingerprint(ANN)
    assert ANN not in served.client.get(f"/v1/sessions/{session}").text + repr(served.server.config)
    with pytest.raises(Unauthorized):
        Keys([ANN]).caller(fingerprint(ANN))


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "[::1].evil.example", "", "a b", "[", "0.0.0.0"]
)
@pytest.mark.parametrize("path", ["/health", "/v1/sessions", "/"])
def test_another_name_is_not_served(served: Serving, host: str, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {ANN}\r\nConnection: close\r\n\r\n"
    assert served.raw(request.encode()).split()[1] in ("400", "403", "421")


def test_names_and_sites_that_are_allowed(tmp_path: Path, keyless: Serving) -> None:
    site = "https://chat.example.org"
    with serving(tmp_path, (ANN,), keyless.server.analyzer, hosts="api.example.org", origins=site) as served:
        assert served.client.get("/v1/sessions", headers={"Host": "api.example.org:8643"}).status_code == 200
        asked = served.client.get("/v1/sessions", headers={"Origin": site})
        assert asked.headers["access-control-allow-origin"] == site
        before = {
            "Origin": site,
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "Authorization",
        }
        with client_of(served.port) as browser:
            assert browser.options("/v1/turns", headers=before).status_code == 200
            before["Origin"] = "https://evil.example"
            assert "access-control-allow-origin" not in browser.options("/v1/turns", headers=before).headers


@pytest.mark.parametrize("headers", [
    {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"}, {"Origin": ""},
    {"Origin": "https://localhost.evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
])  # fmt: skip
def test_pages_of_other_sites_may_neither_read_nor_write(keyless: Serving, headers: dict[str, str]) -> None:
    told = json.dumps({"consent": {"text": True}})
    for kind in ("application/json", "text/plain"):
        sent = keyless.client.post("/v1/sessions", content=told, headers={**headers, "Content-Type": kind})
        problem(sent, 403, "foreign")
    problem(keyless.client.get("/v1/sessions", headers=headers), 403, "foreign")
    assert keyless.client.get("/v1/sessions").json() == {"sessions": []}


def test_its_own_page_may(keyless: Serving) -> None:
    own = {"Origin": f"http://127.0.0.1:{keyless.port}", "Sec-Fetch-Site": "same-origin"}
    assert keyless.client.get("/v1/sessions", headers=own).status_code == 200
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert keyless.client.get("/", headers=link).status_code == 200
    problem(keyless.client.post("/v1/sessions", json={}, headers=link), 403, "foreign")


def test_every_answer_is_guarded(served: Serving) -> None:
    for method, path in operations(served):
        if path.endswith("/events"):
            continue
        headers = served.client.request(method, path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "server" not in headers


@pytest.mark.parametrize("path", [
    "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/demo/../../secret.txt", "/demo/..%2f..%2fsecret.txt",
    "/demo/%2e%2e%2fconfig.py", "/demo/....//config.py", "/v1/jobs/../secret.txt", "/v1/jobs/..%2f..%2fsecret.txt",
    "/v1/jobs/%2e%2e/result", "/v1/jobs/..%5c..%5csecret.txt/result", "/v1/jobs/" + "0" * 31 + "%00/result",
    "/v1/jobs/%2fetc%2fpasswd/report", "/v1/sessions/..%2f..%2fx", "/v1/sessions/a%00b", "/v1/sessions/%ff%fe",
    "/v1/sessions/a'%20OR%201=1--/turns", "/v1/sessions/" + "a" * 5000, "/v1/sessions/a/turns/99999999999999999999",
    "/v1/sessions/a/turns?after=-1", "/v1/sessions/a/turns?limit=999999999", "/v1/sessions/a/turns/1e3",
    "/v1/sessions/a/turns/../../../jobs", "//evil.example/", "/health/../v1/sessions", "/;/etc/passwd",
])  # fmt: skip
def test_no_way_out(served: Serving, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ANN}\r\nConnection: close\r\n\r\n"
    answer = served.raw(request.encode())
    assert answer.split()[1] in ("400", "404", "422"), answer[:300]
    assert "root:" not in answer
    assert "Traceback" not in answer


def head(method: str = "POST", path: str = "/v1/sessions", *more: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {ANN}", "Connection: close", *more]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


JSON = "Content-Type: application/json"
HOSTILE = {
    "two lengths": head("POST", "/v1/sessions", JSON, "Content-Length: 2", "Content-Length: 9") + b"{}",
    "length and chunks": head("POST", "/v1/sessions", JSON, "Content-Length: 3", "Transfer-Encoding: chunked")
    + b"0\r\n\r\n",
    "broken chunks": head("POST", "/v1/sessions", JSON, "Transfer-Encoding: chunked") + b"zz\r\n{}\r\n0\r\n\r\n",
    "a negative length": head("POST", "/v1/sessions", JSON, "Content-Length: -1"),
    "a huge length": head("POST", "/v1/sessions", JSON, "Content-Length: 99999999999999999999999"),
    "a header without a name": head("GET", "/v1/sessions", ": b"),
    "a header of a megabyte": head("GET", "/v1/sessions", "X-A: " + "a" * (1 << 20)),
    "many headers": head("GET", "/v1/sessions", *(f"X-{n}: a" for n in range(20_000))),
    "no host": b"GET /v1/sessions HTTP/1.1\r\nConnection: close\r\n\r\n",
    "two hosts": head("GET", "/v1/sessions", "Host: evil.example"),
    "a whole address": head("GET", "http://evil.example/v1/sessions"),
    "a method of its own": head("BREW", "/v1/sessions"),
    "TRACE": head("TRACE", "/v1/sessions"),
    "CONNECT": head("CONNECT", "evil.example:443"),
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "two keys": head("GET", "/nothing", f"Authorization: Bearer {BOB}", "X-API-Key: x"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_requests_that_no_client_sends(served: Serving, name: str) -> None:
    try:
        answer = served.raw(HOSTILE[name])
    except ConnectionError:
        answer = ""  # it hung up
    assert not answer or re.match(r"HTTP/1\.1 4\d\d ", answer), answer[:300]
    assert served.client.get("/health").status_code == 200


DEEP = b'{"a":' * 30_000
BODIES = {
    "no JSON": (b"{", 422), "nothing": (b"", 422), "a list": (b"[]", 422), "NaN": (b'{"keep_days": NaN}', 422),
    "deep": (DEEP, 400), "a number without end": (b'{"keep_days": ' + b"9" * 10_000 + b"}", 400),
    "not UTF-8": (b'{"id": "\xff\xfe"}', 400), "half a character": (b'{"id": "\\ud800"}', 422),
    "zip bomb": (gzip.compress(bytes(1 << 20)), 400), "too large": (b'"' + b"a" * 300_000 + b'"', 413),
    "twice the same": (b'{"id": "../x", "id": "..", "consent": {"text": true}}', 422),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_make_no_sense(served: Serving, name: str) -> None:
    body, status = BODIES[name]
    kind = {"Content-Type": "application/json", "Content-Encoding": "gzip" if name == "zip bomb" else "identity"}
    found = served.client.post("/v1/sessions", content=body, headers=kind)
    assert found.status_code == status, found.text
    assert set(found.json()) == {"code", "message", "hint", "where"}


def test_a_body_that_grows_is_cut_off(served: Serving) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(40):
            yield b"a" * 10_000

    problem(
        served.client.post("/v1/turns", content=pieces(), headers={"Content-Type": "application/json"}),
        413,
        "too_large",
    )
    large = {"file": ("a.mp4", bytes(500_000))}
    problem(served.client.post("/v1/jobs", files=large, data={"consent": '{"text": true}'}), 413, "too_large")


def test_who_sends_too_slowly_is_hung_up_on(served: Serving) -> None:
    answer = served.raw(head("POST", "/v1/sessions", JSON, "Content-Length: 100") + b"{")
    assert answer.startswith("HTTP/1.1 408 ")


def test_beyond_the_rate_429_says_when(tmp_path: Path, keyless: Serving) -> None:
    with serving(tmp_path, (ANN, BOB), keyless.server.analyzer, rate=0.5, burst=3) as served:
        answers = [served.client.get("/v1/sessions") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        problem(answers[-1], 429, "too_many")
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 2
        with client_of(served.port, BOB) as bob:
            assert bob.get("/v1/sessions").status_code == 200
        assert served.client.get("/health").status_code == 200


def test_more_turns_at_once_than_allowed_are_429_and_leave_no_trace(tmp_path: Path, keyless: Serving) -> None:
    with serving(tmp_path, (ANN,), keyless.server.analyzer, turns_at_once=1) as served:
        session = served.session()
        with served.server.turns.place():
            refused = served.turn(session, "Hello.", turn_id="later")
        problem(refused, 429, "too_many")
        assert refused.headers["retry-after"] == "1"
        assert served.turn(session, "Hello.", turn_id="later").json()["turn"] == 1


def test_a_bucket_fills_again() -> None:
    now = 0.0
    rate = Rate(2.0, 3, lambda: now)
    for _ in range(3):
        rate.take("a")
    with pytest.raises(TooMany) as refused:
        rate.take("a")
    assert refused.value.after == pytest.approx(0.5)
    rate.take("b")
    now = 0.5
    rate.take("a")
    with pytest.raises(TooMany):
        rate.take("a")
    now = 1000.0
    for _ in range(3):
        rate.take("a")


def test_places_are_given_back_also_after_an_error() -> None:
    places = AtOnce(2, "turns")

    def fail(_: int) -> None:
        with pytest.raises((ValueError, TooMany)), places.place():
            raise ValueError

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(fail, range(200)))
    assert places.now == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_off_loopback_it_does_not_start_without_a_key(host: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no key"):
        load_config(host=host, data=tmp_path)
    with pytest.raises(UsageError, match="no key"):
        create_app(ServerConfig(host=host, data=tmp_path))
    file = tmp_path / "keys"
    file.write_text(f"# ours\n{ANN}\n\n{BOB}\n")
    assert load_config(host=host, data=tmp_path, keys_file=file).all_keys() == (ANN, BOB)


def test_keys_that_are_none(tmp_path: Path) -> None:
    for bad in ("short", "ümlaut-0123456789abcdef"):
        with pytest.raises(UsageError, match="a key has") as refused:
            load_config(keys=bad, data=tmp_path).all_keys()
        assert bad not in refused.value.message + refused.value.hint
    with pytest.raises(UsageError, match="cannot be read"):
        load_config(keys_file=tmp_path / "none").all_keys()
    with pytest.raises(UsageError, match="no origin"):
        load_config(origins="chat.example.org")


def test_answers_are_not_held_back_for_an_acknowledgement() -> None:
    """By this, asyncio knows that it may switch off Nagle's algorithm."""
    with listening(ServerConfig(port=0)) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_which_addresses_are_this_machine() -> None:
    assert all(map(is_loopback, ("localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]")))
    assert not any(map(is_loopback, ("", "0.0.0.0", "::", "10.0.0.1", "localhost.evil.example", "127.0.0.1.nip.io")))


def test_a_web_socket_from_another_site_is_refused(keyless: Serving) -> None:
    request = (
        "GET /v1/live HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://evil.example\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", keyless.port), 10) as line:
        line.sendall(request.encode())
        assert b" 403 " in line.recv(1000)
