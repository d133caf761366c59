"""The real client of the protocol, the real server, and behind it a little model's server that does as it is told."""

from __future__ import annotations

import base64
import io
import json
import time
import wave
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import openai
import pytest
from chat_server import Raw, serving
from chat_server import Server as Model
from conftest import SAMPLE
from documented import programs
from http_serving import ANN, Serving, problem
from http_serving import serving as site_of
from sounds import load

from emoagent import TurnAnalyzer
from emoagent.affect import Consent

THEIRS, COMPLETIONS = "secret-of-the-model", "/v1/chat/completions"
HAPPY: list[dict[str, Any]] = [{"role": "user", "content": "Oh my God, I'm so happy!"}]
STREAM = {"Content-Type": "text/event-stream"}
EVENTS = (
    b'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":'
    b'{"role":"assistant","content":"Good "}}]}\n\ndata: {"id":"c1","object":"chat.completion.chunk","created":1,'
    b'"model":"m","choices":[{"index":0,"delta":{"content":"news!"},"finish_reason":"stop"}]}\n\n'
)
END = b"data: [DONE]\n\n"


@pytest.fixture(scope="module")
def analyzer() -> Iterator[TurnAnalyzer]:
    with TurnAnalyzer(deadline=30.0) as analyzer:
        yield analyzer


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    with serving() as model:
        yield model


CLIENTS: list[openai.OpenAI] = []


@pytest.fixture(autouse=True)
def _fresh(model: Model) -> Iterator[None]:
    for kept in (model.replies, model.asked, model.bodies, model.keys):
        kept.clear()
    yield
    while CLIENTS:
        CLIENTS.pop().close()


@pytest.fixture(scope="module")
def site(analyzer: TurnAnalyzer, model: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    told = {"upstream_url": model.url, "upstream_key": THEIRS, "upstream_timeout": 60.0}
    with site_of(tmp_path_factory.mktemp("data"), (ANN,), analyzer, **told) as site:
        yield site


def client(site: Serving, session: str | None = None, **more: Any) -> openai.OpenAI:
    """The real one. It would ask again by itself."""
    headers = {"X-Emoagent-Session": session} if session else {}
    made: dict[str, Any] = {"api_key": ANN, "max_retries": 0} | more
    CLIENTS.append(openai.OpenAI(base_url=f"http://127.0.0.1:{site.port}/v1", default_headers=headers, **made))
    return CLIENTS[-1]


def ask(made: openai.OpenAI, messages: list[dict[str, Any]] = HAPPY, **more: Any) -> Any:
    """The answer, with fields that the client's types do not know."""
    create: Any = made.chat.completions.create
    return create(model="m", messages=messages, **more)


def test_the_answer_comes_with_the_affect_of_the_turn(site: Serving, model: Model) -> None:
    model.replies += ["Good news!"]
    session = site.session(text=True)
    answer = ask(client(site, session))
    assert answer.choices[0].message.content == "Good news!"
    assert (answer.affect["label"], answer.affect["session"], answer.affect["turn"]) == ("joy", session, 1)
    assert answer.affect_error is None
    assert [vote["reason"] for vote in answer.affect["votes"]] == [None, "no consent", "no consent"]


def test_the_model_is_sent_what_the_caller_sent_byte_for_byte_with_another_key(site: Serving, model: Model) -> None:
    model.replies += ["ok"]
    body = (
        b'{ "model":"m","messages":[ {"role":"user","content":"h\\u00e4h?"}],"x_unknown":[1.0, {}],"temperature":0.20}'
    )
    answer = site.client.post(COMPLETIONS, content=body, headers={"Content-Type": "application/json"}).json()
    assert model.bodies == [body]
    assert model.keys == [f"Bearer {THEIRS}"]
    assert answer["affect"] is None
    assert answer["affect_error"]["code"] == "no_consent"


def test_what_is_for_us_in_the_metadata_stays_here(site: Serving, model: Model) -> None:
    model.replies += ["ok", "ok"]
    session, made = site.session(text=True), client(site)
    ours = {"emoagent_session": session, "emoagent_turn": "mine", "emoagent_deadline": "9.5"}
    affect = ask(made, metadata=ours).affect
    assert (affect["turn_id"], affect["latency"]["deadline"]) == ("mine", 9500)
    assert ask(made, metadata={**ours, "theirs": "x"}).affect["turn"] == 1
    assert [asked.get("metadata") for asked in model.asked] == [None, {"theirs": "x"}]
    assert [asked["messages"] for asked in model.asked] == [HAPPY, HAPPY]


def test_a_stream_passes_unchanged_with_one_more_event(site: Serving, model: Model) -> None:
    session = site.session(text=True)
    model.replies += [Raw(body=EVENTS + END, headers=STREAM)] * 2
    chunks = list(ask(client(site, session), stream=True))
    said = "".join(chunk.choices[0].delta.content for chunk in chunks if chunk.choices)
    assert said == "Good news!"
    assert [chunk.choices for chunk in chunks[2:]] == [[]]
    assert chunks[-1].affect["label"] == "joy"
    assert chunks[-1].id == "c1"
    body = {"model": "m", "messages": HAPPY, "stream": True}
    raw = site.client.post(COMPLETIONS, json=body, headers={"X-Emoagent-Session": session})
    assert raw.headers["content-type"].startswith("text/event-stream")
    assert raw.content.startswith(EVENTS)
    assert raw.content.endswith(END)
    assert raw.content[len(EVENTS) : -len(END)].count(b"data:") == 1


def test_asking_again_is_the_same_turn_and_what_was_answered_is_remembered(
    site: Serving, model: Model, analyzer: TurnAnalyzer
) -> None:
    model.replies += ["Really? Tell me.", "And now?", "Oh."]
    session = site.session(text=True)
    made = client(site, session)
    assert [ask(made).affect["turn"] for _ in range(2)] == [1, 1]
    more = [*HAPPY, {"role": "assistant", "content": "And now?"}, {"role": "user", "content": "I hate you."}]
    affect = ask(made, more).affect
    assert (affect["turn"], affect["label"], affect["trend"]["before"]) == (2, "anger", "joy")
    owner = site.server.keys.caller(ANN).owner
    assert [turn.turn for turn in analyzer.get(session, owner).timeline()] == [1, 2]


def test_answers_at_the_same_time_each_have_the_affect_of_their_own_turn(site: Serving, model: Model) -> None:
    model.says = lambda asked: Raw(body=EVENTS + END, headers=STREAM) if asked.get("stream") else "ok"
    said = {"joy": "Oh my God, I'm so happy!", "anger": "I hate you. Leave me alone!", "sadness": "I am so sad."}

    def label(expected: str, stream: bool) -> tuple[str, str, bool]:
        session = site.session(text=True)
        answer = ask(client(site, session), [{"role": "user", "content": said[expected]}], stream=stream)
        affect = (list(answer)[-1] if stream else answer).affect
        return expected, affect["label"], affect["session"] == session

    try:
        with ThreadPoolExecutor(6) as threads:
            found = list(threads.map(label, [*said] * 4, [False, True] * 6))
    finally:
        model.says = None
    assert all(expected == told and own for expected, told, own in found)


def test_the_result_of_a_tool_is_no_turn_of_the_user(site: Serving, model: Model) -> None:
    model.replies += ["It is raining."]
    call = {"id": "t1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    tool: list[dict[str, Any]] = [
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "t1", "content": "rain"},
    ]
    answer = ask(client(site, site.session(text=True)), [*HAPPY, *tool])
    assert (answer.affect, answer.affect_error) == (None, None)


