"""A call in a real pipecat pipeline: real sound, pipecat's own detectors, a real recogniser, a model over HTTP.

Needs an environment with emoagent and pipecat: EMOAGENT_TEST_PIPECAT names its python.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from chat_server import Raw, serving
from documented import programs
from environments import printed, python_of
from spoken import played, recording

from emoagent.affect import AffectTurn

pytestmark = pytest.mark.integration

EVENTS = (
    {"delta": {"role": "assistant", "content": "I see."}, "finish_reason": None},
    {"delta": {}, "finish_reason": "stop"},
)


@pytest.fixture(scope="module")
def python() -> str:
    """The environment's interpreter."""
    return python_of("EMOAGENT_TEST_PIPECAT", "pipecat")


@pytest.fixture(scope="module")
def call(python: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of a call with two turns, and what the model was asked in it."""
    folder = tmp_path_factory.mktemp("call")
    with serving() as server:
        server.says = lambda request: Raw(body=_stream(), headers={"Content-Type": "text/event-stream"})
        script = Path(__file__).with_name("pipecat_call.py")
        out: dict[str, Any] = json.loads(printed([python, str(script), server.url, *played(folder)], folder))
        return {**out, "asked": [request["messages"] for request in server.asked]}


def _stream() -> bytes:
    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "scripted"}
    events = [json.dumps({**chunk, "choices": [{"index": 0, **event}]}) for event in EVENTS]
    return "".join(f"data: {event}\n\n" for event in [*events, "[DONE]"]).encode()


def test_each_turn_is_judged_by_its_words_and_its_voice(call: dict[str, Any]) -> None:
    told = [AffectTurn.model_validate(one) for one in call["told"]]
    assert [one.turn for one in told] == [1, 2]
    for one in told:
        votes = {vote.modality: vote for vote in one.votes}
        assert votes["voice"].reason not in ("late", "not given")
        assert not votes["text"].abstained


def test_the_words_go_on_as_they_were_said(call: dict[str, Any]) -> None:
    said = [one["content"] for one in call["context"] if one["role"] == "user"]
    assert said == call["kept"]
    assert [one["role"] for one in call["asked"][-1]] == ["system", "user", "assistant", "user"]
    assert [one["content"] for one in call["asked"][-1] if one["role"] == "user"] == said


def test_the_face_that_the_camera_shows_is_seen(call: dict[str, Any]) -> None:
    assert call["seen"][1], "the second sentence is spoken by the only face in the picture"
    votes = [{vote["modality"]: vote["reason"] for vote in one["votes"]} for one in call["told"]]
    assert [one["face"] for one in votes] != ["not given", "not given"]


def test_sound_and_pictures_pass_unchanged_and_in_order(call: dict[str, Any]) -> None:
    assert call["unchanged"]


def test_the_affect_follows_its_turn(call: dict[str, Any]) -> None:
    turns = [name for name in call["order"] if name != "InterruptionFrame"]
    assert turns == ["UserStartedSpeakingFrame", "UserStoppedSpeakingFrame", "AffectFrame"] * 2


def test_the_program_of_the_page_runs(python: str, tmp_path: Path) -> None:
    (program,) = programs("integrations/pipecat.md")
    (tmp_path / "program.py").write_text(program, encoding="utf-8")
    recording(tmp_path / "said.wav", 0, 1)
    told = printed([python, "program.py", "said.wav"], tmp_path).splitlines()
    assert [line.partition(":")[0] for line in told] == ["turn 1", "turn 2"]
