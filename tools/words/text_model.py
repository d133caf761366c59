"""What a line of dialogue suggests, read with the turns before it: all-MiniLM-L6-v2, fine-tuned, as ONNX int8.

Trained and exported by `emoagent train text`; data, figures and limits stand in docs/models/text-minilm.md.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import ModelMissing
from emoagent.schema import Model
from emoagent.tools.words.text_input import Said, encode

WEIGHTS, CARD = "model.onnx", "card.json"
SHIPPED = "models/text-minilm"
NEEDED = (
    "name",
    "licence",
    "source",
    "heads",
    "labels",
    "bias",
    "temperature",
    "open_thresholds",
    "rated",
)  # in a card
MOST_OPEN = 3  # open labels that are named


@dataclass(frozen=True)
class Reading:
    """`distribution` over meld7 and `emorynlp7` over EmoryNLP's labels, each summing to 1, calibrated; `open_labels`
    with their probabilities, likeliest first, only those that are likely enough to be said; valence and arousal from -1
    to 1; `vector` (384) is the pooled text, for whoever compares texts."""

    distribution: Mapping[str, float]
    emorynlp7: Mapping[str, float]
    open_labels: Mapping[str, float]
    valence: float
    arousal: float
    vector: NDArray[np.float32]


@dataclass(frozen=True)
class TextModel:
    """A fitted model; `card` says what it was made from and how its outputs are to be read."""

    session: Any
    card: Mapping[str, Any]
    digest: str

    def read(self, said: Said, before: Sequence[Said] = ()) -> Reading:
        """Reads `said` after the turns `before`, oldest first; what is too long is cut."""
        raw, vector = self.outputs(said, before)
        heads = {name: raw[start:end] for name, (start, end) in self.card["heads"].items()}
        rated = dict(zip(("valence", "arousal"), self._rated(heads["rated"]), strict=True))
        return Reading(
            distribution=self._distribution("meld7", heads["meld7"]),
            emorynlp7=self._distribution("emorynlp7", heads["emorynlp7"]),
            open_labels=self._open(heads["open"]),
            vector=vector,
            **rated,
        )

    def outputs(self, said: Said, before: Sequence[Said] = ()) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The raw outputs of all heads side by side, and the pooled vector."""
        row = encode(said, before)
        fed = {"ids": np.array([row.ids]), "types": np.array([row.types]), "mask": np.ones((1, len(row.ids)), np.int64)}
        raw, vector = self.session.run(None, fed)
        return raw[0], vector[0]

    def provenance(self) -> Model:
        """Which weights these are, for the trace."""
        name, licence = self.card["name"], self.card["licence"]
        return Model(name=name, sha256=self.digest, licence=licence, source=self.card["source"])

    def _distribution(self, head: str, logits: NDArray[np.float32]) -> dict[str, float]:
        scaled = (logits + np.array(self.card["bias"][head])) / self.card["temperature"][head]
        masses = np.exp(scaled - scaled.max())
        return dict(zip(self.card["labels"][head], (masses / masses.sum()).tolist(), strict=True))

    def _open(self, logits: NDArray[np.float32]) -> dict[str, float]:
        shares = 1 / (1 + np.exp(-logits.astype(float)))
        named = zip(self.card["labels"]["open"], shares.tolist(), self.card["open_thresholds"], strict=True)
        likely = {name: share for name, share, least in named if share >= least and name != "neutral"}
        return dict(sorted(likely.items(), key=lambda pair: -pair[1])[:MOST_OPEN])

    def _rated(self, values: NDArray[np.float32]) -> list[float]:
        stretched = [gain * float(v) + shift for v, (gain, shift) in zip(values, self.card["rated"], strict=False)]
        return [min(1.0, max(-1.0, value)) for value in stretched[:2]]


def text_model() -> TextModel:
    """The model in the folder that `EMOAGENT_TEXT_MODEL` names, or the one that is shipped. Raises `ModelMissing`."""
    named = os.environ.get("EMOAGENT_TEXT_MODEL")
    return load(Path(named) if named else None)


@lru_cache(maxsize=2)
def load(folder: Path | None = None) -> TextModel:
    """The model in `folder`, or the one that is shipped. Raises `ModelMissing` where its files are not there."""
    import onnxruntime

    place = resources.files("emoagent.tools") / SHIPPED if folder is None else folder
    hint = "install emoagent again" if folder is None else "make it with `emoagent train text`"
    try:
        weights = (place / WEIGHTS).read_bytes()
        card = json.loads((place / CARD).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelMissing(f"no text model in {place}: {error}", hint=hint) from error
    if lacking := [name for name in NEEDED if name not in card]:
        raise ModelMissing(f"the card of the text model in {place} does not tell {lacking[0]!r}", hint=hint)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # the same bytes every time, and a core left over
    try:
        session = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no common base of their own
        raise ModelMissing(f"the text model in {place} cannot be read: {error}", hint=hint) from error
    return TextModel(session, card, sha256(weights).hexdigest())
