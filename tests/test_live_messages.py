"""The messages of the live web socket: each is understood or refused, and a refusal never repeats it."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emoagent.bridges.http.live_messages import HEAD, LARGEST, Hello, piece, said
from emoagent.errors import MediaError, UsageError

SECRET = "what-nobody-may-read"


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    with suppress(MediaError):
        found = piece(data)
        for read in (found.samples, found.rgb):
            with suppress(MediaError):
                read()


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=20),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
                    max_leaves=10))  # fmt: skip
def test_any_json(value: object) -> None:
    with suppress(UsageError):
        said(json.dumps(value))


@given(st.text(max_size=100))
def test_any_text(text: str) -> None:
    with pytest.raises(UsageError):
        said(text)


@pytest.mark.parametrize("field", ["key", "session", "person", "silence", "consent", "type", "end_of_turn"])
def test_a_refusal_repeats_nothing(field: str) -> None:
    with pytest.raises(UsageError) as refused:
        said(json.dumps({"type": "hello", field: [SECRET]}))
    assert SECRET not in str(refused.value.envelope())
    with pytest.raises(UsageError) as refused:
        said(json.dumps({"type": "hello", field: f"../{SECRET * 60}"}))
    assert SECRET not in str(refused.value.envelope())


def test_a_key_does_not_show() -> None:
    hello = said(json.dumps({"type": "hello", "key": SECRET}))
    assert isinstance(hello, Hello)
    assert SECRET not in repr(hello)


def test_the_sizes_that_are_allowed() -> None:
    sound = piece(HEAD.pack(1, 0, 0, 1.5) + b"\x01\x00\xff\xff")
    assert (sound.seconds, sound.samples().tolist()) == (1.5, [1, -1])
    shown = piece(HEAD.pack(3, 2, 1, 0.0) + bytes(range(6))).rgb()
    assert shown.tolist() == [[[0, 1, 2], [3, 4, 5]]]
    with pytest.raises(MediaError):
        piece(bytes(LARGEST + 1))
