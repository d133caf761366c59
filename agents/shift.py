"""Emotion shift: whether a person's expression has changed since that person last spoke."""

from __future__ import annotations

from collections.abc import Sequence

from emoagent.agents.case import Turn
from emoagent.schema import Shift, Utterance


def shift(utterance: Utterance, label: str, history: Sequence[Turn]) -> Shift | None:
    """The change to `label` from the same known person's latest verdict with a label; `None` where there is no such
    verdict, or no change. `history` holds the turns before, oldest first."""
    if utterance.person is None:
        return None
    for turn in reversed(history):
        before = turn.verdict.label
        if turn.utterance.person == utterance.person and before is not None:
            return None if before == label else Shift(utterance=turn.utterance.id, before=before, after=label)
    return None
