"""What body language alone suggests: little. It abstains unless something notable is seen, and stays close to a flat
opinion then (docs/design/judgement.md says what each rule rests on)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp

from emoagent.agents.opinion import silent, tidy
from emoagent.agents.registry import opiner
from emoagent.labels import labels
from emoagent.schema import Evidence, Opinion, Utterance

SHIFTED = 0.3  # difference of averted shares that is notable, as in the behaviour agent
LEANS = 0.12  # share of the usual size of the face by which somebody leans, as in the behaviour agent
TOUCHES = 0.2  # share of the time with a hand at the face that is notable
STROKES = 3  # of the hand; fewer go with any talk
LEAST = 0.04  # log-odds below which there is nothing to say
MOST = 0.4  # log-odds that all signs together may reach


@dataclass(frozen=True)
class Sign:
    """Something notable in evidence of one kind, and the log-odds that it adds, when sure, to the labels it fits."""

    kind: str
    seen: Callable[[Evidence], bool]
    fits: Mapping[str, float]


def _value(item: Evidence, name: str, default: float) -> float:
    measure = item.measures.get(name)
    return default if measure is None else measure.value


def _averted_more(item: Evidence) -> float:
    """The averted share of the look less the person's usual one; 0 where that is not known."""
    averted = _value(item, "averted_share", 0.0)
    return averted - _value(item, "usual_averted_share", averted)


def _size(item: Evidence) -> float:
    """The size of the face over its usual one; 1 where the person moved another way."""
    amount = item.measures.get("amount")
    return amount.value if amount is not None and amount.unit == "ratio" else 1.0


# Gaze: averted goes with avoidance, direct with approach (Adams & Kleck 2005; not found again by Bindemann, Burton &
# Langton 2008). Leaning: liking, approach and withdrawal (Mehrabian 1969; Carver & Harmon-Jones 2009). Hands at the
# face: self-adaptors, more with distress (Ekman & Friesen 1972). Gestures: much movement goes with joy and hot anger,
# and tells activation rather than the emotion (Wallbott 1998). The sizes are choices of ours, small on purpose. Nods,
# shakes and tilts punctuate and answer rather than express an emotion (McClave 2000).
SIGNS = (
    Sign("gaze", lambda item: _averted_more(item) >= SHIFTED, {"sadness": 0.2, "fear": 0.2}),
    Sign("gaze", lambda item: _averted_more(item) <= -SHIFTED, {"joy": 0.2, "anger": 0.2}),
    Sign("posture", lambda item: _size(item) >= 1 + LEANS, {"anger": 0.2, "joy": 0.1}),
    Sign("posture", lambda item: _size(item) <= 1 - LEANS, {"disgust": 0.2, "fear": 0.2}),
    Sign("hand_to_face", lambda item: _value(item, "share", 0.0) >= TOUCHES, {"sadness": 0.2, "fear": 0.2}),
    Sign("gesture", lambda item: _value(item, "strokes", 0.0) >= STROKES, {"joy": 0.2, "anger": 0.2}),
)


@opiner(modality="behavior", cost="less than 1 ms an utterance")
def behavior_opinion(utterance: Utterance, evidence: Sequence[Evidence], before: Sequence[Utterance]) -> Opinion:
    """Gaze, leaning, hands at the face and gestures that stand out, as slight leanings; abstains where none does."""
    notable = [(item, sign) for item in evidence for sign in SIGNS if item.kind == sign.kind and sign.seen(item)]
    logits = dict.fromkeys(labels(), 0.0)
    for item, sign in notable:
        for label, odds in sign.fits.items():
            logits[label] = min(MOST, logits[label] + odds * item.reliability)
    if max(logits.values()) < LEAST:
        return silent(utterance, "behavior", "nothing in how the body moves stands out")
    notable.sort(key=lambda pair: -pair[0].reliability * max(pair[1].fits.values()))
    return Opinion(
        utterance=utterance.id,
        modality="behavior",
        distribution=tidy({label: exp(value) for label, value in logits.items()}),
        cites=tuple(dict.fromkeys(item.id for item, _ in notable)),
    )
