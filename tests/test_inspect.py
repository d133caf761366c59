"""`emoagent inspect` over real HTTP: the page and what guards it, the video in ranges, pictures, methods, hosts."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import SAMPLE
from inspected import Inspector, inspecting
from result_folder import result_folder

from emoagent.errors import UsageError
from emoagent.viewer.served_run import ServedRun

SIZE = SAMPLE.stat().st_size
CONTENT = SAMPLE.read_bytes()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inspector]:
    folder = tmp_path_factory.mktemp("served") / "run"
    result_folder(folder)
    (folder.parent / "secret.jpg").write_bytes((folder / "media" / "u1.jpg").read_bytes())
    with inspecting(folder) as found:
        found.client.get("/")
        yield found


def payload_in(page: str) -> dict[str, Any]:
    data = re.search(r'<script type="application/octet-stream" id="data">([^<]*)</script>', page)
    assert data
    found: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(data[1])))
    return found


def raw(served: Inspector, request: str) -> str:
    """The answer to a request that no client would send."""
    with socket.create_connection(("127.0.0.1", served.port), 10) as line:
        line.sendall(request.replace("\n", "\r\n").encode("latin-1"))
        answer = b""
        while piece := line.recv(65536):
            answer += piece
    return answer.decode("latin-1")


def test_the_page_is_the_report_with_its_video_and_pictures(served: Inspector) -> None:
    page = served.client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    payload = payload_in(page.text)
    assert payload["live"] is True
    assert payload["video"] == "/video"
    assert payload["trace"]["clip"]["name"] == "dialogue.mp4"
    pictures = json.loads(page.text.split('<script type="application/json" id="pictures">')[1].split("</script>")[0])
    assert set(pictures) == {"media/u1.jpg", "media/u2.jpg", "media/u5.jpg"}
    for address in pictures.values():
        found = served.client.get(address)
        assert found.status_code == 200
        assert found.headers["content-type"] == "image/jpeg"
        assert found.content.startswith(b"\xff\xd8\xff")


def test_every_answer_is_guarded(served: Inspector) -> None:
    for path in ("/", "/video", "/pictures/media/u1.jpg", "/progress", "/nothing", "/favicon.ico"):
        headers = served.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "*" not in policy
        assert "server" not in headers


def test_the_policy_allows_just_the_scripts_and_styles_of_the_page(served: Inspector) -> None:
    from hashlib import sha256

    page = served.client.get("/")
    for kind in ("script", "style"):
        inline = re.findall(rf"<{kind}>(.*?)</{kind}>", page.text, re.DOTALL)
        assert len(inline) == 1
        digest = base64.b64encode(sha256(inline[0].encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-0", 0, 1), ("bytes=100-199", 100, 200), ("bytes=1000-", 1000, SIZE), ("bytes=-500", SIZE - 500, SIZE),
     (f"bytes=-{SIZE * 2}", 0, SIZE), (f"bytes=10-{SIZE * 2}", 10, SIZE), (f"bytes={SIZE - 1}-", SIZE - 1, SIZE)],
)  # fmt: skip
def test_parts_of_the_video(served: Inspector, asked: str, start: int, end: int) -> None:
    found = served.client.get("/video", headers={"Range": asked})
    assert found.status_code == 206
    assert found.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert found.headers["content-type"] == "video/mp4"
    assert found.content == CONTENT[start:end]


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", f"bytes={SIZE * 3}-{SIZE * 4}", "bytes=-0"])
def test_parts_beyond_the_end(served: Inspector, asked: str) -> None:
    found = served.client.get("/video", headers={"Range": asked})
    assert found.status_code == 416
    assert found.headers["content-range"] == f"bytes */{SIZE}"


def test_several_parts_at_once(served: Inspector) -> None:
    found = served.client.get("/video", headers={"Range": "bytes=0-9,1000-1009"})
    assert found.status_code == 206
    assert found.headers["content-type"].startswith("multipart/byteranges; boundary=")
    assert CONTENT[:10] in found.content
    assert CONTENT[1000:1010] in found.content


@pytest.mark.parametrize("asked", ["bytes=5-2", "lines=0-9", "bytes=x", "bytes=", "bytes=--", "bytes=0-9," * 200])
def test_a_range_that_is_none_gives_no_error_of_ours(served: Inspector, asked: str) -> None:
    assert served.client.get("/video", headers={"Range": asked}).status_code in (200, 206, 400)


def test_the_whole_video_and_whether_it_changed(served: Inspector) -> None:
    whole = served.client.get("/video")
    assert whole.status_code == 200
    assert whole.content == CONTENT
    assert whole.headers["accept-ranges"] == "bytes"
    stale = served.client.get("/video", headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert stale.status_code == 200
    fresh = served.client.get("/video", headers={"Range": "bytes=0-9", "If-Range": whole.headers["etag"]})
    assert fresh.status_code == 206


@pytest.mark.parametrize("path", ["/", "/video", "/pictures/media/u1.jpg"])
def test_head_tells_the_same_without_the_content(served: Inspector, path: str) -> None:
    head, whole = served.client.head(path), served.client.get(path)
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == str(len(whole.content))


def test_head_of_a_part(served: Inspector) -> None:
    head = served.client.head("/video", headers={"Range": "bytes=-10"})
    assert (head.status_code, head.headers["content-length"], head.content) == (206, "10", b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/", "/video", "/nothing"])
def test_nothing_can_be_changed(served: Inspector, method: str, path: str) -> None:
    found = served.client.request(method, path)
    assert found.status_code == 405
    assert found.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", [
    "/pictures/../secret.jpg", "/pictures/media/../../secret.jpg", "/pictures/%2e%2e/%2e%2e/secret.jpg",
    "/pictures/..%2f..%2fsecret.jpg", "/pictures//etc/passwd", "/pictures/%2fetc%2fpasswd", "/../../etc/passwd",
    "/pictures/media/u1.jpg%00.png", "/pictures/..%5c..%5csecret.jpg", "/video/../../run.json", "/run.json",
    "/pictures/media/", "/pictures/", "/pictures/media/u9.jpg", "/trace.json", "//video",
])  # fmt: skip
def test_no_way_out_of_the_folder(served: Inspector, path: str) -> None:
    answer = raw(served, f"GET {path} HTTP/1.1\nHost: 127.0.0.1:{served.port}\nConnection: close\n\n")
    assert answer.split()[1] in ("404", "400"), answer[:200]
    assert "root:" not in answer
    assert "\xff\xd8\xff" not in answer


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:{port}",
             "localhost.evil.example:{port}", "127.0.0.1:{port}@evil.example", "", "0.0.0.0:{port}"],
)  # fmt: skip
def test_a_name_that_is_not_this_machine_is_refused(served: Inspector, host: str) -> None:
    for path in ("/", "/video", "/progress"):
        found = served.client.get(path, headers={"Host": host.format(port=served.port)})
        assert found.status_code == 421
        assert "dialogue" not in found.text


def test_two_names_or_none_are_refused(served: Inspector) -> None:
    two = f"GET / HTTP/1.1\nHost: 127.0.0.1:{served.port}\nHost: evil.example\nConnection: close\n\n"
    assert raw(served, two).split()[1] in ("400", "421")
    assert raw(served, "GET / HTTP/1.0\n\n").split()[1] == "421"


@pytest.mark.parametrize("name", ["localhost", "[::1]", "LOCALHOST"])
def test_other_names_of_this_machine(served: Inspector, name: str) -> None:
    assert served.client.get("/", headers={"Host": f"{name}:{served.port}"}).status_code == 200


def test_a_page_of_another_site_may_link_but_not_read(served: Inspector) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert served.client.get("/video", headers=foreign | {"Sec-Fetch-Mode": "no-cors"}).status_code == 403
    assert served.client.get("/", headers=foreign | {"Sec-Fetch-Mode": "navigate"}).status_code == 200
    own = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "no-cors"}
    assert served.client.get("/pictures/media/u1.jpg", headers=own).status_code == 200


def test_the_page_follows_the_result(tmp_path: Path) -> None:
    trace = result_folder(tmp_path / "run")
    with inspecting(tmp_path / "run") as served:
        before = served.client.get("/").text
        assert served.client.get("/").text == before
        renamed = trace.model_copy(
            update={"people": tuple(p.model_copy(update={"name": "Cleo"}) for p in trace.people)}
        )
        (tmp_path / "run" / "trace.json").write_text(renamed.model_dump_json())
        assert {p["name"] for p in payload_in(served.client.get("/").text)["trace"]["people"]} == {"Cleo"}


def test_a_video_that_is_gone_is_told_and_the_rest_is_served(tmp_path: Path) -> None:
    video = Path(shutil.copy(SAMPLE, tmp_path / "film.mp4"))
    result_folder(tmp_path / "deep" / "run", video)
    video.rename(tmp_path / "elsewhere.mp4")
    with inspecting(tmp_path / "deep" / "run") as served:
        assert payload_in(served.client.get("/").text)["video"] is None
        assert served.client.get("/video").status_code == 404
        assert "film.mp4 any more: the report is served without its video" in served.said[0]
        assert "--video" in served.said[0]
    with inspecting(tmp_path / "deep" / "run", tmp_path / "elsewhere.mp4") as served:
        assert payload_in(served.client.get("/").text)["video"] == "/video"
        assert served.client.get("/video").content == CONTENT
        assert not served.said


def test_a_video_that_moved_with_its_result_is_found(tmp_path: Path) -> None:
    video = Path(shutil.copy(SAMPLE, tmp_path / "film.mp4"))
    result_folder(tmp_path / "run", video)
    (tmp_path / "new").mkdir()
    video.rename(tmp_path / "new" / "film.mp4")
    (tmp_path / "run").rename(tmp_path / "new" / "run")
    with inspecting(tmp_path / "new" / "run") as served:
        assert payload_in(served.client.get("/").text)["video"] == "/video"


@pytest.mark.parametrize("same_size", [True, False])
def test_another_file_in_its_place_is_not_served(tmp_path: Path, same_size: bool) -> None:
    video = Path(shutil.copy(SAMPLE, tmp_path / "film.mp4"))
    result_folder(tmp_path / "run", video)
    video.write_bytes(b"\0" * (SIZE if same_size else 7))
    with inspecting(tmp_path / "run") as served:
        assert payload_in(served.client.get("/").text)["video"] is None
        assert "is not the one that was analysed" in served.said[0]


def test_a_manifest_that_says_nothing(tmp_path: Path) -> None:
    result_folder(tmp_path / "run")
    (tmp_path / "run" / "run.json").write_text("[]")
    with inspecting(tmp_path / "run") as served:
        assert payload_in(served.client.get("/").text)["video"] is None
        assert served.said[0].startswith("dialogue.mp4 is not beside the result")


def test_another_run_beside_it(tmp_path: Path) -> None:
    result_folder(tmp_path / "run")
    trace = result_folder(tmp_path / "other")
    with inspecting(tmp_path / "run", other=tmp_path / "other") as served:
        (other,) = payload_in(served.client.get("/").text)["others"]
        assert other["match"] == ["u1", "u2", "u3", "u4", "u5"]
        clip = trace.clip.model_copy(update={"sha256": "0" * 64})
        (tmp_path / "other" / "trace.json").write_text(trace.model_copy(update={"clip": clip}).model_dump_json())
        refused = served.client.get("/")
        assert refused.status_code == 500
        assert "of different files" in refused.text
        assert refused.headers["x-content-type-options"] == "nosniff"


def test_corrections_that_are_imported_later_are_shown(tmp_path: Path) -> None:
    result_folder(tmp_path / "run")
    with inspecting(tmp_path / "run") as served:
        before = served.client.get("/").text
        (tmp_path / "run" / "corrections").mkdir()
        (tmp_path / "run" / "corrections" / "note.txt").write_text("x")
        assert served.client.get("/").status_code == 200
        assert payload_in(before)["layers"] == []


def test_what_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        ServedRun(tmp_path / "nothing")
    with pytest.raises(UsageError, match="holds no result"):
        ServedRun(tmp_path)
    result_folder(tmp_path / "run")
    assert ServedRun(tmp_path / "run" / "trace.json").folder == tmp_path / "run"
    with pytest.raises(UsageError, match=r"no video .*gone\.mp4"):
        ServedRun(tmp_path / "run", tmp_path / "gone.mp4")
