"""Loads what turns need, by analysing one that nobody keeps."""

from __future__ import annotations

from emoagent.graphs.turn import turn_graph
from emoagent.graphs.turn_state import Heard, Surroundings
from emoagent.settings import Settings


def warm_up(settings: Settings) -> None:
    """Raises `ModelMissing` where the text model is not there."""
    from emoagent.tools.text_model import text_model

    text_model()
    turn_graph().invoke({"heard": Heard(text="Hello, how are you?")}, context=Surroundings(settings))