def test_sound_and_pictures_are_analysed_as_far_as_the_person_agreed(site: Serving, model: Model) -> None:
    model.replies += ["ok"] * 4
    attached = [{"role": "user", "content": [{"type": "text", "text": "Look at this."}, spoken(), picture()]}]
    heard = ask(client(site, site.session(text=True, voice=True)), attached).affect
    assert [vote["modality"] for vote in heard["votes"] if vote["label"]] == ["text", "voice"]
    assert heard["votes"][2]["reason"] == "no consent"
    unseen = ask(client(site, site.session(text=True, face=True)), attached).affect
    assert unseen["votes"][2]["reason"] == "not given"  # nobody says that the picture shows the user
    words = ask(client(site, site.session(text=True)), attached).affect
    assert [vote["reason"] for vote in words["votes"]] == [None, "no consent", "no consent"]
    assert model.asked[0]["messages"] == attached
    silent = ask(client(site, site.session(face=True)))
    assert (silent.affect, silent.affect_error["code"]) == (None, "no_consent")


@pytest.mark.slow
def test_a_picture_is_looked_at(site: Serving, model: Model) -> None:
    model.replies += ["ok"]
    made, shown = client(site, site.session(face=True)), [{"role": "user", "content": [picture()]}]
    affect = ask(made, shown, extra_headers={"X-Emoagent-Camera": "true"}).affect
    assert not {"not given", "no consent", "late"} & {affect["votes"][2]["reason"]}


