"""Turns and sessions over real HTTP: words, sound and pictures in, the affect out; asked again, paged, deleted."""

from __future__ import annotations

import base64
import io
import json
import sqlite3
import time
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from conftest import SAMPLE
from documented import programs
from http_serving import ANN, BOB, Serving, client_of, problem, serving
from sounds import load

from emoagent.affect import AffectTurn, TurnRecord
from emoagent.bridges.http.turn_input import sound_file
from emoagent.tools.media.sound import Sound

HAPPY = "I won! I cannot believe it, this is wonderful!"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("served"), (ANN, BOB)) as found:
        yield found


@pytest.fixture(scope="module")
def pcm() -> bytes:
    """Two seconds of somebody speaking, 16-bit at 16 kHz."""
    return (load(SAMPLE)[16_000:48_000] * 32767).astype("<i2").tobytes()


@pytest.fixture(scope="module")
def pictures() -> list[bytes]:
    """Frames of the sample as JPEG files, five a second."""
    import av
    import cv2

    frames = list[bytes]()
    with av.open(str(SAMPLE)) as clip:
        for frame in clip.decode(video=0):
            if frame.time > 1.2:
                return frames[::5]
            image = frame.to_ndarray(format="bgr24", width=320, height=180)
            frames.append(cv2.imencode(".jpg", image)[1].tobytes())
    raise AssertionError("the sample is longer")


def wav(samples: bytes, rate: int = 16_000) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(samples)
    return target.getvalue()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_words_get_a_label_and_everything_else_abstains(served: Serving) -> None:
    affect = AffectTurn.model_validate_json(served.turn(served.session(), HAPPY).content)
    assert affect.label == "joy"
    assert {vote.modality: vote.reason for vote in affect.votes if vote.abstained} == {
        "voice": "not given", "face": "not given",
    }  # fmt: skip
    assert affect.evidence
    assert 0 < len(affect.explanation) <= 240


def test_over_http_as_in_python(served: Serving, pcm: bytes) -> None:
    told = served.turn(served.session(), HAPPY, audio={"data": b64(wav(pcm))}, deadline=10).json()
    session = served.server.analyzer.open()
    own = session.turn(HAPPY, Sound(np.frombuffer(pcm, "<i2").astype(np.int16), 16_000), deadline=10)
    for field in ("label", "distribution", "confidence", "valence", "arousal", "votes", "explanation", "models"):
        assert told[field] == own.model_dump(mode="json")[field], field


def test_sound_raw_in_a_file_and_in_a_form_is_the_same(served: Serving, pcm: bytes) -> None:
    raw = {"data": b64(pcm), "rate": 16_000}
    answers = [served.turn(served.session(), "Hello.", audio=raw, deadline=10),
               served.turn(served.session(), "Hello.", audio={"data": b64(wav(pcm))}, deadline=10),
               _uploaded(served, {}, [("audio", ("a.wav", wav(pcm)))]),
               _uploaded(served, {"rate": "16000"}, [("audio", ("a.pcm", pcm))])]  # fmt: skip
    votes = [next(vote for vote in answer.json()["votes"] if vote["modality"] == "voice") for answer in answers]
    assert votes[0]["quality"] > 0
    assert votes[1:] == votes[:1] * 3


def _uploaded(served: Serving, fields: dict[str, str], files: list[tuple[str, tuple[str, bytes]]]) -> httpx.Response:
    given = json.dumps({"session": served.session(), "text": "Hello.", "deadline": 10})
    return served.client.post("/v1/turns/upload", data={"given": given, **fields}, files=files)


def test_a_compressed_file_is_decoded_by_the_child(served: Serving) -> None:
    answer = served.turn(served.session(), "Hello.", audio={"data": b64(SAMPLE.read_bytes())}, deadline=10)
    assert answer.status_code == 200, answer.text
    assert "voice" not in answer.json()["latency"]["late"]


def test_pictures_in_json_and_in_a_form(served: Serving, pictures: list[bytes]) -> None:
    frames = [{"time": place / 5, "data": b64(data)} for place, data in enumerate(pictures)]
    told = served.turn(served.session(), "Hello.", frames=frames[::-1], deadline=10)
    times = ",".join(str(frame["time"]) for frame in frames)
    sent = _uploaded(
        served, {"times": times}, [("frames", (f"{place}.jpg", data)) for place, data in enumerate(pictures)]
    )
    for answer in (told, sent):
        assert answer.status_code == 200, answer.text
        face = next(vote for vote in answer.json()["votes"] if vote["modality"] == "face")
        assert face["reason"] != "not given"


