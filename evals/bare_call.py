"""What the text model costs on its own: the floor of what an utterance can cost in the embedded profile."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from emoagent.evals.benchmark import Options
from emoagent.evals.corpora.line import Line, with_history
from emoagent.evals.replay import text_model_in
from emoagent.evals.result import SystemRow
from emoagent.tools.words.text_input import TURNS, Said, encode
from emoagent.tools.words.text_model import text_model

CALLS = 300  # about as many lines, evenly spread


def bare_call(lines: Sequence[Line], options: Options) -> SystemRow:
    """A row without figures: the mean cost of one call of onnxruntime on the tokens of a line and its history, which
    have been made before. Raises `ModelMissing`."""
    spread = list(with_history(lines))[:: max(1, len(lines) // CALLS)]
    with text_model_in(options.text_model):
        session, took = text_model().session, 0.0
    for line, before in spread:
        found = encode(Said(line.text, line.speaker), [Said(turn.text, turn.speaker) for turn in before[-TURNS:]])
        ids, types = np.array([found.ids]), np.array([found.types])
        fed = {"ids": ids, "types": types, "mask": np.ones_like(ids)}
        began = time.process_time()
        session.run(None, fed)
        took += time.process_time() - began
    return SystemRow(
        system="floor: bare model call", n=len(spread), figures={}, milliseconds=1000 * took / max(1, len(spread))
    )
