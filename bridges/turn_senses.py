"""How the senses are asked about one turn: by words, by voice, by face; each in the order of the turns."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial

from emoagent.affect import SENSES, AffectTurn, Consent, Sense
from emoagent.bridges.live_session import Kind, Late, Live
from emoagent.bridges.turn_input import Given
from emoagent.graphs.turn_state import Perceived, Perceiving
from emoagent.graphs.turn_text import by_text, opined
from emoagent.schema import Span, Utterance

Way = Callable[[Utterance, Sequence[Utterance]], Perceived]
log = logging.getLogger("emoagent.turns")


class Perception:
    """Of one turn. `given`: the senses to be asked; `refused`: those that the person has not agreed to."""

    def __init__(self, live: Live, given: Given, span: Span, consent: Consent) -> None:
        self._live, self._turn, self._span = live, given, span
        hears = given.text is None and given.audio is not None and consent.text
        there = {"text": given.text is not None or hears, "voice": given.audio is not None, "face": given.watched}
        self.given: tuple[Sense, ...] = tuple(sense for sense in SENSES if there[sense])
        self.refused: tuple[Sense, ...] = tuple(
            sense for sense in SENSES if not there[sense] and not consent.allows(sense)
        )
        self._begun: dict[Sense, Future[Perceived]] = {}

    @property
    def senses(self) -> dict[Sense, Perceiving]:
        """What the graph starts."""
        ways = {
            "text": self._hear if self._turn.text is None else self._words,
            "voice": self._voice,
            "face": self._face,
        }
        return {sense: partial(self._start, sense, ways[sense]) for sense in self.given}

    def leave(self, affect: AffectTurn, settle: Callable[[], None]) -> None:
        """What was late will be told with the next turn; `settle` is called in another thread once it is there."""
        for sense in affect.latency.late:
            future = self._begun[sense]
            self._live.late.append(Late(affect.turn, sense, future))
            future.add_done_callback(lambda _: self._live.later(settle))

    def _start(
        self,
        sense: Sense,
        way: Way,
        utterance: Utterance,
        before: Sequence[Utterance],
    ) -> Future[Perceived]:
        lane: Kind = "hearing" if way == self._hear else sense
        self._begun[sense] = self._live.start(lane, sense, partial(way, utterance, tuple(before)))
        return self._begun[sense]

    def _words(self, utterance: Utterance, before: Sequence[Utterance]) -> Perceived:
        return by_text(utterance, before)

    def _hear(self, utterance: Utterance, before: Sequence[Utterance]) -> Perceived:
        began, sound = time.perf_counter(), self._turn.audio
        assert sound is not None
        heard = self._live.senses.hear(utterance, sound)
        if not heard.text:
            return Perceived(sense="text", missing="no words were heard")
        took = round(1000 * (time.perf_counter() - began), 2)
        found = by_text(heard, before)
        return found.model_copy(update={"heard": heard, "took": found.took + took})

    def _voice(self, utterance: Utterance, before: Sequence[Utterance]) -> Perceived:
        began, sound = time.perf_counter(), self._turn.audio
        assert sound is not None
        return opined("voice", utterance, self._live.senses.voice(utterance, self._turn.listened() or sound), (), began)

    def _face(self, utterance: Utterance, before: Sequence[Utterance]) -> Perceived:
        began = time.perf_counter()
        for frame in self._turn.frames:
            self._live.watch(self._span.start + frame.time, frame.rgb)
        if self._turn.live is not None and self._turn.live.failed:
            return Perceived(sense="face", missing="the agent failed")
        found = self._live.senses.face(utterance, self._turn.audio)
        return opined("face", utterance, found, (), began)
