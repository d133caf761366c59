"""What the words alone suggest."""

from __future__ import annotations

from collections.abc import Sequence

from emoagent.agents.opinion import flattened, silent, tidy, valence_of
from emoagent.agents.registry import opiner
from emoagent.schema import Evidence, Opinion, Utterance
from emoagent.tools.text_emotion import text_emotion, words
from emoagent.tools.word_confidence import INAUDIBLE

FEWEST_KNOWN = 0.5  # share of the words


@opiner(modality="text", cost="less than 1 ms an utterance")
def text_opinion(utterance: Utterance, evidence: Sequence[Evidence], before: Sequence[Utterance]) -> Opinion:
    """The shipped text model on the utterance, flattened by how reliably it was heard."""
    quotations = [item for item in evidence if item.kind == "quotation"]
    if not quotations:
        return silent(utterance, "text", "the words are not in evidence")
    text = utterance.text.replace(INAUDIBLE, " ")
    if not words(text):
        return silent(utterance, "text", "there are no words that the text model reads")
    if text_emotion().known(text) < FEWEST_KNOWN:
        return silent(utterance, "text", "the text model, which is English, knows too few of the words")
    reliability = max(item.reliability for item in quotations)
    masses = tidy(flattened(text_emotion().distribution(text), reliability))
    return Opinion(
        utterance=utterance.id,
        modality="text",
        distribution=masses,
        valence=valence_of(masses),
        cites=tuple(item.id for item in quotations),
    )
