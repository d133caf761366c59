"""What the checkpointers of all stores share: what they may bring back to life, and how they are awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
)
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from emoagent import affect, graphs, schema
from emoagent.bridges.sessions.tables import no_session

TURN = "turn"  # the modules of the graph of a turn are named so: turn, turn_state, …


def serializer() -> JsonPlusSerializer:
    """Reads back only our own records, and what the graph of a turn holds; anything else stays the data that it is."""
    names = sorted(module.name for module in iter_modules(graphs.__path__) if module.name.startswith(TURN))
    modules = [schema, affect, *(import_module(f"{graphs.__name__}.{name}") for name in names)]
    return JsonPlusSerializer(allowed_msgpack_modules=sorted({key for module in modules for key in _ours(module)}))


def thread_of(config: RunnableConfig) -> str:
    """The session of which a checkpoint is: LangGraph calls it a thread."""
    return str(config.get("configurable", {})["thread_id"])


@contextmanager
def of_a_session(config: RunnableConfig, refused: type[Exception]) -> Iterator[None]:
    """What is written hangs on a session's row: raises `NotFound` where the database refuses it for want of one."""
    try:
        yield
    except refused as error:
        raise no_session(thread_of(config)) from error


def _ours(module: ModuleType) -> Iterator[tuple[str, str]]:
    for value in vars(module).values():
        if isinstance(value, type) and value.__module__.startswith("emoagent."):
            yield value.__module__, value.__name__


class Threaded(BaseCheckpointSaver[str]):
    """Gives a checkpointer that only blocks its awaitable methods: each runs in a thread."""

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """As `get_tuple`."""
        return await asyncio.to_thread(self.get_tuple, config)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """As `list`."""

        def listed() -> Sequence[CheckpointTuple]:
            return tuple(self.list(config, filter=filter, before=before, limit=limit))

        for found in await asyncio.to_thread(listed):
            yield found

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """As `put`."""
        return await asyncio.to_thread(self.put, config, checkpoint, metadata, new_versions)

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """As `put_writes`."""
        await asyncio.to_thread(self.put_writes, config, writes, task_id, task_path)

    async def adelete_thread(self, thread_id: str) -> None:
        """As `delete_thread`."""
        await asyncio.to_thread(self.delete_thread, thread_id)
