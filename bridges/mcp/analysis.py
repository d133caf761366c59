"""An analysis as a tool runs it: in a child process, with progress, and gone when the call is cancelled."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from emoagent import errors
from emoagent.bridges.analysis_child import GRACE
from emoagent.errors import EmoagentError, InternalError
from emoagent.settings import Settings
from emoagent.tools.plain_text import clock

LAST = ("opine", "judge", "audit")  # stages that follow when all perception is through
COMMAND = [sys.executable, "-P", "-m", "emoagent.bridges.analysis_child"]
LONGEST = 1 << 20  # bytes of a line
INTERVAL = 0.25  # seconds between two notices of one stage

Notice = Callable[[float, float | None, str], Awaitable[None]]
"""Is told how many stages are done (parts of one count), of how many, and what is going on."""


@dataclass
class Stages:
    """How far a run has come. Perception agents that have nothing to do are never heard of, so that the three last
    stages count from the end."""

    plan: int = 0
    duration: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)
    value: float = 0.0

    def hear(self, message: dict[str, Any]) -> str | None:
        """What to say of it; `None` for what is no progress."""
        self.plan = message.get("plan", self.plan)
        self.duration = message.get("duration", self.duration)
        if (name := message.get("stage")) is None:
            return None
        if "fetched" in message:
            return f"{name}: fetching a model file, {message['fetched'] / 1e6:.0f} MB"
        done = "took" in message
        share = 1.0 if done else min(1.0, message["at"] / self.duration) if self.duration else 0.0
        self.parts[name] = max(share, self.parts.get(name, 0.0))
        self.value = max(self.value, self._reached(name))
        if done:
            return f"{name}: done in {message['took']:.1f} s"
        return f"{name}: {clock(message['at'])} of {clock(self.duration)}" if self.duration else name

    def _reached(self, name: str) -> float:
        if name in LAST:
            return self.plan - len(LAST) + LAST.index(name) + self.parts[name]
        return min(sum(self.parts.values()), self.plan - len(LAST))


async def run(source: Path, out: Path, settings: Settings, notice: Notice) -> None:
    """Analyses `source` into `out`, going on where an equal run was stopped. Raises what `analyze` raises; the error
    of the child comes back as the same class."""
    job = {"source": str(source), "out": str(out), "settings": settings.model_dump(mode="json", exclude={"api_key"})}
    stages, ended, noticed = Stages(), None, ("", 0.0)
    async with _child(job) as process:
        async for message in _messages(process):
            if "done" in message or "error" in message:
                ended = message
            elif told := stages.hear(message):
                name, now = message["stage"], time.monotonic()
                if "took" in message or name != noticed[0] or now - noticed[1] >= INTERVAL:
                    noticed = (name, now)
                    await notice(stages.value, stages.plan or None, told)
        status = await process.wait()
    if ended is None:
        raise InternalError(RuntimeError(f"the analysis ended with status {status} and no answer"))
    if "error" in ended:
        raise raised(ended["error"])


@asynccontextmanager
async def _child(job: dict[str, Any]) -> AsyncIterator[Process]:
    """The process; when the block is left, however that is, it stops: by the end of its stdin, else by force."""
    process = await anyio.open_process(COMMAND, stderr=None, start_new_session=True)
    assert process.stdin is not None
    try:
        await process.stdin.send(json.dumps(job).encode() + b"\n")
        yield process
    finally:
        with anyio.CancelScope(shield=True):
            await process.stdin.aclose()
            with anyio.move_on_after(GRACE):
                await process.wait()
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
            await process.aclose()


async def _messages(process: Process) -> AsyncIterator[dict[str, Any]]:
    assert process.stdout is not None
    lines = BufferedByteReceiveStream(process.stdout)
    while True:
        try:
            line = await lines.receive_until(b"\n", LONGEST)
        except (anyio.IncompleteRead, anyio.DelimiterNotFound, anyio.EndOfStream):
            return
        yield json.loads(line)


def raised(envelope: dict[str, str]) -> EmoagentError:
    """The error that the child met, as one of ours again."""
    ours = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, EmoagentError)]
    plain = {each.code: each for each in ours if each.__init__ is EmoagentError.__init__}
    kind: type[EmoagentError] = plain.get(envelope["code"]) or type(
        "Told", (EmoagentError,), {"code": envelope["code"]}
    )
    return kind(envelope["message"], hint=envelope["hint"], where=envelope["where"])
