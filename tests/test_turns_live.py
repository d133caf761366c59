"""A turn that is taken in while it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from conftest import SAMPLE
from numpy.typing import NDArray
from sounds import load

from emoagent import TurnAnalyzer
from emoagent.bridges.session import Session
from emoagent.errors import UsageError
from emoagent.tools.media.frame import Frame
from emoagent.tools.media.sound import Sound

PATIENT = 30.0  # seconds
RATE = 16_000
Shown = Sequence[tuple[float, NDArray[np.uint8]]]


@pytest.fixture(scope="module")
def analyzer() -> Iterator[TurnAnalyzer]:
    with TurnAnalyzer(deadline=PATIENT) as analyzer:
        yield analyzer


@pytest.fixture(scope="module")
def sound() -> Sound:
    return Sound(load(SAMPLE)[: 3 * RATE], RATE)


@pytest.fixture(scope="module")
def shown() -> Shown:
    """Three to four frames a second, of three seconds."""
    import av

    with av.open(str(SAMPLE)) as clip:
        frames = [frame for frame in clip.decode(video=0) if frame.time < 3]
        return [
            (frame.time, np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
            for frame in frames[:: len(frames) // 10]
        ]


def _seen(session: Session) -> dict[str, float]:
    """How much of the face was seen in the first turn; the time of the peak is on the session's clock."""
    found = next(item for item in session.record(1).evidence if item.kind == "face_visibility")
    return {name: measure.value for name, measure in found.measures.items() if measure.unit != "s"}


def test_in_pieces_or_at_once_gives_the_same(analyzer: TurnAnalyzer, sound: Sound, shown: Shown) -> None:
    live, whole = analyzer.open(), analyzer.open()
    listening = live.listen()
    for time, rgb in shown:
        listening.frame(rgb, time)
    for start in range(0, len(sound.samples), 1600):
        listening.audio(Sound(sound.samples[start : start + 1600], RATE))
    assert listening.seconds == pytest.approx(3.0)
    affect = listening.finish("You did what?")
    other = whole.turn("You did what?", sound, [Frame(time, rgb) for time, rgb in shown])
    assert [vote.reason for vote in affect.votes] == [vote.reason for vote in other.votes]
    assert affect.votes[:2] == other.votes[:2]
    assert _seen(live) == _seen(whole)


def test_what_is_over_is_over(analyzer: TurnAnalyzer, sound: Sound) -> None:
    session = analyzer.open()
    listening = session.listen()
    with pytest.raises(UsageError, match="without words"):
        listening.finish()
    listening.audio(sound)
    assert listening.finish("Well.").turn == 1
    for late in (listening.finish, lambda: listening.audio(sound)):
        with pytest.raises(UsageError, match="over"):
            late()
    left = session.listen()
    left.audio(sound)
    left.cancel()
    with pytest.raises(UsageError, match="over"):
        left.finish("Well.")
    assert len(session.timeline()) == 1


def test_two_people_and_pieces_of_different_kinds(analyzer: TurnAnalyzer, sound: Sound) -> None:
    session = analyzer.open()
    one, two = session.listen("ann"), session.listen("ben")
    one.audio(sound)
    one.audio(Sound(np.zeros((4410, 2), np.int16), 44_100))
    two.audio(sound)

    async def both() -> list[str]:
        return [affect.person for affect in await asyncio.gather(one.afinish("Yes."), two.afinish("No."))]

    assert asyncio.run(both()) == ["ann", "ben"]
    assert {record.person: record.turn for record in session.timeline()}.keys() == {"ann", "ben"}


def test_pictures_that_cannot_be_looked_at_mask_the_face(analyzer: TurnAnalyzer, sound: Sound) -> None:
    session = analyzer.open()
    listening = session.listen()
    with pytest.raises(UsageError):
        listening.frame(np.zeros((4, 4), np.uint8), 0.0)
    listening.frame(np.zeros((48, 64, 3), np.uint8), 0.0)
    listening.audio(sound)
    assert listening.finish("Well.").votes[2].abstained


def test_a_session_that_is_listened_to_stays_in_memory() -> None:
    with TurnAnalyzer(held=1, deadline=PATIENT) as analyzer:
        session = analyzer.open()
        listening = session.listen()
        listening.audio(Sound(np.zeros(1600, np.int16), RATE))
        for _ in range(3):
            analyzer.open().turn("Hello.")
        assert listening.finish("Hello.").turn == 1
        assert len(analyzer.live) <= 2


def test_words_are_heard_where_none_are_given(analyzer: TurnAnalyzer) -> None:
    session = analyzer.open()
    listening = session.listen()
    listening.audio(Sound(load(SAMPLE)[: round(2.5 * RATE)], RATE))
    affect = listening.finish()
    heard = session.record(1).utterance
    assert heard.source == "pocketsphinx"
    assert heard.text
    assert affect.votes[0].reason is None or "words" in affect.votes[0].reason
    silent = session.turn(audio=Sound(np.zeros(RATE, np.int16), RATE))
    assert silent.votes[0].reason == "no words were heard"
    assert silent.abstained
