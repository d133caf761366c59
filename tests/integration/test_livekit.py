"""A call of a real LiveKit agent: its own session, detector and turn taking, real sound, a real recogniser.

There is no room: a server of rooms is a program of its own that comes with no Python package. Sound and pictures come
in by the interfaces by which a room gives them. Needs an environment with emoagent and livekit-agents:
EMOAGENT_TEST_LIVEKIT names its python.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from documented import programs
from environments import printed, python_of
from spoken import played, recording

from emoagent.affect import AffectTurn

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def python() -> str:
    """The environment's interpreter."""
    return python_of("EMOAGENT_TEST_LIVEKIT", "livekit-agents")


@pytest.fixture(scope="module", params=["ask", "wait"])
def call(python: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> dict[str, Any]:
    """What came of a call with two turns, by an agent that asks for the affect before it answers, or does not."""
    folder = tmp_path_factory.mktemp("call")
    script = Path(__file__).with_name("livekit_call.py")
    out: dict[str, Any] = json.loads(printed([python, str(script), request.param, *played(folder)], folder))
    return {**out, "way": request.param}


def test_each_turn_is_judged_by_its_words_and_its_voice(call: dict[str, Any]) -> None:
    told = [AffectTurn.model_validate(one) for one in call["told"]]
    assert [one.turn for one in told] == [1, 2]
    assert call["known"] == ([1, 2] if call["way"] == "ask" else [])
    for one in told:
        votes = {vote.modality: vote for vote in one.votes}
        assert votes["voice"].reason not in ("late", "not given")
        assert not votes["text"].abstained


def test_the_face_that_the_camera_shows_is_seen(call: dict[str, Any]) -> None:
    assert call["seen"][1], "the second sentence is spoken by the only face in the picture"


def test_the_affect_is_kept_beside_the_message(call: dict[str, Any]) -> None:
    users = [item for item in call["history"] if item["role"] == "user"]
    assert [item["affect"] for item in users] == call["told"]
    assert all(item["affect"] is None for item in call["history"] if item["role"] == "assistant")


def test_the_model_sees_the_words_alone(call: dict[str, Any]) -> None:
    users = [item["text"] for item in call["history"] if item["role"] == "user"]
    assert users == call["kept"]
    last = call["shown"][-1]
    assert [message["role"] for message in last] == ["system", "user", "assistant", "user"]
    assert [message["content"] for message in last if message["role"] == "user"] == users
    assert {key for message in last for key in message} == {"role", "content"}


def test_the_program_of_the_page_runs(python: str, tmp_path: Path) -> None:
    (program,) = programs("integrations/livekit.md")
    (tmp_path / "program.py").write_text(program, encoding="utf-8")
    recording(tmp_path / "said.wav", 0, 1)
    told = printed([python, "program.py", "said.wav"], tmp_path).splitlines()
    assert [line.partition(":")[0] for line in told] == ["turn 1", "turn 2"]
