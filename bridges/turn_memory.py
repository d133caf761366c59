"""What is stored of a session: rows of turns, and the checkpoint with what later turns are judged by.

The row of a turn is written after the checkpoint and before the answer. Whoever is killed between the two leaves a turn
that nobody was told of; it is put among the rows when the session is used again. Where rows and checkpoint contradict
each other otherwise, the rows are right, and the memory is made from them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from langsmith.run_helpers import tracing_context

from emoagent.affect import AffectTurn, TurnRecord
from emoagent.bridges.live_session import Live
from emoagent.bridges.sessions.store import SessionInfo, SessionStore
from emoagent.graphs.turn import TurnGraph
from emoagent.graphs.turn_judge import past_of
from emoagent.graphs.turn_state import REMEMBERED, Arrival, Heard, Surroundings
from emoagent.schema import Span, Utterance
from emoagent.settings import Settings

PAGE = 500  # rows that are read at a time


class TurnMemory:
    """Of one session. All but `records` is to be used by one caller at a time."""

    def __init__(self, store: SessionStore, graph: TurnGraph, session: str, settings: Settings) -> None:
        self._store, self._graph, self._session = store, graph, session
        self._alone = Surroundings(settings)
        self._config: Any = {"configurable": {"thread_id": session}}

    def records(self) -> Iterator[TurnRecord]:
        """All turns, in order."""
        last = 0
        while rows := self._store.turns(self._session, after=last, limit=PAGE):
            yield from rows
            last = rows[-1].affect.turn

    def span(self, live: Live, info: SessionInfo, seconds: float, start: float | None = None) -> Span:
        """When a turn was said, on the session's clock: from `start`, or so that it ends now, after the one before."""
        start = round(max(live.clock, _now(info) - seconds), 3) if start is None else start
        return Span(start=start, end=round(start + seconds, 3))

    def add(self, live: Live, heard: Heard, around: Surroundings) -> AffectTurn:
        """Judges a turn and keeps it. Raises `Clash` where another process has added one meanwhile."""
        arrived = live.arrived()
        began = time.perf_counter()
        values = self._run({"heard": heard, "arrived": self._arrivals(arrived)}, around)
        ended = time.perf_counter()
        live.told(tuple(arrived))
        record = _timed(values["record"], around, ended - began)
        self._replace(values["revised"])
        kept = self._store.append(self._session, record)
        self._prune(live)
        live.clock = record.utterance.span.end
        live.checked = kept.affect == record.affect  # else another process has kept a turn of this id meanwhile
        return kept.affect

    def settle(self, live: Live) -> None:
        """Judges earlier turns again, if anything has arrived for them."""
        if arrived := live.arrived():
            values = self._run({"arrived": self._arrivals(arrived)}, self._alone)
            live.told(tuple(arrived))
            self._replace(values["revised"])
            self._prune(live)

    def answer(self, live: Live, info: SessionInfo, words: str, person: str) -> None:
        """Remembers what was answered."""
        span = self.span(live, info, 0.0)
        said = Utterance(id="answer", person=person, span=span, text=words, source="chat")
        self._run({"replied": (said,)}, self._alone)
        self._prune(live)
        live.clock = span.end

    def check(self, live: Live, info: SessionInfo) -> None:
        """Makes rows and checkpoint agree, where that is not known yet."""
        if live.checked:
            return
        values = self._graph.get_state(self._config).values
        turns, record = values.get("turns", 0), values.get("record")
        if record and turns == info.turns + 1:
            self._replace(values["revised"])
            self._store.append(self._session, record)
        elif not self._agree(turns, record, info):
            values = self._rebuilt(info)
        elif values:
            self._replace(values["revised"])
        past = values.get("past", ())
        live.clock, live.checked = past[-1].utterance.span.end if past else 0.0, True

    def _agree(self, turns: int, record: TurnRecord | None, info: SessionInfo) -> bool:
        if turns != info.turns or record is None:
            return turns == info.turns == 0
        return self._store.turn(self._session, turns).affect.turn_id == record.affect.turn_id

    def _rebuilt(self, info: SessionInfo) -> dict[str, Any]:
        rows = self._store.turns(self._session, after=max(0, info.turns - REMEMBERED), limit=REMEMBERED)
        past = tuple(past_of(row) for row in rows)
        memory = {"past": past, "turns": info.turns, "record": rows[-1] if rows else None, "late": ()}
        return self._run(memory, self._alone)

    def _arrivals(self, arrived: dict[int, Any]) -> tuple[Arrival, ...]:
        return tuple(
            Arrival(record=self._store.turn(self._session, turn), perceived=found) for turn, found in arrived.items()
        )

    def _replace(self, revised: tuple[TurnRecord, ...]) -> None:
        for record in revised:
            self._store.replace(self._session, record)

    def _prune(self, live: Live) -> None:
        """Older checkpoints go, while nobody waits."""
        live.later(partial(self._store.prune, self._session))

    def _run(self, given: dict[str, Any], around: Surroundings) -> dict[str, Any]:
        empty = {"heard": None, "replied": (), "arrived": ()}
        with tracing_context(enabled=False):
            values: dict[str, Any] = self._graph.invoke(
                {**empty, **given}, self._config, context=around, durability="exit"
            )
        return values


def _timed(record: TurnRecord, around: Surroundings, seconds: float) -> TurnRecord:
    """With the time that the answer took up to now, and what of it went into keeping the checkpoint."""
    latency = record.affect.latency
    began = around.began or time.perf_counter()
    total = round(1000 * (time.perf_counter() - began), 2)
    stages = {**latency.stages, "graph": round(1000 * seconds, 2)}
    told = latency.model_copy(update={"total": total, "stages": stages})
    return record.model_copy(update={"affect": record.affect.model_copy(update={"latency": told})})


def _now(info: SessionInfo) -> float:
    """Seconds since the session was created."""
    return max(0.0, (datetime.now(UTC) - info.created).total_seconds())
