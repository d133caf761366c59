"""Sessions in the memory of this process: for tests, and for bots that should forget when they stop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import ChannelVersions, Checkpoint, CheckpointMetadata, CheckpointTuple
from langgraph.checkpoint.memory import InMemorySaver

from emoagent.affect import Consent, TurnRecord
from emoagent.bridges.sessions.saving import serializer, thread_of
from emoagent.bridges.sessions.store import SessionInfo
from emoagent.bridges.sessions.tables import in_order, no_session, no_turn, owned, stamp, taken


@dataclass
class _Kept:
    info: SessionInfo
    turns: list[TurnRecord] = field(default_factory=list)


class MemoryStore:
    """A `SessionStore` without a file."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._kept: dict[str, _Kept] = {}
        self._saver = _Saver(self._kept, self._lock)

    @property
    def saver(self) -> InMemorySaver:
        """The checkpointer for the graph of a turn."""
        return self._saver

    def create(self, info: SessionInfo) -> SessionInfo:
        """A new session. Raises `Clash` where there is one of this id."""
        with self._lock:
            if info.id in self._kept:
                raise taken(info.id)
            self._kept[info.id] = _Kept(info.model_copy(update={"turns": 0}))
            return self._kept[info.id].info

    def get(self, session: str, owner: str = "") -> SessionInfo:
        """Raises `NotFound`, for a session of somebody else's as well."""
        kept = self._kept.get(session)
        return owned(kept.info if kept else None, session, owner)

    def sessions(self, owner: str | None = None, limit: int = 100) -> Sequence[SessionInfo]:
        """Last used first."""
        with self._lock:
            found = [kept.info for kept in self._kept.values() if owner is None or kept.info.owner == owner]
        return sorted(found, key=lambda info: (-stamp(info.used), info.id))[: max(0, limit)]

    def consent(self, session: str, consent: Consent) -> SessionInfo:
        """Raises `NotFound`."""
        with self._lock:
            return self._used(self._of(session), consent=consent)

    def append(self, session: str, record: TurnRecord) -> TurnRecord:
        """Keeps a new turn; see `SessionStore`."""
        with self._lock:
            kept = self._of(session)
            before = self.by_id(session, record.affect.turn_id)
            if before is not None:
                return before
            in_order(record.affect.turn, len(kept.turns))
            kept.turns.append(record)
            self._used(kept, turns=len(kept.turns))
            return record

    def replace(self, session: str, record: TurnRecord) -> None:
        """Raises `NotFound` where there is no such turn."""
        with self._lock:
            turn = record.affect.turn
            if self.turn(session, turn).affect.turn_id != record.affect.turn_id:
                raise no_turn(session, turn)
            self._kept[session].turns[turn - 1] = record

    def turn(self, session: str, turn: int) -> TurnRecord:
        """Raises `NotFound`."""
        kept = self._kept.get(session)
        if kept is None or not 1 <= turn <= len(kept.turns):
            raise no_turn(session, turn)
        return kept.turns[turn - 1]

    def by_id(self, session: str, turn_id: str) -> TurnRecord | None:
        """The turn to which the caller gave this id."""
        found = (record for record in self.turns(session, limit=2**31) if record.affect.turn_id == turn_id)
        return next(found, None)

    def turns(self, session: str, after: int = 0, limit: int = 1000) -> Sequence[TurnRecord]:
        """In order; none where there is no such session."""
        kept, start = self._kept.get(session), max(0, after)
        return tuple(kept.turns[start : start + max(0, limit)]) if kept else ()

    def prune(self, session: str) -> None:
        """Removes all but the latest checkpoint of the session."""
        self._saver.prune([session])

    def delete(self, session: str) -> None:
        """Raises `NotFound`."""
        with self._lock:
            self._of(session)
            self._saver.delete_thread(session)
            del self._kept[session]

    def gc(self, now: datetime) -> int:
        """Deletes the sessions whose time is over; how many."""
        with self._lock:
            over = [name for name, kept in self._kept.items() if _over(kept.info, now)]
            for session in over:
                self.delete(session)
            return len(over)

    def ping(self) -> None:
        """Memory always answers."""

    def close(self) -> None:
        """Forgets everything."""
        with self._lock:
            for session in tuple(self._kept):
                self.delete(session)

    def _of(self, session: str) -> _Kept:
        if session not in self._kept:
            raise no_session(session)
        return self._kept[session]

    def _used(self, kept: _Kept, **changes: object) -> SessionInfo:
        kept.info = kept.info.model_copy(update={"used": datetime.now(UTC), **changes})
        return kept.info


def _over(info: SessionInfo, now: datetime) -> bool:
    if info.keep_days is None:
        return False
    return stamp(info.used) + timedelta(days=info.keep_days).total_seconds() <= stamp(now)


class _Saver(InMemorySaver):
    """Keeps checkpoints of sessions that are there, and may be used by several threads."""

    def __init__(self, kept: dict[str, _Kept], lock: RLock) -> None:
        super().__init__(serde=serializer())
        self._kept, self._lock = kept, lock

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        with self._lock:
            return super().get_tuple(config) if thread_of(config) in self._kept else None

    def list(self, config: RunnableConfig | None, **which: Any) -> Iterator[CheckpointTuple]:
        with self._lock:
            if config is not None and thread_of(config) not in self._kept:
                return iter(())
            return iter(tuple(super().list(config, **which)))

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        with self._lock:
            self._must_be(config)
            return super().put(config, checkpoint, metadata, new_versions)

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        with self._lock:
            self._must_be(config)
            super().put_writes(config, writes, task_id, task_path)

    def prune(self, thread_ids: Sequence[str], *, strategy: str = "keep_latest") -> None:
        with self._lock:
            for thread in thread_ids:
                if strategy == "delete":
                    self.delete_thread(thread)
                else:
                    self._keep_latest(thread)

    def _keep_latest(self, thread: str) -> None:
        spaces = self.storage.get(thread, {})
        latest = max(spaces.get("", {}), default="")
        for space, checkpoints in tuple(spaces.items()):
            keep = max(checkpoints, default="")
            if ":" in space and keep < latest:  # a sub-graph's, of a call that is over
                keep = ""
            for checkpoint in [name for name in checkpoints if name != keep]:
                del checkpoints[checkpoint]
                self.writes.pop((thread, space, checkpoint), None)
            versions = self.serde.loads_typed(checkpoints[keep][0])["channel_versions"] if keep else {}
            for key in [key for key in self.blobs if key[:2] == (thread, space) and versions.get(key[2]) != key[3]]:
                del self.blobs[key]
            if not checkpoints:
                del spaces[space]

    def _must_be(self, config: RunnableConfig) -> None:
        if thread_of(config) not in self._kept:
            raise no_session(thread_of(config))
