"""What the words suggest, read after the turns before them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from emoagent.agents.opinion import flattened, silent, tidy
from emoagent.agents.registry import opiner
from emoagent.schema import Evidence, Opinion, Utterance
from emoagent.tools.words.known_words import known, words
from emoagent.tools.words.text_input import TURNS, Said
from emoagent.tools.words.text_model import Reading, text_model
from emoagent.tools.words.word_confidence import INAUDIBLE

FEWEST_KNOWN = 0.5  # share of the words
REMEMBERED = 64  # readings; an audit asks for the same one again and again


@opiner(modality="text", cost="5 to 15 ms an utterance")
def text_opinion(utterance: Utterance, evidence: Sequence[Evidence], before: Sequence[Utterance]) -> Opinion:
    """The fine-tuned text model on the utterance and the turns before, flattened by how reliably it was heard."""
    quotations = [item for item in evidence if item.kind == "quotation"]
    if not quotations:
        return silent(utterance, "text", "the words are not in evidence")
    if not words(_heard(utterance)):
        return silent(utterance, "text", "there are no words that the text model reads")
    if known(_heard(utterance)) < FEWEST_KNOWN:
        return silent(utterance, "text", "the text model, which is English, knows too few of the words")
    reliability = max(item.reliability for item in quotations)
    found = reading(utterance, before)
    return Opinion(
        utterance=utterance.id,
        modality="text",
        distribution=tidy(flattened(found.distribution, reliability)),
        valence=round(reliability * found.valence, 4),
        arousal=round(reliability * found.arousal, 4),
        open_labels=tuple(found.open_labels),
        cites=tuple(item.id for item in quotations),
    )


def reading(utterance: Utterance, before: Sequence[Utterance]) -> Reading:
    """The text model's reading of `utterance` after the turns `before`, oldest first. Raises `ModelMissing`."""
    turns = [turn for turn in before[-TURNS:] if words(_heard(turn))]
    return _read(_said(utterance), tuple(map(_said, turns)), id(text_model()))


@lru_cache(maxsize=REMEMBERED)
def _read(said: Said, before: tuple[Said, ...], model: int) -> Reading:
    return text_model().read(said, before)


def _said(utterance: Utterance) -> Said:
    return Said(_heard(utterance), utterance.person)


def _heard(utterance: Utterance) -> str:
    return utterance.text.replace(INAUDIBLE, " ")
