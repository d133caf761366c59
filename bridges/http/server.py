"""What the routes share: the analyzer, who may ask, how much, and the jobs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from emoagent.bridges.http.auth import Keys
from emoagent.bridges.http.config import ServerConfig
from emoagent.bridges.http.job_runner import JobRunner
from emoagent.bridges.http.limits import AtOnce, Rate
from emoagent.errors import EmoagentError

if TYPE_CHECKING:
    from emoagent.bridges.turns import TurnAnalyzer

SPARE = 16  # more than the routes let through, for what is tidied up meanwhile
CLEANING = 3600.0  # seconds between two looks at what has been kept long enough
log = logging.getLogger("emoagent.serve")


class Server:
    """`analyzer`: one of the caller's, who closes it; else one is opened as `config` says, and closed with this."""

    def __init__(self, config: ServerConfig, analyzer: TurnAnalyzer | None = None) -> None:
        self.config = config.check()
        self.keys = Keys(config.all_keys())
        self.rate = Rate(config.rate, config.burst)
        self.turns = AtOnce(config.turns_at_once, "turns")
        self.jobs = JobRunner(config)
        self.over: Callable[[], bool] = lambda: False  # whether the process is about to end
        self._own = analyzer is None
        self.analyzer = analyzer if analyzer is not None else _opened(config)

    def start(self) -> None:
        """Loads the models, so that the first turn is no slower than the others, and takes up jobs."""
        self.analyzer.warm()
        self.jobs.start()

    async def clean(self) -> None:
        """Deletes what has been kept long enough, now and every hour, until it is cancelled."""
        while True:
            try:
                await asyncio.to_thread(self.analyzer.store.gc, datetime.now(UTC))
                await asyncio.to_thread(self.jobs.clean)
            except EmoagentError as error:
                log.warning("sessions could not be cleaned up: %s", error.message)
            await asyncio.sleep(CLEANING)

    def close(self) -> None:
        """Ends what was opened here."""
        self.jobs.stop()
        if self._own:
            self.analyzer.close()


def _opened(config: ServerConfig) -> TurnAnalyzer:
    from emoagent.bridges.turns import TurnAnalyzer

    at_once = config.turns_at_once + config.live_at_once + config.upstream_at_once + SPARE
    return TurnAnalyzer(config.address, deadline=config.deadline, at_once=at_once)