def test_the_same_id_again_gives_the_same_turn(served: Serving) -> None:
    session = served.session()
    first = served.turn(session, HAPPY, turn_id="once")
    with ThreadPoolExecutor(4) as threads:
        again = list(threads.map(lambda _: served.turn(session, HAPPY, turn_id="once"), range(4)))
    assert {answer.text for answer in again} == {first.text}
    assert served.client.get(f"/v1/sessions/{session}").json()["turns"] == 1


def test_what_was_not_agreed_to_is_refused_and_not_even_decoded(served: Serving, pcm: bytes) -> None:
    session = served.session(text=True)
    problem(served.turn(session, audio={"data": b64(b"no sound at all")}), 403, "no_consent")
    found = problem(served.turn(session, "Hi.", frames=[{"time": 0, "data": b64(b"x")}]), 403, "no_consent")
    assert "consent" in found["hint"]
    agreed = served.client.put(f"/v1/sessions/{session}/consent", json={"text": True, "voice": True})
    assert agreed.json()["consent"]["voice"] is True
    assert agreed.json()["consent"]["given"]
    assert served.turn(session, "Hi.", audio={"data": b64(wav(pcm))}).status_code == 200


@pytest.mark.parametrize(("told", "status", "code"), [
    ({}, 403, "no_consent"), ({"consent": None}, 403, "no_consent"), ({"consent": {}}, 403, "no_consent"),
    ({"consent": {"text": False}}, 403, "no_consent"), ({"consent": {"smell": True}}, 422, "usage"),
    ({"consent": {"text": True}, "id": "../x"}, 422, "usage"), ({"consent": {"text": True}, "owner": 1}, 422, "usage"),
    ({"consent": {"text": True}, "keep_days": -1}, 422, "usage"),
    ({"consent": {"text": True, "given": "0001-01-01T00:00:00+14:00"}}, 422, "usage"),
])  # fmt: skip
def test_a_session_needs_consent_and_a_sound_request(served: Serving, told: object, status: int, code: str) -> None:
    found = problem(served.client.post("/v1/sessions", json=told), status, code)
    assert code == "usage" or '"consent"' in found["hint"]


@pytest.mark.parametrize("told", [
    {}, {"text": ""}, {"text": "  "}, {"text": "a" * 4001}, {"text": "a\x00b"}, {"text": "x", "person": "a\nb"},
    {"text": "x", "deadline": 0}, {"text": "x", "deadline": 1e9}, {"text": "x", "turn_id": "../../etc"},
    {"text": "x", "url": "http://169.254.169.254/"}, {"text": ["x"]}, {"text": "x", "audio": {"data": "!!"}},
    {"audio": {"data": ""}}, {"audio": {"data": b64(b"RIFF" + bytes(60))}},
    {"audio": {"data": b64(b"abc"), "rate": 8000}},
    {"audio": {"data": b64(b"#EXTM3U\nhttp://169.254.169.254/x.ts\n")}},
    {"audio": {"data": b64(bytes(8)), "rate": 1}},
    {"frames": [{"time": 0, "data": b64(b"\xff\xd8\xff\xe0 broken")}]}, {"frames": [{"time": -1, "data": ""}]},
    {"frames": [{"time": 0, "data": b64(b'<svg xmlns="http://www.w3.org/2000/svg"/>')}]},
])  # fmt: skip
def test_turns_that_make_no_sense(served: Serving, told: dict[str, object]) -> None:
    session = served.session()
    answer = served.client.post("/v1/turns", json={"session": session, **told})
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] in ("usage", "bad_media")
    assert served.client.get(f"/v1/sessions/{session}").json()["turns"] == 0


def test_what_was_sent_is_not_repeated_in_errors(served: Serving) -> None:
    secret = "what only Ann may know"
    for told in ({"text": [secret]}, {"text": "x", "person": secret}, {"text": "x", "deadline": secret}):
        assert secret not in served.client.post("/v1/turns", json={"session": "a", **told}).text


