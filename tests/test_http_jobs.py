"""Files over real HTTP: sent, analysed in a child process, followed, cancelled, deleted, taken up again."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from http_serving import ALL, ANN, BOB, Serving, client_of, events, problem, serving
from test_http_turns import wav

from emoagent import TurnAnalyzer
from emoagent.bridges.http.job_folder import JobFolders, plain_name, subtitle_suffix, suffix
from emoagent.errors import NotFound, UsageError
from emoagent.schema import Trace

SUBTITLES = b"1\n00:00:00,200 --> 00:00:01,800\nI won, this is wonderful!\n"
WORDS = {"text": True}


def send(
    client: httpx.Client, media: bytes, consent: object = WORDS, name: str = "a film.wav", **fields: str
) -> httpx.Response:
    files = {"file": (name, media), "subtitles": ("a.srt", SUBTITLES)}
    return client.post("/v1/jobs", files=files, data={"consent": json.dumps(consent), **fields})


def ended(client: httpx.Client, job: str) -> dict[str, Any]:
    return list(events(client, f"/v1/jobs/{job}/events"))[-1]


@pytest.fixture(scope="module")
def analyzer() -> Iterator[TurnAnalyzer]:
    with TurnAnalyzer() as found:
        yield found


@pytest.fixture
def speech() -> bytes:
    """Two seconds that are short to analyse."""
    return wav(bytes(64_000))


@pytest.mark.slow
def test_a_file_from_sending_to_deletion(tmp_path: Path, speech: bytes) -> None:
    with serving(tmp_path, (ANN, BOB)) as served:
        sent = send(served.client, speech)
        assert sent.status_code == 202, sent.text
        job = sent.json()["id"]
        assert sent.json()["name"] == "a film.wav"
        with client_of(served.port, BOB) as bob:
            for method, path in (
                ("GET", ""),
                ("GET", "/events"),
                ("GET", "/result"),
                ("POST", "/cancel"),
                ("DELETE", ""),
            ):
                problem(bob.request(method, f"/v1/jobs/{job}{path}"), 404, "not_found")
            assert bob.get("/v1/jobs").json() == {"jobs": []}
        problem(served.client.get(f"/v1/jobs/{job}/result"), 409, "clash")
        last = ended(served.client, job)
        assert last["state"] == "done", last
        assert {stage["name"] for stage in last["stages"]} >= {"probe", "hear", "judge"}
        trace = Trace.model_validate_json(served.client.get(f"/v1/jobs/{job}/result").content)
        assert [utterance.text for utterance in trace.utterances] == ["I won, this is wonderful!"]
        assert {item.modality for item in trace.evidence} == {"text"}, "only that was agreed to"
        assert list(tmp_path.glob("jobs/*/out/work"))
        assert not list(tmp_path.glob("jobs/*/out/work/voices.json")), "nobody is told apart by voice"
        report = served.client.get(f"/v1/jobs/{job}/report")
        assert report.text.startswith("<!doctype html>")
        assert "script-src 'sha256-" in report.headers["content-security-policy"]
        assert str(tmp_path) not in report.text
        assert served.client.get(f"/v1/jobs/{job}/media/..%2ftrace.json").status_code == 404
        problem(served.client.get(f"/v1/jobs/{job}/media/u1.jpg"), 404, "not_found")
        problem(served.client.post(f"/v1/jobs/{job}/cancel"), 409, "clash")
        assert served.client.delete(f"/v1/jobs/{job}").status_code == 204
        problem(served.client.get(f"/v1/jobs/{job}"), 404, "not_found")
        assert list((tmp_path / "jobs").iterdir()) == []


@pytest.mark.slow
def test_a_file_that_is_none_fails_and_says_why(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        last = ended(served.client, send(served.client, b"this is no film").json()["id"])
        assert last["state"] == "failed"
        assert last["error"]["code"] == "bad_media"
        assert str(tmp_path) not in json.dumps(last)


@pytest.mark.slow
def test_one_at_a_time_the_next_server_goes_on_and_cancelling(tmp_path: Path, speech: bytes) -> None:
    with serving(tmp_path, jobs_waiting=1) as served:
        first, second = (send(served.client, speech).json() for _ in range(2))
        refused = send(served.client, speech)
        problem(refused, 429, "too_many")
        assert int(refused.headers["retry-after"]) >= 1
        assert served.client.get(f"/v1/jobs/{second['id']}").json()["state"] == "waiting"
    states = {job.id: job.state for job in JobFolders(tmp_path / "jobs").all()}
    assert len(states) == 2
    assert states[first["id"]] in ("running", "done")
    with serving(tmp_path) as served:
        running = _running(served)
        assert served.client.post(f"/v1/jobs/{second['id']}/cancel").json()["state"] == "cancelled"
        assert ended(served.client, first["id"])["state"] == "done"
        assert ended(served.client, second["id"])["state"] == "cancelled"
        problem(served.client.get(f"/v1/jobs/{second['id']}/report"), 409, "clash")
        assert not any(map(_alive, running))


def _running(served: Serving) -> list[int]:
    """The processes of the jobs that are under way, once there is one."""
    for _ in range(500):
        if found := [child.pid for child in served.server.jobs._children.values()]:
            return found
        time.sleep(0.01)
    raise AssertionError("no job was taken up")


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_what_goes_on_is_killed_when_it_is_deleted(tmp_path: Path, speech: bytes) -> None:
    with serving(tmp_path) as served:
        job = send(served.client, speech).json()["id"]
        running = _running(served)
        assert served.client.delete(f"/v1/jobs/{job}").status_code == 204
        assert not any(map(_alive, running))
        assert list((tmp_path / "jobs").iterdir()) == []


def test_only_its_user_may_read_what_was_sent(tmp_path: Path, speech: bytes, analyzer: TurnAnalyzer) -> None:
    with serving(tmp_path, (), analyzer) as served:
        job = send(served.client, speech, name="../../../etc/cron.d/x\u202egpj.wav").json()
        assert "/" not in job["name"]
        assert "\u202e" not in job["name"]
        folder = tmp_path / "jobs" / job["id"]
        assert folder.stat().st_mode & 0o077 == 0
        assert {file.name for file in (folder / "input").iterdir()} == {"clip.wav", "clip.srt"}
        served.client.delete(f"/v1/jobs/{job['id']}")


NOT_TAKEN: tuple[tuple[dict[str, str], int, str], ...] = (
    ({}, 403, "no_consent"), ({"consent": ""}, 403, "no_consent"), ({"consent": "{}"}, 403, "no_consent"),
    ({"consent": "yes"}, 422, "usage"), ({"consent": '{"smell": true}'}, 422, "usage"),
    ({"consent": '{"text": true}', "policy": "x"}, 422, "usage"),
    ({"consent": '{"text": true}', "context": "home"}, 422, "usage"),
    ({"consent": json.dumps(ALL), "context": "workplace"}, 403, "refused"),
)  # fmt: skip


def test_jobs_that_are_not_taken(tmp_path: Path, speech: bytes, analyzer: TurnAnalyzer) -> None:
    with serving(tmp_path, (), analyzer) as served:
        for fields, status, code in NOT_TAKEN:
            file = {"file": ("a.wav", speech)}
            problem(served.client.post("/v1/jobs", files=file, data=fields), status, code)
        text = {"file": ("a.wav", speech), "subtitles": ("a.exe", b"MZ")}
        problem(served.client.post("/v1/jobs", files=text, data={"consent": '{"text": true}'}), 422, "usage")
        problem(served.client.post("/v1/jobs", json={"url": "http://169.254.169.254/"}), 422, "usage")
        assert not list((tmp_path / "jobs").glob("*"))
        assert served.client.get("/v1/jobs").json() == {"jobs": []}


def test_a_job_that_cannot_be_begun_does_not_stop_the_others(
    tmp_path: Path, speech: bytes, analyzer: TurnAnalyzer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path, (), analyzer) as served:
        monkeypatch.setenv("EMOAGENT_MAX_HOURS", "x")
        for _ in range(2):
            last = ended(served.client, send(served.client, speech).json()["id"])
            assert (last["state"], last["error"]["code"]) == ("failed", "usage")


def test_names_become_no_paths(tmp_path: Path) -> None:
    assert plain_name("..\\..\\a\nb.mp4") != "..\\..\\a\nb.mp4"
    assert plain_name(None) == "file"
    assert [suffix(name) for name in ("a.MP4", "a.srt", "a.m p", "a", "a.tar.averylongone")] == [".mp4", "", "", "", ""]
    with pytest.raises(UsageError):
        subtitle_suffix("a.exe")
    for name in ("..", "../x", "", "0" * 31, "0" * 32 + "\n", "A" * 32):
        with pytest.raises(NotFound):
            JobFolders(tmp_path).place(name)
