"""The client of an OpenAI-compatible server, against a real little server that misbehaves."""

from __future__ import annotations

import json
import threading
import time
from base64 import b64decode
from collections.abc import Iterator
from email.utils import formatdate
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from chat_server import Raw, Server, message, serving

from emoagent.errors import BackendUnreachable, UsageError
from emoagent.tools import progress
from emoagent.tools.language.chat_completion import PATIENCE, ChatServer
from emoagent.tools.language.chat_line import LARGEST, is_loopback
from emoagent.tools.language.generation import Answer, Message, Picture, Question, Unanswered, ask
from emoagent.tools.language.in_flight import AHEAD
from emoagent.tools.language.journal import Journal, Remembering

SCHEMA = {"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"], "additionalProperties": False}
SLOWLY = 2.0  # seconds


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as found:
        yield found


def client(server: Server, **more: Any) -> ChatServer:
    return ChatServer("tiny", server.url, **{"timeout": 5.0, "at_once": 4, "tries": 3, "pause": 0.01} | more)


def question(number: int, schema: dict[str, Any] | None = None, *more: str | Picture) -> Question:
    parts = (f"number {number}", *more)
    return Question(f"u{number}.judge", "judge", (Message("system", ("Count.",)), Message("user", parts)), schema)


def questions(count: int) -> list[Question]:
    return [question(number) for number in range(count)]


def number_in(request: dict[str, Any]) -> int:
    return int(request["messages"][-1]["content"].split()[1])


def echo(request: dict[str, Any]) -> str:
    return str(number_in(request))


def test_what_is_sent(server: Server) -> None:
    server.replies = ['{"n": 1}']
    asked = question(1, SCHEMA, Picture(b"\xff\xd8jpeg", "media/x.jpg"))
    answer = ask(client(server, key="hush"), asked)
    assert answer == Answer('{"n": 1}', "stop", 11, 3)
    sent = server.asked[0]
    assert (sent["path"], sent["model"], sent["temperature"], sent["seed"]) == ("/v1/chat/completions", "tiny", 0, 7)
    assert sent["max_tokens"] == 512
    assert sent["messages"][0] == {"role": "system", "content": "Count."}
    text, picture = sent["messages"][1]["content"]
    assert text == {"type": "text", "text": "number 1"}
    assert b64decode(picture["image_url"]["url"].removeprefix("data:image/jpeg;base64,")) == b"\xff\xd8jpeg"
    form = sent["response_format"]
    assert (form["type"], form["json_schema"]["schema"], form["json_schema"]["strict"]) == ("json_schema", SCHEMA, True)
    assert server.keys == ["Bearer hush"]


def test_replies_keep_the_order_and_done_is_told_as_each_comes(server: Server) -> None:
    told, last = list[str](), threading.Event()

    def done(asked: Question, answer: Answer) -> None:
        told.append(asked.id)
        if len(told) == 5:
            last.set()

    server.says = lambda request: Raw(body=message(echo(request)), until=None if number_in(request) else last)
    replies = list(client(server).answers(questions(6), done))
    assert [reply.text for reply in replies if isinstance(reply, Answer)] == [str(n) for n in range(6)]
    assert sorted(told) == sorted(q.id for q in questions(6))
    assert told[-1] == "u0.judge"


def test_no_more_are_under_way_than_allowed_and_all_of_them_are(server: Server) -> None:
    server.says = lambda request: Raw(body=message("x"), after=0.03)
    assert len(list(client(server, at_once=3).answers(questions(20)))) == 20
    assert server.most == 3


def test_questions_are_taken_only_when_there_is_room(server: Server) -> None:
    server.says = echo
    taken = list[int]()

    def source() -> Iterator[Question]:
        for number in range(100):
            taken.append(number)
            yield question(number)

    replies = client(server, at_once=2).answers(source())
    assert taken == []
    next(replies)
    time.sleep(0.1)
    assert len(taken) <= 2 * AHEAD
    assert len(server.asked) <= len(taken)
    replies.close()  # type: ignore[attr-defined]
    assert len(taken) < 100