def test_the_timeline_page_by_page_a_record_and_the_reasons(served: Serving) -> None:
    session = served.session()
    for text in ("I lost my keys.", HAPPY, "Oh no, that is terrible."):
        assert served.turn(session, text).status_code == 200
    assert served.client.post(f"/v1/sessions/{session}/replies", json={"text": "I see."}).status_code == 204
    first = served.client.get(f"/v1/sessions/{session}/turns", params={"limit": 2}).json()
    assert [turn["turn"] for turn in first["turns"]] == [1, 2]
    rest = served.client.get(f"/v1/sessions/{session}/turns", params={"limit": 2, "after": first["next"]}).json()
    assert [turn["turn"] for turn in rest["turns"]] == [3]
    assert rest["next"] is None
    record = TurnRecord.model_validate_json(served.client.get(f"/v1/sessions/{session}/turns/2").content)
    assert record.affect == AffectTurn.model_validate(first["turns"][1])
    why = served.client.get(f"/v1/sessions/{session}/turns/2/explanation").json()
    assert {item["id"] for claim in why["claims"] for item in claim["evidence"]} >= set(record.affect.evidence)
    problem(served.client.get(f"/v1/sessions/{session}/turns/4"), 404, "not_found")


def test_nobody_else_sees_changes_or_deletes_it(served: Serving) -> None:
    session = served.session()
    served.turn(session, HAPPY)
    with client_of(served.port, BOB) as bob:
        path = f"/v1/sessions/{session}"
        asked = [bob.get(path), bob.get(f"{path}/turns"), bob.get(f"{path}/turns/1"), bob.delete(path),
                 bob.get(f"{path}/turns/1/explanation"), bob.put(f"{path}/consent", json={"text": True}),
                 bob.post(f"{path}/replies", json={"text": "x"}),
                 bob.post("/v1/turns", json={"session": session, "text": "x"})]  # fmt: skip
        for answer in asked:
            problem(answer, 404, "not_found")
        assert session not in bob.get("/v1/sessions").text
    assert session in served.client.get("/v1/sessions").text
    assert served.client.get(f"/v1/sessions/{session}").json()["turns"] == 1


def test_deleted_is_gone_from_the_file(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        session = served.session("to-be-forgotten")
        served.turn(session, "My secret is the word rhododendron.")
        assert served.client.delete(f"/v1/sessions/{session}").status_code == 204
        problem(served.client.get(f"/v1/sessions/{session}"), 404, "not_found")
        problem(served.client.delete(f"/v1/sessions/{session}"), 404, "not_found")
        kept = [file.read_bytes() for file in tmp_path.rglob("*.sqlite*")]
        assert kept
        assert not any(b"rhododendron" in data or b"to-be-forgotten" in data for data in kept)


def test_a_turn_that_was_answered_is_there_for_the_next_server(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        told = served.turn(served.session("kept"), HAPPY).json()
    with serving(tmp_path) as served:
        assert served.client.get("/v1/sessions/kept/turns").json()["turns"] == [told]
    (file,) = tmp_path.glob("*.sqlite")
    assert file.stat().st_mode & 0o077 == 0
    sqlite3.connect(file).close()


def test_other_requests_are_answered_while_a_turn_is_analysed(served: Serving, pcm: bytes) -> None:
    """The longest sound that is taken, and the health of the server meanwhile."""
    session = served.session()
    long = {"data": b64(pcm * 30), "rate": 16_000}
    with ThreadPoolExecutor(1) as thread:
        turn = thread.submit(served.turn, session, "Hello.", audio=long, deadline=10)
        answered = 0
        while not turn.done():
            assert served.client.get("/health").status_code == 200
            answered += 1
            time.sleep(0.01)
        assert turn.result().status_code == 200
    assert answered > 3


@pytest.mark.parametrize("program", [0, 1, pytest.param(2, marks=pytest.mark.slow)])
def test_the_programs_of_the_page(served: Serving, program: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(programs("integrations/http.md")) == 3
    monkeypatch.setenv("EMOAGENT_URL", f"http://127.0.0.1:{served.port}")
    monkeypatch.setenv("EMOAGENT_KEY", ANN)
    monkeypatch.chdir(SAMPLE.parents[1])
    exec(compile(programs("integrations/http.md")[program], "http.md", "exec"), {"__name__": "__main__"})


def test_of_a_long_file_no_more_is_decoded_than_is_used() -> None:
    """A minute and a half of silence in some kilobytes."""
    import av

    target = io.BytesIO()
    with av.open(target, "w", format="ogg") as file:
        stream = file.add_stream("libopus", rate=48_000, layout="mono")
        for _ in range(90):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 48_000), np.int16), format="s16", layout="mono")
            frame.sample_rate = 48_000
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    data = target.getvalue()
    assert len(data) < 1 << 20
    assert 60 <= sound_file(data).seconds <= 63
