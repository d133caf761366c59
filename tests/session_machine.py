"""A machine that does to a store whatever owners may do, and looks whether anyone sees what is not theirs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from session_contract import BEGAN, info, keep, kept, record, thread

from emoagent.bridges.sessions.store import SessionStore
from emoagent.errors import Clash, NotFound

OWNERS = st.sampled_from(("", "k1", "k2"))
NAMES = st.sampled_from(("a", "b", "A", "a.b", "a:b"))
FUTURE = BEGAN + timedelta(days=36500)


class Sessions(RuleBasedStateMachine):
    """Beside the store it keeps what each session should hold: its owner, its texts. Inherit it, and say which `store`.

    Every text names its session and which of its lives it was said in, so that a text in a wrong place shows.
    """

    store: SessionStore
    look: Callable[[], bytes] | None = None  # the bytes of the store's files

    def __init__(self) -> None:
        super().__init__()
        self.theirs: dict[str, tuple[str, list[str]]] = {}
        self.lives = 0
        self.gone: list[str] = []

    @rule(name=NAMES, owner=OWNERS, brief=st.booleans())
    def create(self, name: str, owner: str, brief: bool) -> None:
        try:
            self.store.create(info(name, owner, keep_days=1 if brief else None))
        except Clash:
            assert name in self.theirs
        else:
            assert name not in self.theirs
            self.lives += 1
            self.theirs[name] = (owner, [f"<{name}#{self.lives}>"])

    @rule(name=NAMES, long=st.booleans())
    def say(self, name: str, long: bool) -> None:
        _, texts = self.theirs.get(name, ("", [f"<{name}#0>"]))
        text = texts[0] * (50 if long else 1)
        try:
            keep(self.store, name, [text])
            self.store.append(name, record(name, len(texts), text))
        except NotFound:
            assert name not in self.theirs
        else:
            assert name in self.theirs
            texts.append(text)

    @rule(name=NAMES)
    def prune(self, name: str) -> None:
        self.store.prune(name)

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        try:
            self.store.delete(name)
        except NotFound:
            assert name not in self.theirs
        else:
            self._ended(name)

    @rule()
    def clean_up(self) -> None:
        over = [name for name in self.theirs if self.store.get(name, self.theirs[name][0]).keep_days]
        assert self.store.gc(FUTURE) == len(over)
        for name in over:
            self._ended(name)

    def _ended(self, name: str) -> None:
        _, texts = self.theirs.pop(name)
        self.gone.append(texts[0])

    @invariant()
    def each_sees_their_own(self) -> None:
        for owner in ("", "k1", "k2"):
            own = {name for name, (whose, _) in self.theirs.items() if whose == owner}
            assert {found.id for found in self.store.sessions(owner)} == own
            for name in ("a", "b", "A", "a.b", "a:b"):
                assert _found(self.store, name, owner) == (name in own)

    @invariant()
    def each_session_holds_its_own(self) -> None:
        for name in ("a", "b", "A", "a.b", "a:b"):
            texts = self.theirs.get(name, ("", [""]))[1]
            assert [turn.utterance.text for turn in self.store.turns(name)] == texts[1:]
            memory = kept(self.store, name)
            assert memory == ([texts[-1]] if len(texts) > 1 else None)
            for found in self.store.saver.list(thread(name)):
                assert texts[0] in str(found.checkpoint["channel_values"])

    @precondition(lambda self: self.look is not None and self.gone)
    @invariant()
    def no_byte_is_left(self) -> None:
        assert self.look is not None
        there = self.look()
        assert not any(text.encode() in there for text in self.gone)


def _found(store: SessionStore, name: str, owner: str) -> bool:
    try:
        return store.get(name, owner).owner == owner
    except NotFound:
        return False
