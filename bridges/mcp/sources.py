"""Where a question is put: at the result of a recording, or at a conversation as it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emoagent.bridges.mcp.results import Results
from emoagent.errors import UsageError
from emoagent.schema import Trace

if TYPE_CHECKING:
    from emoagent.bridges.mcp.conversations import Conversations


class Sources:
    """Results of recordings, and conversations."""

    def __init__(self, results: Results, conversations: Conversations) -> None:
        self.results, self.conversations = results, conversations

    def trace(self, result: str | None, session: str | None) -> tuple[Trace, str]:
        """What is known, and the id it goes by. Raises `UsageError` unless just one is named, `NotFound`, `Refused`."""
        if (result is None) == (session is None):
            raise UsageError("give either result or session", hint="the id that analyze_media or analyze_turn gave")
        if result is not None:
            return self.results.trace(result), result
        assert session is not None
        return self.conversations.trace(session), session
