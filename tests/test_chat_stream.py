"""Servers that stream though nobody asked for it."""

from __future__ import annotations

import pytest

from emoagent.tools.language.chat_wire import answer_in

EVENTS = (
    '{"choices":[{"delta":{"role":"assistant"}}]}', '{"choices":[{"delta":{"content":"It leans é"}}]}',
    '{"choices":[{"delta":{"content":"."},"finish_reason":null}]}',
    '{"choices":[{"delta":{},"finish_reason":"length"}]}',
)  # fmt: skip
STREAM = "".join(f"data: {event}\n\n" for event in EVENTS).encode()


@pytest.mark.parametrize("end", [b"", b"data: [DONE]\n"])
def test_a_stream_is_put_together(end: bytes) -> None:
    answer = answer_in(STREAM + end, held=False)
    assert (answer.text, answer.finish) == ("It leans é.", "length")


@pytest.mark.parametrize("cut", [20, 60, 130, len(STREAM) - 30])
def test_a_stream_that_breaks_off_is_no_answer(cut: int) -> None:
    with pytest.raises(ValueError, match=r"no message|Unterminated|Expecting"):
        answer_in(STREAM[:cut], held=False)