BROKEN = {
    "base64": {"type": "input_audio", "input_audio": {"data": "###", "format": "wav"}},
    "no-sound": {"type": "input_audio", "input_audio": {"data": base64.b64encode(b"RIFF?").decode(), "format": "wav"}},
    "no-picture": {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}},
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_trouble_with_the_affect_does_not_keep_the_answer(site: Serving, model: Model, name: str) -> None:
    model.replies += ["ok"]
    session = site.session(text=True, voice=True, face=True)
    message = {"role": "user", "content": [BROKEN[name]]}
    answer = ask(client(site, session), [message], metadata={"emoagent_camera": "true"})
    assert answer.choices[0].message.content == "ok"
    assert answer.affect is None
    assert answer.affect_error["code"] == "bad_media"


def test_nothing_is_fetched_and_what_is_odd_is_none_of_ours(site: Serving, model: Model) -> None:
    odd: list[Any] = [{"type": "image_url", "image_url": {"url": f"{model.url}/face.png"}}, {"type": "file"}, 7, None]
    model.replies += ["ok", "ok"]
    made = client(site, site.session(text=True, face=True))
    assert ask(made, [{"role": "user", "content": odd}]).affect_error["code"] == "usage"
    assert ask(made, [{"role": "user", "content": [*odd, {"type": "text", "text": "Great!"}]}]).affect["turn"] == 1
    assert model.now == 0
    assert len(model.keys) == 2


def test_however_deep_a_request_is_it_is_no_fault_of_ours(site: Serving, model: Model) -> None:
    """A parser's limit and a writer's limit lie a few levels apart, each depending on who calls it."""
    model.says = lambda asked: "ok"
    told = f'"metadata":{{"emoagent_session":"{site.session(text=True)}"}}'
    try:
        for depth in (*range(900, 1000, 5), 100_000):
            body = f'{{"messages":[{{"role":"user","content":{"[" * depth}{"]" * depth}}}],{told}}}'
            answer = site.client.post(COMPLETIONS, content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code in (200, 400, 422), depth
    finally:
        model.says = None


def test_a_session_that_is_not_the_callers_does_not_exist(site: Serving, model: Model, analyzer: TurnAnalyzer) -> None:
    analyzer.open("somebody", owner="else", consent=Consent(text=True))
    model.replies += ["ok"] * 7
    found = [ask(client(site, name)).affect_error["code"] for name in ("somebody", "nobody")]
    assert found == ["not_found", "not_found"]
    assert ask(client(site), metadata={"emoagent_session": "../x"}).affect_error["code"] == "usage"
    for wrong in ("soon", "nan", "-1", "11"):
        asked = ask(client(site, site.session()), extra_headers={"X-Emoagent-Deadline": wrong})
        assert asked.affect_error["where"] == "emoagent_deadline"
    assert not analyzer.get("somebody", "else").timeline()


REFUSALS = {
    "question": (400, openai.BadRequestError), "model": (404, openai.NotFoundError),
    "haste": (429, openai.RateLimitError), "key": (401, openai.InternalServerError),
    "crash": (500, openai.InternalServerError), "moved": (302, openai.InternalServerError),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(REFUSALS))
def test_what_the_models_server_refuses_is_told(site: Serving, model: Model, name: str) -> None:
    status, kind = REFUSALS[name]
    body = json.dumps({"error": {"message": f"no: {THEIRS}", "code": "their_code"}}).encode()
    model.replies += [Raw(status, body, {"Retry-After": "7"})] * 2
    for stream in (False, True):
        with pytest.raises(kind) as caught:
            ask(client(site), stream=stream)
        answer = caught.value.response
        assert answer.status_code == (status if status in (400, 404, 429) else 502)
        assert {"code", "message", "hint", "where", "error"} == answer.json().keys()
        assert THEIRS not in answer.text
        assert (answer.json()["error"]["code"] == "their_code") is (status in (400, 404, 429))
        assert answer.headers.get("retry-after") == ("7" if status == 429 else None)
    assert site.server.turns.now == 0


def test_what_is_too_slow_or_no_answer_is_told(
    site: Serving, model: Model, analyzer: TurnAnalyzer, tmp_path: Path
) -> None:
    model.replies += [Raw(body=b"{}", after=1.0), Raw(body=b"<html>"), Raw(body=EVENTS, cut=True)]
    with site_of(tmp_path, (), analyzer, upstream_url=model.url, upstream_timeout=0.1) as hasty:
        found = []
        for asked in (hasty, site, site):
            with pytest.raises(openai.InternalServerError) as caught:
                ask(client(asked))
            found.append((caught.value.response.status_code, caught.value.response.json()["code"]))
    assert found == [(504, "upstream"), (502, "upstream"), (502, "upstream")]


def test_a_stream_that_breaks_off_says_so_and_one_that_nobody_reads_is_given_up(
    analyzer: TurnAnalyzer, model: Model, tmp_path: Path
) -> None:
    """There is one place, so that each of them must have given it back."""
    model.replies += [Raw(body=EVENTS * 50, headers=STREAM, cut=True), Raw(body=EVENTS * 50_000, headers=STREAM), "ok"]
    with site_of(tmp_path, (), analyzer, upstream_url=model.url, upstream_at_once=1) as narrow:
        with pytest.raises(openai.APIError, match="does not answer"):
            list(ask(client(narrow), stream=True))
        with ask(client(narrow), stream=True) as stream:
            next(iter(stream))
            with pytest.raises(openai.RateLimitError):
                ask(client(narrow))
        assert until(lambda: ask(client(narrow))).choices[0].message.content == "ok"


def test_no_server_is_told_without_a_model_and_with_one_that_is_gone(analyzer: TurnAnalyzer, tmp_path: Path) -> None:
    with site_of(tmp_path, (), analyzer) as alone:
        session = alone.session(text=True)
        assert [listed.id for listed in client(alone).models.list()] == ["emoagent-embedded"]
        whole, chunks = ask(client(alone, session)), list(ask(client(alone, session), stream=True))
        assert whole.choices[0].message.content.startswith("To me that expresses joy")
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices).startswith("To me that expresses")
        assert (whole.affect["label"], chunks[-1].affect["turn"]) == ("joy", 1)
        assert ask(client(alone)).choices[0].message.content.startswith("No session is named")
    with site_of(tmp_path, (), analyzer, upstream_url="http://127.0.0.1:9/v1") as gone:
        for call in (lambda: ask(client(gone)), lambda: client(gone).models.list()):
            with pytest.raises(openai.InternalServerError) as caught:
                call()
            assert caught.value.response.status_code == 502


