"""The words of a turn: quoted as evidence, and what they suggest after the turns before."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from emoagent.affect import Sense
from emoagent.agents.opinion import opine
from emoagent.agents.transcript import quoted, transcript
from emoagent.graphs.stage import unexpected
from emoagent.graphs.turn_state import Perceived
from emoagent.schema import Evidence, Fault, Opinion, Utterance


def by_text(utterance: Utterance, before: Sequence[Utterance] = ()) -> Perceived:
    """What the words of `utterance` suggest; `before`: the utterances before it, oldest first."""
    began = time.perf_counter()
    evidence = tuple(transcript.evidence(quoted([utterance])))
    return opined("text", utterance, evidence, before, began)


def opined(
    sense: Sense, utterance: Utterance, evidence: Iterable[Evidence], before: Sequence[Utterance], began: float
) -> Perceived:
    """The evidence of one sense with what it suggests by itself. `began`: when perceiving did, on `perf_counter`."""
    found, faults = tuple(evidence), list[Fault]()
    opinions = opine(utterance, found, before, lambda name, error: faults.append(unexpected(name, error)))
    own: Opinion | None = next((opinion for opinion in opinions if opinion.modality == sense), None)
    took = round(1000 * (time.perf_counter() - began), 2)
    return Perceived(sense=sense, evidence=found, opinion=own, faults=tuple(faults), took=took)
