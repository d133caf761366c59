"""An event is put into a stream, and fields into an answer, and not one other byte changes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoagent.bridges.http.completion_wire import NoAnswer, Said, embedded, spliced, with_fields

OURS = b'data: {"affect": 1}\n\n'
EVENTS = (
    b'data: {"id":"c1","created":7,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"He"}}]}\n\n'
    b': a comment\r\n\r\ndata: [DONE\n\ndata: {"choices":[{"index":1,"delta":{"content":"no"}}]}\n\n'
    b'data:{"choices":[{"index":0,"delta":{"content":"y \xc3\xa4"},"finish_reason":"stop"}]}\n\ndata: \n\n'
)
END = b"data: [DONE]\n\n"


def through(pieces: Sequence[bytes], said: Said) -> list[bytes]:
    """What comes out, piece by piece."""

    async def coming() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async def event() -> bytes:
        return OURS

    async def all_of_it() -> list[bytes]:
        return [piece async for piece in spliced(coming(), event, said.line)]

    return asyncio.run(all_of_it())


def cut(stream: bytes, places: Sequence[int]) -> list[bytes]:
    """The stream in pieces that end at these places."""
    ends = sorted({place % len(stream) for place in places} | {0, len(stream)})
    return [stream[start:end] for start, end in pairwise(ends)]


@given(st.lists(st.integers(0, 10_000), max_size=30), st.sampled_from([END, b"data:[DONE]\r\n\r\n", b"data: [DONE]\n"]))
def test_wherever_the_stream_is_cut_one_event_comes_before_its_end(places: list[int], end: bytes) -> None:
    said = Said()
    assert b"".join(through(cut(EVENTS + end, places), said)) == EVENTS + OURS + end
    assert said.text == "Hey ä"
    assert said.head == {"id": "c1", "created": 7, "model": "m"}


def test_a_stream_without_the_last_line_gets_the_event_at_its_end() -> None:
    assert b"".join(through([EVENTS], Said())) == EVENTS + OURS
    assert b"".join(through([EVENTS, b"data: [DO"], Said())) == EVENTS + b"data: [DO\n\n" + OURS
    assert b"".join(through([], Said())) == OURS


def test_what_comes_after_the_last_line_comes_through() -> None:
    assert (
        b"".join(through([EVENTS + END[:8], END[8:] + b": bye", b"\n\n"], Said())) == EVENTS + OURS + END + b": bye\n\n"
    )


def test_nothing_waits_that_cannot_be_the_last_line() -> None:
    pieces = [b'data: {"choices":', b"[", b"]}\n\n"]
    assert through([*pieces, END], Said())[:3] == pieces


@pytest.mark.parametrize(
    "body", [b'{"id":"c","n":1.50,"u":"\\u00e4"}', b' {"a" : [1, 2]\n} \n', b"{}"], ids=["plain", "spaced", "empty"]
)
def test_fields_are_added_behind_what_is_there(body: bytes) -> None:
    found = with_fields(body, {"affect": {"label": "joy"}, "affect_error": None})
    assert json.loads(found) == {**json.loads(body), "affect": {"label": "joy"}, "affect_error": None}
    assert found.startswith(body.rstrip()[:-1])


@pytest.mark.parametrize("body", [b"[]", b"<html>", b"", b"[" * 100_000], ids=["list", "page", "nothing", "deep"])
def test_what_is_no_answer_is_told(body: bytes) -> None:
    with pytest.raises(NoAnswer):
        with_fields(body, {})


def test_an_answer_of_no_model_is_one_of_the_protocol() -> None:
    whole = json.loads(embedded("Hello", {"affect": None}, stream=False))
    assert whole["choices"][0]["message"]["content"] == "Hello"
    said = Said()
    lines = embedded("Hello", {"affect": None}, stream=True).split(b"\n\n")
    for line in lines:
        said.line(line)
    assert said.text == "Hello"
    assert lines[-2:] == [b"data: [DONE]", b""]
    assert json.loads(lines[-3][6:])["affect"] is None