def test_one_slow_answer_does_not_let_the_others_pile_up(server: Server) -> None:
    server.says = lambda request: Raw(body=message("x"), after=0.3 if number_in(request) == 0 else 0)
    replies = client(server, at_once=2).answers(questions(50))
    next(replies)
    assert len(server.asked) <= 2 * AHEAD
    assert len(list(replies)) == 49


def test_whoever_stops_asking_does_not_wait(server: Server) -> None:
    others, enough = threading.Event(), threading.Event()

    def says(request: dict[str, Any]) -> Raw:
        if number_in(request) == 0:
            return Raw(body=message("x"))
        others.set()
        return Raw(body=message("x"), until=enough)

    server.says = says
    replies = client(server).answers(questions(4))
    next(replies)
    assert others.wait(30)
    replies.close()  # type: ignore[attr-defined]
    assert server.now, "some are still under way"
    assert not [thread for thread in threading.enumerate() if thread.name == "in-flight"]
    enough.set()


def test_a_user_who_wants_to_stop_does_not_wait(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.says = lambda request: Raw(body=message("x"), after=0 if number_in(request) == 0 else SLOWLY)
    stopping = threading.Event()
    monkeypatch.setattr(progress, "_stopping", stopping)
    stopping_soon = threading.Timer(0.2, stopping.set)
    stopping_soon.start()
    with pytest.raises(KeyboardInterrupt):
        list(client(server).answers(questions(4), lambda q, a: progress.stop_if_asked()))
    stopping_soon.join()


def test_retries_after_failures_of_every_passing_kind(server: Server) -> None:
    for failure in (500, 503, 408, Raw(cut=True), Raw(body=message("12345"), cut=True), b"<html>", 529):
        server.asked.clear()
        server.replies = [failure, failure, "7"]
        assert ask(client(server), question(1)).text == "7"
        assert len(server.asked) == 3


def test_a_server_that_is_too_slow_is_asked_again(server: Server) -> None:
    server.replies = [None, "7"]
    assert ask(client(server, timeout=0.5), question(1)).text == "7"
    drip = Raw(body=message("x"), headers={"Content-Length": "4000"})
    server.replies = [drip, drip]
    with pytest.raises(Unanswered, match=r"within 0\.5 s"):
        ask(client(server, timeout=0.5, tries=2), question(1))


def test_the_pauses_grow(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: high)
    server.replies = [500, 500, 500, "7"]
    ask(client(server, tries=4, pause=0.05), question(1))
    pauses = [after - before for before, after in pairwise(server.times)]
    assert all(pause >= least for pause, least in zip(pauses, (0.05, 0.1, 0.2), strict=True)), "no pause is shorter"


@pytest.mark.parametrize("bad", [b"", b"\xff\xfe\xfa", b"[]", b'{"choices": []}', message(None), b"[" * 200_000])
def test_what_is_not_the_protocol_is_no_answer(server: Server, bad: bytes) -> None:
    server.replies = [bad, bad, "7"]
    replies = list(client(server, tries=2, at_once=1).answers(questions(2)))
    assert isinstance(replies[0], Unanswered)
    assert "cannot be read" in str(replies[0])
    assert isinstance(replies[1], Answer)


def test_an_answer_without_end_is_no_answer(server: Server) -> None:
    server.replies = [message("x" * LARGEST)]
    with pytest.raises(Unanswered, match=f"more than {LARGEST} bytes"):
        ask(client(server), question(1))
    assert len(server.asked) == 1


def test_odd_answers_are_still_answers(server: Server) -> None:
    server.replies = [message('"\ud800"'), message(None, finish_reason="length"), message("{", finish_reason="length")]
    answers = [ask(client(server), question(n)) for n in range(3)]
    assert [(a.text, a.finish) for a in answers] == [('"�"', "stop"), ("", "length"), ("{", "length")]
    server.replies = [b'{"choices": [{"message": {"content": "a"}}], "usage": {"prompt_tokens": "many"}}']
    assert ask(client(server), question(1)) == Answer("a")


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_question_that_is_refused_costs_no_other(server: Server, status: int) -> None:
    body = json.dumps({"error": {"message": "the context is 4096 tokens\nlong"}}).encode()
    server.says = lambda request: Raw(status, body) if number_in(request) == 1 else echo(request)
    replies = list(client(server).answers(questions(3)))
    assert isinstance(replies[1], Unanswered)
    assert "the context is 4096 tokens long" in str(replies[1])
    assert [isinstance(reply, Answer) for reply in replies] == [True, False, True]
    assert len(server.asked) == 3


@pytest.mark.parametrize("status", [401, 403, 404, 405, 307])
def test_a_server_that_refuses_us_ends_the_run_at_once(server: Server, status: int) -> None:
    server.says = lambda request: status
    with pytest.raises(BackendUnreachable, match=str(status)) as caught:
        list(client(server).answers(questions(30)))
    assert not isinstance(caught.value, Unanswered)
    assert len(server.asked) <= 4
    assert server.url not in caught.value.message
    assert (caught.value.where, caught.value.exit_status) == (server.url, 6)


def test_what_is_under_way_is_told_before_the_end(server: Server) -> None:
    server.says = lambda request: 404 if number_in(request) == 1 else Raw(body=message("x"), after=0.2)
    told = list[str]()
    with pytest.raises(BackendUnreachable):
        list(client(server).answers(questions(30), lambda q, a: told.append(q.id)))
    asked = {number_in(request) for request in server.asked}
    assert sorted(told) == sorted(f"u{number}.judge" for number in asked - {1})
    assert {0, 1, 2, 3} <= asked
    assert len(asked) < 30


def test_a_server_that_is_not_there_ends_the_run_at_once() -> None:
    began = time.monotonic()
    with pytest.raises(BackendUnreachable, match="does not answer") as caught:
        ask(ChatServer("m", "http://me:secret@127.0.0.1:9/v1", pause=60), question(1))
    assert time.monotonic() - began < 30, "it does not come again after a pause"
    assert caught.value.where == "http://127.0.0.1:9/v1"


def test_when_it_asks_for_quiet_all_are_quiet(server: Server) -> None:
    first = iter([Raw(429, headers={"Retry-After": "0.6"})])
    server.says = lambda request: next(first, None) or Raw(body=message(echo(request)), after=0.15)
    replies = list(client(server, at_once=2).answers(questions(6)))
    assert all(isinstance(reply, Answer) for reply in replies)
    refused, *others = server.times
    assert sum(moment - refused < 0.6 for moment in others) <= 2, "one under way, one sent before the refusal was read"
    assert len(server.asked) == 7


def test_retry_after_may_be_a_date(server: Server) -> None:
    moment = int(time.time() + 2)
    server.replies = [Raw(503, headers={"Retry-After": formatdate(moment, usegmt=True)}), "7"]
    ask(client(server), question(1))
    assert time.time() > moment - 0.05
    server.replies = [Raw(503, headers={"Retry-After": "soon"}), "8"]
    assert ask(client(server), question(1)).text == "8"


def test_a_rate_limit_is_given_more_tries_than_a_failure(server: Server) -> None:
    server.replies = [429, 429, 429, 429, 429, "7"]
    assert ask(client(server, tries=2, pause=0.001), question(1)).text == "7"


def test_a_server_that_dies_in_the_middle(server: Server, tmp_path: Path) -> None:
    def says(request: dict[str, Any]) -> Raw:
        if len(server.asked) == 9:
            threading.Thread(target=server.stop).start()
        return Raw(body=message(echo(request)), after=SLOWLY if len(server.asked) >= 9 else 0)

    server.says = says
    journal, told = Journal(tmp_path / "calls.jsonl"), set[int]()
    replies = Remembering(client(server), journal).answers(questions(40), lambda q, a: told.add(int(a.text)))
    with pytest.raises(BackendUnreachable, match="does not answer") as caught:
        list(replies)
    assert not isinstance(caught.value, Unanswered)
    assert 4 < len(told) < 9
    with serving() as revived:
        revived.says = echo
        known = Journal(tmp_path / "calls.jsonl")
        again = list(Remembering(client(revived), known).answers(questions(40)))
    assert [reply.text for reply in again if isinstance(reply, Answer)] == [str(n) for n in range(40)]
    assert sorted(number_in(request) for request in revived.asked) == sorted(set(range(40)) - told)


def test_a_gateway_whose_server_is_gone(server: Server) -> None:
    server.says = lambda request: echo(request) if number_in(request) < 5 else 502
    server.listing = Raw(502)
    told = list[str]()
    with pytest.raises(BackendUnreachable, match="does not answer") as caught:
        list(client(server).answers(questions(7), lambda q, a: told.append(a.text)))
    assert not isinstance(caught.value, Unanswered)
    assert sorted(told) == list("01234")


def test_a_server_that_answers_nothing_any_more_counts_as_gone(server: Server) -> None:
    server.says = lambda request: 503
    with pytest.raises(BackendUnreachable, match=f"no answer {PATIENCE} times in a row"):
        list(client(server, tries=1).answers(questions(100)))
    assert len(server.asked) < PATIENCE + 4


def test_a_server_without_schemas_is_asked_without_one(server: Server) -> None:
    def says(request: dict[str, Any]) -> Raw | str:
        body = json.dumps({"error": {"message": "This response_format type is unavailable now"}}).encode()
        return Raw(400, body) if "response_format" in request else "{}"

    server.says = says
    model = client(server, at_once=1)
    replies = list(model.answers([question(n, SCHEMA) for n in range(3)]))
    assert [(r.text, r.held) for r in replies if isinstance(r, Answer)] == [("{}", False)] * 3
    assert len(server.asked) == 4
    assert not model.dialect.schemas


def test_a_schema_that_is_refused_for_another_reason_is_kept(server: Server) -> None:
    server.replies = [Raw(400, b'{"error": "bad json_schema, and too long"}'), 400, "{}"]
    model = client(server)
    with pytest.raises(Unanswered):
        ask(model, question(1, SCHEMA))
    assert ask(model, question(2, SCHEMA)).held
    assert model.dialect.schemas


def test_the_limit_of_tokens_by_its_newer_name(server: Server) -> None:
    refusal = b'{"error": {"message": "Unsupported parameter: max_tokens; use max_completion_tokens instead"}}'
    server.replies = [Raw(400, refusal), "a", "b"]
    model = client(server)
    assert (ask(model, question(1)).text, ask(model, question(2)).text) == ("a", "b")
    assert ["max_completion_tokens" in request for request in server.asked] == [False, True, True]


def test_the_key_is_sent_and_shown_nowhere(server: Server) -> None:
    for said in (401, 404, 400, 503):
        server.says = lambda request, said=said: Raw(said, b'{"error": {"message": "hush-hush is no key"}}')
        model = client(server, key="hush-hush", tries=1)
        with pytest.raises(BackendUnreachable) as caught:
            ask(model, question(1))
        assert "hush" not in repr(model) + str(caught.value) + repr(caught.value.envelope())
    for wrong in ("hush\nhush", "hüsh"):
        with pytest.raises(UsageError) as refused:
            client(server, key=wrong)
        assert "sh" not in str(refused.value).replace("cannot", "")


@pytest.mark.parametrize("url", ["127.0.0.1:8000/v1", "file:///etc/passwd", "http://", "http://[", "http://h:99999/v1"])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(UsageError, match="not the address of a server"):
        ChatServer("m", url)


def test_a_proxy_is_not_asked_for_this_machine(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    server.replies = ["7"]
    assert ask(client(server), question(1)).text == "7"
    near = ("http://localhost:1/v1", "http://127.8.8.8/v1", "http://[::1]:1/v1", "http://gpu.localhost/v1")
    assert all(map(is_loopback, near))
    assert not any(map(is_loopback, ("http://10.0.0.1/v1", "http://localhost.example.org/v1")))


def test_what_done_raises_is_raised(server: Server) -> None:
    server.says = echo

    def full(asked: Question, answer: Answer) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        list(client(server).answers(questions(3), full))
