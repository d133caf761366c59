"""Words of a recording in memory, by a child process that runs PocketSphinx, loaded once for all conversations."""

from __future__ import annotations

import atexit
from dataclasses import dataclass
from functools import cache

from emoagent.errors import ResourceLimit
from emoagent.schema import Span, Word
from emoagent.tools.media.audio import HeldAudio
from emoagent.tools.media.child_process import BrokeError, Child
from emoagent.tools.media.sound import Sound

SECONDS_PER_SECOND, LEAST_SECONDS = 3.0, 10.0  # of waiting for each second of sound; loading takes one

Stretch = tuple[Span, tuple[Word, ...]]


@dataclass(frozen=True)
class Recognised:
    """Each stretch of speech with its words, times in seconds from the start of the sound; `microphone`: what the
    recogniser has learnt of it (the mean of its cepstra), which makes it hear better next time."""

    stretches: tuple[Stretch, ...]
    microphone: str


def words_heard(sound: Sound, microphone: str = "") -> Recognised:
    """What PocketSphinx makes of it. Raises `ResourceLimit` where that takes too long or its process breaks."""
    samples = HeldAudio(sound.at_16k().samples).all()
    seconds = LEAST_SECONDS + SECONDS_PER_SECOND * sound.seconds
    try:
        answer, _ = _child().ask({"microphone": microphone}, samples.tobytes(), seconds=seconds)
    except (BrokeError, TimeoutError) as error:
        raise ResourceLimit("the words could not be recognised in time", hint="give the words as text") from error
    return Recognised(tuple(_stretch(*each) for each in answer["stretches"]), answer["microphone"])


def interrupt() -> None:
    """Ends what is being recognised, for nobody waits for it any more."""
    _child().interrupt()


def _stretch(start: float, end: float, words: list[tuple[str, float, float, float | None]]) -> Stretch:
    return Span(start=start, end=end), tuple(
        Word(text=text, span=Span(start=a, end=b), probability=sure, time_source="recognised")
        for text, a, b, sure in words
    )


@cache
def _child() -> Child:
    child = Child("emoagent.tools.words.words_child")
    atexit.register(child.close)
    return child
