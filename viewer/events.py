"""Server-sent events of something that is looked at now and then: told whenever it has changed, until it is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

GLANCE = 0.5  # seconds between two looks
QUIET = 15.0  # seconds after which a line shows that the connection stands
AGAIN = 2000  # milliseconds after which a browser asks again

Look = Callable[[], tuple[str, bool] | None]
"""What there is to tell, as one line, and whether that is the last of it; `None`: it is gone. Called in a thread."""


async def events(look: Look, over: Callable[[], bool]) -> AsyncIterator[str]:
    """One event for each change. `over` says that the server is to end, so that nothing is sent any more."""
    yield f"retry: {AGAIN}\n\n"
    told, quiet = "", 0.0
    while not over():
        found = await asyncio.to_thread(look)
        if found is None:
            return
        text, last = found
        if text != told:
            yield f"data: {text}\n\n"
            told, quiet = text, 0.0
        if last:
            return
        if quiet >= QUIET:
            yield ": still there\n\n"
            quiet = 0.0
        await asyncio.sleep(GLANCE)
        quiet += GLANCE
