"""Perceiving one running conversation: turn by turn, by the same measures and rules as a file.

What is remembered to compare with, how a person has spoken and looked so far, lies in memory only, is bounded, and ends
with the conversation. The rules are in docs/design/senses.md.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from emoagent.agents import face, voice
from emoagent.agents.hear_pocketsphinx import kept, text_of
from emoagent.agents.live_face import LiveFace
from emoagent.agents.registry import blind
from emoagent.schema import Evidence, Span, Utterance, Word
from emoagent.tools.media.audio import RATE, HeldAudio
from emoagent.tools.media.sound import Sound
from emoagent.tools.voice.ear import Ear
from emoagent.tools.voice.pitch import pitch
from emoagent.tools.words.words_heard import words_heard

if TYPE_CHECKING:
    from emoagent.tools.sight.face_search import Picture

MOST_VALUES = 500  # utterances of a person whose voice is remembered
MOST_PEOPLE = 20  # whose voice is remembered; who has not spoken for longest is forgotten


class Senses:
    """What is remembered of one conversation to perceive by. Safe to be used by several threads at once."""

    def __init__(self) -> None:
        self._histories = voice.histories(MOST_VALUES)
        self._speakers: dict[str | None, None] = {}
        self._hearing = Lock()
        self._face = LiveFace()
        self._microphone = ""

    def voice(self, utterance: Utterance, sound: Sound | Ear, before: Sound | None = None) -> tuple[Evidence, ...]:
        """How it was said, against how the same person has spoken so far.

        `sound`: that of the utterance, as long as its span, of which the first 60 s are measured; an `Ear` that has
        listened to it has done most of the work. `before`: what was heard until it began, where that is known: its
        last second tells how loud the room is.
        """
        known, pitched = (sound.sound(), sound.pitch) if isinstance(sound, Ear) else (sound, pitch)
        heard = voice.measure(_joined(utterance, known, before), utterance.span, pitched)
        if heard is None:
            return ()
        with self._hearing:
            self._remember(utterance.person)
            found = list(voice.findings(blind(utterance), heard.prosody, self._histories))
        return tuple(voice.voice.evidence(found))

    def watch(self, time: float, rgb: Picture) -> None:
        """Takes a frame of the camera: seconds on the clock of the conversation, ascending; RGB uint8 (height, width,
        3), not changed later. It costs about what a frame of a file costs.

        Raises `ModelMissing` if there is no landmark model, `UsageError` where it is no picture or the clock goes back.
        """
        self._face.watch(time, rgb)

    def face(self, utterance: Utterance, sound: Sound | None = None) -> tuple[Evidence, ...]:
        """What the user's face does during the utterance, by what was watched, over that person's own rest so far.

        `sound`: that of the utterance, where there is any; it tells when the mouth is busy with speech.
        """
        audio = None if sound is None else HeldAudio(sound.at_16k().samples, utterance.span.start)
        return tuple(face.face.evidence(self._face.findings(utterance, audio)))

    def hear(self, utterance: Utterance, sound: Sound) -> Utterance:
        """The utterance with the words that PocketSphinx recognises in `sound`, for where no text is given.

        Rough, US English only, and slow: about a third of the time that the sound takes. What was not understood is
        `[inaudible]`; where nothing was, the text is empty. Raises `ResourceLimit` where it takes far too long.
        """
        found = words_heard(sound, self._microphone)
        self._microphone = found.microphone
        words = [_later(word, utterance.span) for _, stretch in found.stretches for word in stretch]
        keep = kept(words)
        sure = tuple(word for word, yes in zip(words, keep, strict=True) if yes)
        told = {"text": text_of(words, keep), "words": sure, "source": "pocketsphinx"}
        return utterance.model_copy(update=told)

    def close(self) -> None:
        """Forgets everybody."""
        self._face.close()
        with self._hearing:
            self._histories, self._speakers = voice.histories(MOST_VALUES), {}
        self._microphone = ""

    def _remember(self, person: str | None) -> None:
        """Moves `person` to the end of those who are remembered."""
        self._speakers.pop(person, None)
        self._speakers[person] = None
        while len(self._speakers) > MOST_PEOPLE:
            longest = next(iter(self._speakers))
            del self._speakers[longest]
            for _, history in self._histories:
                history.forget(longest)


def warm_up(*, faces: bool = True) -> None:
    """Loads what voices and faces are perceived with, so that the first turn need not wait for it.

    Raises `ModelMissing` where the landmark model for `faces` cannot be had.
    """
    from emoagent.tools.sight.watcher import face_models

    pitch(np.zeros(RATE, np.float32))
    if faces:
        face_models().finder.detect(np.full((64, 64, 3), 127, np.uint8))


def _later(word: Word, span: Span) -> Word:
    """On the clock of the conversation."""
    start, end = (round(min(span.start + at, span.end), 3) for at in (word.span.start, word.span.end))
    return word.model_copy(update={"span": Span(start=start, end=end)})


def _joined(utterance: Utterance, sound: Sound, before: Sound | None) -> HeldAudio:
    """Sound on the clock of the conversation, with at most a second of what lies before it."""
    spoken, start = sound.at_16k().samples, utterance.span.start
    if before is None:
        return HeldAudio(spoken, start)
    most = min(round(voice.LEAD * RATE), round(start * RATE))
    lead = before.at_16k().samples[-most:] if most else np.zeros(0, np.float32)
    return HeldAudio(np.concatenate([lead, spoken]), max(0.0, start - len(lead) / RATE))
