"""The web socket for live sound, pictures and words, talked to by an ordinary client."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from conftest import SAMPLE
from documented import programs
from http_serving import ANN, BOB, serving
from live_client import ALL, HEAD, Talk, connecting, jpeg, talking
from numpy.typing import NDArray
from sounds import load
from websockets.exceptions import InvalidStatus

from emoagent import TurnAnalyzer
from emoagent.affect import AffectTurn

PATIENT = 30.0  # seconds: here it does not matter how long a turn takes
HAPPY = "I am so happy! We are going to fly!"
SPOKEN = (2.77, 5.3)  # seconds of the sample in which one sentence is said
Samples = NDArray[np.int16]
ASK = partial(httpx.request, timeout=60, trust_env=False)


@pytest.fixture(scope="module")
def analyzer() -> Iterator[TurnAnalyzer]:
    with TurnAnalyzer(deadline=PATIENT) as made:
        yield made


@pytest.fixture(scope="module")
def address(analyzer: TurnAnalyzer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("live"), analyzer=analyzer) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="module")
def spoken() -> Samples:
    start, end = (round(time * 16_000) for time in SPOKEN)
    return np.asarray(load(SAMPLE)[start:end] * 32767, np.int16)


@pytest.fixture(scope="module")
def pictures() -> list[bytes]:
    """Five a second, from where the sentence is said."""
    import av

    with av.open(str(SAMPLE)) as clip:
        shown = [frame for frame in clip.decode(video=0) if SPOKEN[0] <= frame.time < SPOKEN[1]][::5]
        return [jpeg(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)) for frame in shown]


def test_a_typed_turn(address: str) -> None:
    with talking(address, consent=ALL) as talk:
        assert talk.ready["turns"] == 0
        told = talk.turn(text=HAPPY, turn_id="mine")
        affect = AffectTurn.model_validate(told["affect"])
        assert (affect.label, affect.turn, affect.turn_id) == ("joy", 1, "mine")
        assert (told["text"], told["source"]) == (HAPPY, "chat")
        record = ASK("GET", f"{address}/v1/sessions/{affect.session}/turns/1").json()
        assert record["affect"] == told["affect"]


def test_sound_and_pictures(address: str, spoken: Samples, pictures: list[bytes]) -> None:
    with talking(address, consent=ALL) as talk:
        for number, picture in enumerate(pictures * 5):
            talk.sound(spoken[number * 3200 : (number + 1) * 3200], at=number / 5)
            talk.send(2, number / 5, picture)
            time.sleep(0.26)
            if talk.told("state")["frames"] >= 8:
                break
        told = talk.turn(text="Today? Wow, I did not expect that!")
        votes = {vote["modality"]: vote for vote in told["affect"]["votes"]}
        assert votes["voice"]["quality"]
        assert votes["face"]["quality"]
        assert told["affect"]["latency"]["late"] == []


def test_silence_ends_turns(address: str, spoken: Samples) -> None:
    quiet = np.zeros(24_000, np.int16)
    with talking(address, consent={"voice": True}, end_of_turn="silence", silence=0.5) as talk:
        talk.sound(np.concatenate([quiet, spoken, quiet, spoken, quiet]), piece=40_000)
        messages = list[dict[str, Any]]()
        while sum(message["type"] == "turn" for message in messages) < 2:
            messages.append(talk.next())
        assert any(message.get("speaking") for message in messages)
        record = ASK("GET", f"{address}/v1/sessions/{talk.ready['session']}/turns/2").json()
        span = record["utterance"]["span"]
        assert span["end"] - span["start"] == pytest.approx(SPOKEN[1] - SPOKEN[0], abs=0.9)


def test_what_is_typed_leaves_what_is_spoken_alone(address: str, spoken: Samples) -> None:
    with talking(address, consent=ALL, end_of_turn="silence") as talk:
        half = len(spoken) // 2
        talk.sound(np.concatenate([np.zeros(8000, np.int16), spoken[:half]]))
        typed = talk.turn(text=HAPPY, typed=True)
        talk.sound(np.concatenate([spoken[half:], np.zeros(16_000, np.int16)]))
        said = talk.told("turn")
        votes = [{vote["modality"]: vote for vote in told["affect"]["votes"]} for told in (typed, said)]
        assert [vote["voice"]["reason"] for vote in votes] == ["not given", None]
        assert (typed["text"], said["source"]) == (HAPPY, "pocketsphinx")
        record = ASK("GET", f"{address}/v1/sessions/{talk.ready['session']}/turns/2").json()
        span = record["utterance"]["span"]
        assert span["end"] - span["start"] == pytest.approx(SPOKEN[1] - SPOKEN[0], abs=0.9)


def test_who_is_interrupted_and_goes_on_begins_another_turn(address: str, spoken: Samples) -> None:
    with talking(address, consent={"voice": True}, end_of_turn="silence") as talk:
        talk.sound(np.concatenate([np.zeros(8000, np.int16), spoken[:16_000]]))
        assert talk.turn()["affect"]["turn"] == 1
        talk.sound(np.concatenate([spoken[16_000:], np.zeros(16_000, np.int16)]))
        assert talk.told("turn")["affect"]["turn"] == 2


def test_a_session_is_resumed(address: str) -> None:
    with talking(address, consent=ALL, keep_days=2) as talk:
        talk.turn(text="Hello.")
        name = talk.ready["session"]
    with talking(address, session=name) as talk:
        assert (talk.ready["session"], talk.ready["turns"]) == (name, 1)
        assert talk.turn(text="Hello again.")["affect"]["turn"] == 2


def test_what_was_not_agreed_to_is_refused_and_the_rest_goes_on(address: str, spoken: Samples) -> None:
    with talking(address, consent={"text": True}) as talk:
        talk.sound(spoken[:800])
        assert talk.told("error")["code"] == "no_consent"
        talk.send(3, 0.0, bytes(32 * 32 * 3), (32, 32))
        talk.say(type="reply", text="Congratulations!")
        assert talk.told("error")["code"] == "no_consent"
        assert talk.turn(text=HAPPY)["affect"]["label"] == "joy"


def test_a_turn_is_thrown_away(address: str, spoken: Samples) -> None:
    with talking(address, consent=ALL) as talk:
        talk.sound(spoken[:8000])
        talk.say(type="cancel")
        talk.told("cancelled")
        talk.say(type="end")
        assert talk.told("error")["code"] == "usage"  # nothing is left to be judged
        assert ASK("GET", f"{address}/v1/sessions/{talk.ready['session']}").json()["turns"] == 0


def test_pictures_that_come_too_fast_are_left_out(address: str) -> None:
    with talking(address, consent=ALL) as talk:
        for number in range(40):
            talk.send(3, number / 100, bytes(64 * 64 * 3), (64, 64))
        talk.send(3, 0.1, bytes(64 * 64 * 3), (64, 64))  # older than what was seen
        talk.sound(np.zeros(16_000, np.int16), at=1.0)
        states = [talk.told("state")]
        talk.say(type="cancel")
        while (message := talk.next())["type"] == "state":
            states.append(message)
        assert states[-1]["dropped"] > 20


HOSTILE: dict[str, Callable[[Talk], None]] = {
    "no json": lambda talk: talk.socket.send("}{"),
    "no object": lambda talk: talk.socket.send("[]"),
    "no type": lambda talk: talk.say(text="x"),
    "another type": lambda talk: talk.say(type="delete"),
    "more fields": lambda talk: talk.say(type="end", text="x", path="/etc/passwd"),
    "too many words": lambda talk: talk.say(type="end", text="x" * 4001),
    "a zero": lambda talk: talk.say(type="end", text="a\0b"),
    "a deadline of nothing": lambda talk: talk.say(type="end", text="x", deadline=0),
    "a name that is a path": lambda talk: talk.say(type="reply", text="x", person="../x"),
    "a long message": lambda talk: talk.socket.send(json.dumps({"type": "end", "text": "x" * 70_000})),
    "hello again": lambda talk: talk.say(type="hello", consent=ALL),
    "no head": lambda talk: talk.socket.send(b"\1"),
    "a head alone": lambda talk: talk.socket.send(HEAD.pack(1, 0, 0, 0.0)),
    "another kind": lambda talk: talk.send(9, 0.0, b"x"),
    "something in the gap": lambda talk: talk.socket.send(b"\1\1\0\0" + bytes(20)),
    "no time": lambda talk: talk.send(1, float("nan"), b"\0\0"),
    "before the time": lambda talk: talk.send(1, -1.0, b"\0\0"),
    "half a sample": lambda talk: talk.send(1, 0.0, b"\0\0\0"),
    "too much sound": lambda talk: talk.send(1, 0.0, bytes(320_002)),
    "no time to show": lambda talk: talk.send(2, float("inf"), b"x"),
}
LATER: dict[str, Callable[[Talk], None]] = {  # what is found out once a picture is looked at
    "no picture": lambda talk: talk.send(2, 0.0, b"GIF89a" + bytes(400)),
    "a picture of another size": lambda talk: talk.send(3, 0.0, bytes(100), (64, 64)),
    "a picture of nothing": lambda talk: talk.send(3, 0.0, b"x", (0, 0)),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_messages_are_refused_and_the_conversation_goes_on(address: str, what: str) -> None:
    with talking(address, consent=ALL) as talk:
        HOSTILE[what](talk)
        told = talk.told("error")
        assert told["code"] in ("usage", "bad_media")
        assert told["message"]
        assert told["hint"]
        assert not told["fatal"]
        assert talk.turn(text=HAPPY)["affect"]["label"] == "joy"


@pytest.mark.parametrize("what", LATER)
def test_hostile_pictures(address: str, what: str) -> None:
    with talking(address, consent=ALL) as talk:
        LATER[what](talk)
        assert talk.turn(text=HAPPY)["affect"]["label"] == "joy"
        assert talk.told("error")["code"] in ("usage", "bad_media")


def _end(address: str, first: str | bytes | None, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    """How a connection ends whose first message is this one."""
    with connecting(address, headers) as talk:
        if first is not None:
            talk.socket.send(first)
        told = talk.next()
        assert told["type"] == "error"
        assert told["fatal"]
        return talk.closed(), told


def test_how_a_conversation_must_begin(address: str) -> None:
    assert _end(address, json.dumps({"type": "end"}))[0] == 4422
    assert _end(address, b"\1" + bytes(15))[0] == 4422
    assert _end(address, json.dumps({"type": "hello", "version": 2, "consent": ALL}))[0] == 4422
    assert _end(address, json.dumps({"type": "hello"}))[1]["code"] == "no_consent"
    assert _end(address, json.dumps({"type": "hello", "consent": {"text": False}}))[0] == 4403
    assert _end(address, json.dumps({"type": "hello", "session": "never-was"}))[0] == 4404


def test_a_session_that_is_deleted_meanwhile_ends_the_connection(address: str) -> None:
    with talking(address, consent=ALL) as talk:
        ASK("DELETE", f"{address}/v1/sessions/{talk.ready['session']}").raise_for_status()
        talk.say(type="end", text=HAPPY)
        assert talk.told("error")["code"] == "not_found"
        assert talk.closed() == 4404


def test_too_large_a_message_ends_the_connection(address: str) -> None:
    for size, code in (((1 << 20) + 17, 4413), ((1 << 21) + 17, 1009)):
        with talking(address, consent=ALL) as talk:
            talk.socket.send(bytes(size))
            assert talk.closed() == code


def test_pages_of_other_sites_are_kept_out(address: str) -> None:
    for headers in ({"Origin": "https://elsewhere.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        with pytest.raises(InvalidStatus) as refused, connecting(address, headers):
            pass
        assert refused.value.response.status_code == 403
    with talking(address, {"Origin": address}, consent=ALL) as talk:
        assert talk.ready["session"]


def test_keys(analyzer: TurnAnalyzer, tmp_path: Path) -> None:
    with serving(tmp_path, (ANN, BOB), analyzer) as server:
        address = f"http://127.0.0.1:{server.port}"
        agreed = {"type": "hello", "consent": ALL}
        assert _end(address, json.dumps(agreed))[0] == 4401
        code, told = _end(address, json.dumps({**agreed, "key": "guessed-0123456789"}))
        assert code == 4401
        assert "guessed" not in str(told)
        with talking(address, consent=ALL, key=ANN) as talk:
            name = talk.ready["session"]
            assert talk.turn(text=HAPPY)["affect"]["label"] == "joy"
            assert ANN not in str(talk.ready)
        with talking(address, {"Authorization": f"Bearer {ANN}"}, session=name) as talk:
            assert talk.ready["turns"] == 1
        assert _end(address, json.dumps({"type": "hello", "session": name, "key": BOB}))[0] == 4404
        assert _end(address, json.dumps({**agreed, "session": name, "key": BOB}))[0] == 4409


def test_no_more_connections_than_are_allowed(analyzer: TurnAnalyzer, tmp_path: Path) -> None:
    with serving(tmp_path, analyzer=analyzer, live_at_once=1) as server:
        address = f"http://127.0.0.1:{server.port}"
        with talking(address, consent=ALL):
            code, told = _end(address, json.dumps({"type": "hello", "consent": ALL}))
            assert (code, told["code"]) == (4429, "too_many")
            assert told["after"] > 0
        with talking(address, consent=ALL) as talk:
            assert talk.ready["turns"] == 0


def test_turns_of_one_key_are_rationed(analyzer: TurnAnalyzer, tmp_path: Path) -> None:
    with (
        serving(tmp_path, analyzer=analyzer, rate=0.01, burst=2) as server,
        talking(f"http://127.0.0.1:{server.port}", consent=ALL) as talk,
    ):
        assert talk.turn(text=HAPPY)["affect"]["turn"] == 1
        talk.say(type="end", text=HAPPY)
        told = talk.told("error")
        assert (told["code"], told["fatal"]) == ("too_many", False)
        assert told["after"] > 1


@pytest.mark.parametrize("program", range(len(programs("integrations/live.md"))))
def test_the_programs_of_the_page(
    address: str, program: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EMOAGENT_URL", address)
    monkeypatch.chdir(SAMPLE.parents[1])
    exec(compile(programs("integrations/live.md")[program], "live.md", "exec"), {"__name__": "__main__"})
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["1", "2"]
