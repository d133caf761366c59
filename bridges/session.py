"""One conversation: its turns, what was answered, and what is stored of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from emoagent.affect import ASSISTANT, SENSES, USER, AffectTurn, Consent, TurnRecord
from emoagent.bridges.listening import Listening
from emoagent.bridges.live_session import Live
from emoagent.bridges.turn_input import Given, given_of, words_of
from emoagent.bridges.turn_memory import TurnMemory
from emoagent.bridges.turn_senses import Perception
from emoagent.errors import Clash
from emoagent.graphs.turn_state import Heard, Surroundings
from emoagent.tools.telemetry import Note, Value, span

if TYPE_CHECKING:
    from emoagent.bridges.sessions.store import SessionInfo
    from emoagent.bridges.turns import TurnAnalyzer
    from emoagent.tools.media.frame import Frame
    from emoagent.tools.media.sound import Sound

RESERVE = 0.02  # seconds of a deadline that are for judging and keeping the turn


class Session:
    """A conversation that has been opened. Its turns are analysed one after another, whoever gives them."""

    def __init__(self, analyzer: TurnAnalyzer, info: SessionInfo) -> None:
        self.analyzer, self._info = analyzer, info
        self._memory = TurnMemory(analyzer.store, analyzer.graph, info.id, analyzer.settings)

    @property
    def id(self) -> str:
        """The id of the session."""
        return self._info.id

    @property
    def info(self) -> SessionInfo:
        """What is known of it, as of its last use here."""
        return self._info

    def turn(
        self,
        text: str | None = None,
        audio: Sound | None = None,
        frames: Sequence[Frame] = (),
        *,
        person: str = USER,
        turn_id: str | None = None,
        deadline: float | None = None,
    ) -> AffectTurn:
        """The expressed emotion of what `person` has just said; waits for it.

        `text`: the words, at most 4,000 characters; without them, words are looked for in the sound, roughly and in US
        English only. `audio`: that of the turn, of which the first 60 s are used. `frames`: of the speaker, with times
        from the start of the turn. `turn_id`: the caller's own; the same again gives the same answer and changes
        nothing. `deadline`: seconds from now.

        Raises `UsageError`, `NoConsent` (for what has not been agreed to), `Refused` (sound or pictures in a context
        that forbids it), `ResourceLimit` (too much at once), `NotFound` (the session has been deleted).
        """
        began = time.perf_counter()
        given = given_of(text, audio, frames, person, turn_id, self.allowed(deadline))
        return self.take(given, began)

    def moment(self, live: Live) -> float:
        """Now, on the session's clock; not before the end of what has been said."""
        return self._memory.span(live, self._info, 0.0).start

    async def aturn(
        self,
        text: str | None = None,
        audio: Sound | None = None,
        frames: Sequence[Frame] = (),
        *,
        person: str = USER,
        turn_id: str | None = None,
        deadline: float | None = None,
    ) -> AffectTurn:
        """As `turn`, without holding up the event loop."""
        began = time.perf_counter()
        given = given_of(text, audio, frames, person, turn_id, self.allowed(deadline))
        return await self.analyzer.threads.call(partial(self.take, given, began))

    def listen(self, person: str = USER) -> Listening:
        """Takes in what `person` says while it is said."""
        return Listening(self, person)

    def reply(self, text: str, person: str = ASSISTANT) -> None:
        """What was answered: the next turn is read after it. It has no affect of its own."""
        words = words_of(text, person)
        with self._entered() as live:
            if self._info.consent.text:
                self._memory.check(live, self._info)
                self._memory.answer(live, self._info, words, person)

    def timeline(self) -> list[AffectTurn]:
        """All turns, in order, as they are judged now."""
        return [record.affect for record in self.records()]

    def records(self) -> Iterator[TurnRecord]:
        """Everything that is known of all turns, in order, as they are judged now."""
        return self._memory.records()

    def record(self, turn: int) -> TurnRecord:
        """Everything that is known of a turn, by its number. Raises `NotFound`."""
        return self.analyzer.store.turn(self.id, turn)

    def agree(self, consent: Consent) -> SessionInfo:
        """Replaces what the person has agreed to, from the next turn on. Where something is taken back, how the person
        has sounded and looked so far is forgotten."""
        less = any(self._info.consent.allows(sense) and not consent.allows(sense) for sense in SENSES)
        self._info = self.analyzer.store.consent(self.id, consent)
        if less:
            self.analyzer.live.forget(self.id)
        return self._info

    def delete(self) -> None:
        """Removes the session with all that is stored of it, for good. Raises `NotFound`."""
        with self._entered():
            self.analyzer.store.delete(self.id)
        self.analyzer.live.forget(self.id)

    def take(self, given: Given, began: float) -> AffectTurn:
        """Analyses what has been given; `began`: when that was complete, on the clock of `time.perf_counter`."""
        given.check(self.analyzer.settings)
        if given.audio is not None or given.watched:
            self.analyzer.live.room()
        self.analyzer.warm()
        ready = time.perf_counter()
        with self._entered() as live:
            given.agreed(self._info.consent)
            self._memory.check(live, self._info)
            try:
                return self._judged(live, given, began, ready)
            except Clash:  # another process has been quicker
                live.checked = False
                self._info = self.analyzer.store.get(self.id, self._info.owner)
                self._memory.check(live, self._info)
                return self._judged(live, given, began, ready)

    def _judged(self, live: Live, given: Given, began: float, ready: float) -> AffectTurn:
        if given.turn_id and (known := self.analyzer.store.by_id(self.id, given.turn_id)):
            return known.affect
        start = given.live.start if given.live else None
        span, consent = self._memory.span(live, self._info, given.seconds, start), self._info.consent
        perception = Perception(live, given, span, consent)
        heard = Heard(
            text=given.text, person=given.person, turn_id=given.turn_id or "", session=self.id, span=span,
            given=perception.given, refused=perception.refused,
        )  # fmt: skip
        until = ready + max(0.0, given.deadline - RESERVE)
        around = Surroundings(self.analyzer.settings, perception.senses, began, until, given.deadline)
        affect = self._traced(live, heard, around)
        perception.leave(affect, self._settle)
        return affect

    def _traced(self, live: Live, heard: Heard, around: Surroundings) -> AffectTurn:
        with self.analyzer.tracing.here(), span("turn", {"emoagent.senses": heard.given}) as note:
            affect = self._memory.add(live, heard, around)
            _tell(note, affect)
            return affect

    def _settle(self) -> None:
        """Judges earlier turns again with what has arrived too late for them."""
        with self._entered() as live:
            self._memory.check(live, self._info)
            self._memory.settle(live)

    @contextmanager
    def _entered(self) -> Iterator[Live]:
        """The session for this caller alone, as the store knows it now."""
        with self.analyzer.live.entered(self.id) as live:
            try:
                self._info = self.analyzer.store.get(self.id, self._info.owner)
                yield live
            except BaseException:
                live.checked = False
                raise

    def allowed(self, deadline: float | None) -> float:
        """The deadline in seconds, or the usual one. Raises `UsageError`."""
        from emoagent.bridges.turns import checked_deadline

        return self.analyzer.deadline if deadline is None else checked_deadline(deadline)


def _tell(note: Note, affect: AffectTurn) -> None:
    """What came of a turn; no label, no words, and not the session's id, which may be a person's."""
    told: dict[str, Value | None] = {
        "emoagent.turn": affect.turn, "emoagent.senses.late": affect.latency.late,
        "emoagent.turns.revised": len(affect.late), "emoagent.evidence.cited": affect.evidence,
        "emoagent.verdict.confidence": affect.confidence, "emoagent.verdict.labelled": affect.label is not None,
    }  # fmt: skip
    note.tell(told)
