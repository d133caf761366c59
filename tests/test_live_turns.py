"""Turns in a sound that never stops: what belongs to a turn, what is left out, and what is made of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

from emoagent import TurnAnalyzer
from emoagent.affect import AffectTurn, Consent
from emoagent.bridges.live_turns import LiveTurns
from emoagent.bridges.session import Session
from emoagent.settings import Context, Settings
from emoagent.tools.media.audio import RATE
from emoagent.tools.media.sound import Sound

PIECE = 0.125  # seconds: sums of it are exact


@pytest.fixture(scope="module")
def analyzer() -> Iterator[TurnAnalyzer]:
    with TurnAnalyzer(deadline=30.0) as found:
        yield found


class Talk:
    """A conversation in pieces of an eighth of a second, each with samples of one value that tells it apart."""

    def __init__(self, session: Session) -> None:
        self.now = 0.0
        self.turns = LiveTurns(session, clock=lambda: self.now)
        self.asked = 0

    def hear(self, *values: int) -> None:
        """One piece for each value."""
        for value in values:
            self.turns.hear(partial(Sound, np.full(round(RATE * PIECE), value, np.int16), RATE))
            self.now += PIECE

    def see(self) -> None:
        """A frame of the camera."""
        self.turns.see(self._picture)

    def taken(self) -> list[int]:
        """The values of the pieces that the turn has, in order."""
        listening: Any = self.turns._listening
        return [int(piece.samples[0]) for piece in listening._pieces]

    def _picture(self) -> Any:
        self.asked += 1
        return np.full((64, 64, 3), 128, np.uint8)


def test_a_turn_begins_a_little_before_its_detection(analyzer: TurnAnalyzer) -> None:
    talk = Talk(analyzer.open())
    talk.hear(*range(20))
    talk.turns.begin()
    talk.hear(20, 21)
    assert talk.taken() == [16, 17, 18, 19, 20, 21]


def test_a_turn_that_is_opened_late_has_all_since_the_voice_began(analyzer: TurnAnalyzer) -> None:
    """Some strategies open a turn only once there are words for it, when the voice may have stopped already."""
    talk = Talk(analyzer.open())
    talk.hear(*range(10))
    talk.turns.voiced()
    talk.hear(*range(10, 30))
    talk.turns.unvoiced()
    talk.hear(30)
    talk.turns.begin()
    assert talk.taken() == list(range(6, 31))


def test_a_pause_is_kept_and_the_end_is_not(analyzer: TurnAnalyzer) -> None:
    talk = Talk(analyzer.open())
    talk.turns.begin()
    talk.hear(1)
    talk.turns.unvoiced()
    talk.hear(2, 3)
    assert talk.taken() == [1]
    talk.turns.voiced()
    talk.hear(4)
    talk.turns.unvoiced()
    talk.hear(5, 6)
    assert talk.taken() == [1, 2, 3, 4]


def test_what_is_held_is_bounded(analyzer: TurnAnalyzer) -> None:
    talk = Talk(analyzer.open())
    talk.turns.voiced()
    talk.hear(*([1] * 300))
    assert sum(sound.seconds for sound in talk.turns._held) == pytest.approx(10.0)
    talk.turns.cancel()
    talk.hear(*([1] * 300))
    assert sum(sound.seconds for sound in talk.turns._held) == pytest.approx(0.5)


def test_pictures_are_asked_for_five_times_a_second_while_somebody_speaks(analyzer: TurnAnalyzer) -> None:
    talk = Talk(analyzer.open())
    talk.see()
    talk.turns.begin()
    for _ in range(10):
        talk.see()
        talk.see()
        talk.hear(1)
    talk.turns.unvoiced()
    talk.see()
    assert talk.asked == 5
    talk.turns.cancel()


def test_pictures_are_timed_by_the_sound(analyzer: TurnAnalyzer) -> None:
    """However long the machine takes for it."""
    talk = Talk(analyzer.open())
    talk.hear(1, 2)
    talk.turns.begin()
    listening: Any = talk.turns._listening
    talk.now += 60
    talk.hear(3, 4)
    talk.see()
    assert listening._taken_in.until == 4 * PIECE
    talk.turns.cancel()


def test_a_turn_is_judged_by_its_words_and_its_voice(analyzer: TurnAnalyzer) -> None:
    session = analyzer.open()
    talk = Talk(session)
    said, other = asyncio.run(_two_turns(talk))
    assert said is not None
    assert other is not None
    assert (said.turn, other.turn, other.turn_id) == (1, 2, "mine")
    assert session.record(1).utterance.text == "I am so happy! I won!"
    assert {vote.modality: vote.reason for vote in said.votes}["voice"] != "not given"
    assert {vote.modality: vote.reason for vote in other.votes}["voice"] == "not given"
    assert asyncio.run(_nothing(talk)) is None


async def _two_turns(talk: Talk) -> tuple[AffectTurn | None, AffectTurn | None]:
    talk.turns.begin()
    wave = np.sin(np.arange(2 * RATE) / RATE * 2 * np.pi * 180)
    talk.turns.hear(lambda: Sound((wave * 8000).astype(np.int16), RATE))
    for words in ("I am so happy!", " ", "I won!"):
        talk.turns.words(words)
    ended = talk.turns.end()
    assert not talk.turns.going_on  # from the call on, whenever it is awaited
    talk.turns.words("of the next turn")
    other = talk.turns.end("Leave me alone.", "mine")
    first, second = await asyncio.gather(ended, other)
    await talk.turns.reply("Congratulations!")
    return first, second


async def _nothing(talk: Talk) -> AffectTurn | None:
    talk.turns.begin()
    return await talk.turns.end()


@pytest.mark.parametrize(
    ("consent", "context"),
    [(Consent(text=True), "unspecified"), (Consent(text=True, voice=True, face=True), "workplace")],
    ids=["no consent", "workplace"],
)
def test_what_may_not_be_used_is_not_collected(consent: Consent, context: Context) -> None:
    with TurnAnalyzer(settings=Settings(context=context), deadline=30.0) as analyzer:
        talk = Talk(analyzer.open(consent=consent))
        talk.hear(1)
        assert not talk.turns._held
        found = asyncio.run(_words_alone(talk))
    assert talk.asked == 0
    assert found is not None
    assert found.label is not None


async def _words_alone(talk: Talk) -> AffectTurn | None:
    talk.turns.begin()
    talk.hear(1)
    talk.see()
    return await talk.turns.end("I am so happy!")


def test_words_that_nobody_agreed_to_are_left_out(analyzer: TurnAnalyzer) -> None:
    session = analyzer.open(consent=Consent(voice=True))
    talk = Talk(session)
    talk.turns.begin()
    talk.hear(*([1] * 10))
    found = asyncio.run(_ended(talk, "my secret"))
    assert found is not None
    assert "secret" not in session.record(1).model_dump_json()


def test_what_cannot_be_used_does_not_end_the_call(analyzer: TurnAnalyzer, caplog: pytest.LogCaptureFixture) -> None:
    talk = Talk(analyzer.open())
    talk.turns.begin()
    talk.turns.hear(lambda: Sound(np.zeros(100, np.int16), 1))
    talk.turns.see(lambda: np.zeros((2, 2, 3), np.uint8))
    talk.turns.see(lambda: None)
    talk.turns.session.delete()
    assert asyncio.run(_ended(talk, "I am so happy!")) is None
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "left out", "left out", "a turn was not analysed",
    ]  # fmt: skip


async def _ended(talk: Talk, words: str) -> AffectTurn | None:
    return await talk.turns.end(words)


def test_a_framework_that_is_not_there_is_named() -> None:
    from emoagent.errors import ExtraMissing

    with pytest.raises(ExtraMissing, match="pipecat"):
        __import__("emoagent.bridges.pipecat")
    with pytest.raises(ExtraMissing, match="livekit"):
        __import__("emoagent.bridges.livekit")
