"""Perceiving one running conversation: turn by turn, by the same measures and rules as a file.

What is remembered to compare with, how a person has spoken and looked so far, lies in memory only, is bounded, and ends
with the conversation. The rules are in docs/design/senses.md.
"""

from __future__ import annotations

from threading import Lock

import numpy as np

from emoagent.agents.registry import blind
from emoagent.agents.voice import LEAD, findings, histories, measure, voice
from emoagent.schema import Evidence, Utterance
from emoagent.tools.audio import RATE, HeldAudio
from emoagent.tools.sound import Sound

MOST_VALUES = 500  # utterances of a person whose voice is remembered
MOST_PEOPLE = 20  # whose voice is remembered; who has not spoken for longest is forgotten


class Senses:
    """What is remembered of one conversation to perceive by. Safe to be used by several threads at once."""

    def __init__(self) -> None:
        self._histories = histories(MOST_VALUES)
        self._voices: dict[str | None, None] = {}
        self._hearing = Lock()

    def voice(self, utterance: Utterance, sound: Sound, before: Sound | None = None) -> tuple[Evidence, ...]:
        """How it was said, against how the same person has spoken so far.

        `sound`: that of the utterance, as long as its span, of which the first 60 s are measured. `before`: what was
        heard until it began, where that is known: its last second tells how loud the room is.
        """
        heard = measure(_joined(utterance, sound, before), utterance.span)
        if heard is None:
            return ()
        with self._hearing:
            self._remember(utterance.person)
            found = list(findings(blind(utterance), heard.prosody, self._histories))
        return tuple(voice.evidence(found))

    def _remember(self, person: str | None) -> None:
        """Moves `person` to the end of those who are remembered."""
        self._voices.pop(person, None)
        self._voices[person] = None
        while len(self._voices) > MOST_PEOPLE:
            longest = next(iter(self._voices))
            del self._voices[longest]
            for _, history in self._histories:
                history.forget(longest)


def _joined(utterance: Utterance, sound: Sound, before: Sound | None) -> HeldAudio:
    """Sound on the clock of the conversation, with at most a second of what lies before it."""
    spoken = sound.at_16k().samples
    lead = before.at_16k().samples[-round(LEAD * RATE) :] if before else np.zeros(0, np.float32)
    lead = lead[len(lead) - min(len(lead), round(utterance.span.start * RATE)) :]
    start = utterance.span.start - len(lead) / RATE
    return HeldAudio(np.concatenate([lead, spoken]).astype(np.float32, copy=False), max(0.0, start))