def test_the_models_are_those_of_the_models_server(site: Serving, model: Model) -> None:
    model.listing = Raw(body=b'{"object": "list", "data": [{"id": "m", "object": "model", "created": 1}]}')
    assert [listed.id for listed in client(site).models.list()] == ["m"]


def test_the_model_is_told_of_the_affect_only_where_that_is_set(
    analyzer: TurnAnalyzer, model: Model, tmp_path: Path
) -> None:
    rules = {"role": "system", "content": "Be brief."}
    with site_of(tmp_path, (), analyzer, upstream_url=model.url, upstream_note=True) as noting:
        model.replies += ["ok", "ok"]
        ask(client(noting, noting.session(text=True)), [rules, *HAPPY])
        ask(client(noting), [rules, *HAPPY])
    first, note, last = model.asked[0]["messages"]
    assert (first, last) == (rules, HAPPY[0])
    assert note["role"] == "system"
    assert "Expressed emotion: joy" in note["content"]
    assert HAPPY[0]["content"] not in note["content"]
    assert model.asked[1]["messages"] == [rules, *HAPPY]


def test_a_key_is_needed(site: Serving, model: Model) -> None:
    with pytest.raises(openai.AuthenticationError):
        client(site, api_key="wrong" * 6).models.list()
    problem(httpx.post(f"http://127.0.0.1:{site.port}{COMPLETIONS}", json={"messages": HAPPY}), 401, "unauthorized")
    assert not model.asked


@pytest.mark.parametrize("program", range(len(programs("integrations/openai.md"))))
def test_the_programs_of_the_page(
    site: Serving, model: Model, program: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model.replies += ["Congratulations!", Raw(body=EVENTS + END, headers=STREAM)]
    monkeypatch.setenv("EMOAGENT_URL", f"http://127.0.0.1:{site.port}")
    monkeypatch.setenv("EMOAGENT_KEY", ANN)
    monkeypatch.chdir(SAMPLE.parents[1])
    exec(compile(programs("integrations/openai.md")[program], "openai.md", "exec"), {"__name__": "__main__"})
    told = capsys.readouterr().out
    assert all(part in told for part in (("Congratulations!\njoy", "sadness, before: joy"), ("voice",))[program])


def spoken() -> dict[str, Any]:
    """Three seconds of talk."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes((load(SAMPLE)[: 3 * 16_000] * 32767).astype(np.int16).tobytes())
    return {"type": "input_audio", "input_audio": {"data": base64.b64encode(file.getvalue()).decode(), "format": "wav"}}


def picture() -> dict[str, Any]:
    """A frame of the sample."""
    import av

    with av.open(str(SAMPLE)) as media:
        frame = next(media.decode(video=0)).to_ndarray(format="bgr24")
    import cv2

    coded = base64.b64encode(cv2.imencode(".jpg", frame)[1].tobytes()).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{coded}"}}


def until(asked: Callable[[], Any]) -> Any:
    """The answer once there is a place for it, within a minute."""
    end = time.monotonic() + 60
    while True:
        try:
            return asked()
        except openai.RateLimitError:
            assert time.monotonic() < end
            time.sleep(0.05)
