"""What is held in memory of conversations that are in use."""

from __future__ import annotations

import gc
from threading import Thread

from emoagent.bridges.live_session import Live, LiveSessions, Threads


class Dropped:
    """A turn that nobody finished; only the garbage collector finds it."""

    def __init__(self, sessions: LiveSessions) -> None:
        import weakref
        from contextlib import ExitStack

        self.itself, stack = self, ExitStack()
        stack.enter_context(sessions.held("dropped"))
        weakref.finalize(self, stack.close)


def test_an_unfinished_turn_may_be_collected_while_another_session_is_made() -> None:
    """Which holds the lock that releasing it takes."""
    threads = Threads(1)

    def made() -> Live:
        gc.collect()
        return Live(threads)

    sessions = LiveSessions(made, 10, 10)
    Dropped(sessions)
    other = Thread(target=lambda: sessions.entered("other").__enter__(), daemon=True)
    other.start()
    other.join(20)
    assert not other.is_alive(), "it waits for itself"
    with sessions.held("dropped") as live:
        assert live.users == 1
    threads.close()
