"""Loads what turns need, by analysing one that nobody keeps."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from emoagent.agents.senses import Senses
from emoagent.errors import ModelMissing
from emoagent.graphs.turn import turn_graph
from emoagent.graphs.turn_state import Heard, Surroundings
from emoagent.schema import Span, Utterance
from emoagent.settings import FORBIDDEN_CONTEXTS, Settings
from emoagent.tools.sound import Sound


def warm_up(settings: Settings) -> None:
    """Nothing is fetched: the face's models are loaded where they are there. Raises `ModelMissing` where the text model
    is not."""
    from emoagent.tools.text_model import text_model

    text_model()
    turn_graph().invoke({"heard": Heard(text="Hello, how are you?")}, context=Surroundings(settings))
    if settings.context not in FORBIDDEN_CONTEXTS:
        _listen()
        _look()


def _listen() -> None:
    """Half a second of a hum."""
    hum = np.sin(np.arange(8000) * (2 * np.pi * 150 / 16_000)).astype(np.float32) / 10
    nobody = Utterance(id="warm", span=Span(start=0, end=0.5), text="", source="chat")
    Senses().voice(nobody, Sound(hum, 16_000))


def _look() -> None:
    from emoagent.tools import assets

    if any(assets.status(asset) == "present" for asset in (assets.FACE, assets.FACE_ASSEMBLED)):
        from emoagent.tools.watcher import face_models

        with suppress(ModelMissing):
            face_models()
