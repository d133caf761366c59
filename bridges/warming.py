"""Loads what turns need, by analysing one that nobody keeps."""

from __future__ import annotations

from contextlib import suppress

from emoagent.agents import senses
from emoagent.errors import ModelMissing
from emoagent.graphs.turn import turn_graph
from emoagent.graphs.turn_state import Heard, Surroundings
from emoagent.settings import FORBIDDEN_CONTEXTS, Settings
from emoagent.tools.weights import assets


def warm_up(settings: Settings) -> None:
    """Nothing is fetched: the face's models are loaded where they are there. Raises `ModelMissing` where the text model
    is not."""
    from emoagent.tools.words.text_model import text_model

    text_model()
    turn_graph().invoke({"heard": Heard(text="Hello, how are you?")}, context=Surroundings(settings))
    if settings.context not in FORBIDDEN_CONTEXTS:
        with suppress(ModelMissing):
            senses.warm_up(faces=_there())


def _there() -> bool:
    return any(assets.status(asset) == "present" for asset in (assets.FACE, assets.FACE_ASSEMBLED))
