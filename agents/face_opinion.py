"""What the face alone suggests, by published combinations of action units (docs/design/judgement.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from math import exp

from emoagent.agents.opinion import silent, tidy, valence_of
from emoagent.agents.registry import opiner
from emoagent.schema import Evidence, Opinion, Utterance

# Ekman & Friesen, Facial Action Coding System (1978; Investigator's Guide 2002, table 10-2) and EMFACS. The weights say
# how much a unit tells the combination from the others; they are ordinal, not fitted. Contempt is not in meld7.
RULES: Mapping[str, Mapping[int, float]] = {
    "joy": {6: 1.0, 12: 2.0},
    "anger": {4: 1.5, 5: 0.5, 7: 1.0, 23: 1.0, 24: 0.5},
    "surprise": {1: 1.0, 2: 1.0, 5: 1.0, 26: 1.0},
    "sadness": {1: 1.0, 4: 0.7, 15: 1.5},
    "disgust": {9: 2.0, 10: 1.5, 15: 0.5, 17: 0.5},
    "fear": {1: 0.7, 2: 0.7, 4: 0.7, 5: 1.0, 7: 0.4, 20: 1.5, 26: 0.5},
}
GAIN = 8.0  # log-odds of a combination that is complete, at full intensity and sure
DOUBT = 2.0  # log-odds for neutral of a face at rest that is surely read; a lone smile undoes it at 2 of 5 (slight)
FULL = 5.0  # the greatest intensity

_UNIT = re.compile(r"AU0*(\d+)$")


@opiner(modality="face", cost="less than 1 ms an utterance")
def face_opinion(utterance: Utterance, evidence: Sequence[Evidence], before: Sequence[Utterance]) -> Opinion:
    """Action units scored against the combinations of EMFACS; a face at rest speaks moderately for neutral."""
    rest = [item for item in evidence if item.kind == "face_at_rest"]
    shown = [item for item in evidence if any(_known(unit) for unit, _ in units(item))]
    if not rest and not shown:
        return silent(utterance, "face", "nothing that a rule speaks of is seen in the face")
    uneven = [item for item in evidence if item.kind == "asymmetry"]
    strengths, trust = _strengths(shown, uneven), max(item.reliability for item in (*shown, *rest))
    logits = {label: GAIN * _score(rule, strengths) - DOUBT * trust for label, rule in RULES.items()}
    masses = tidy({"neutral": 1.0, **{label: exp(value) for label, value in logits.items()}})
    heeded = [item for item in uneven if any(_lowers(item, unit, each) for each in shown for unit, _ in units(each))]
    cites = tuple(item.id for item in (*shown, *rest, *heeded))
    return Opinion(
        utterance=utterance.id, modality="face", distribution=masses, valence=valence_of(masses), cites=cites
    )


def units(item: Evidence) -> Iterator[tuple[int, float]]:
    """The action units that an item of evidence measures, with their intensity, 0 to 5."""
    if item.kind == "action_unit":
        for name, measure in item.measures.items():
            if found := _UNIT.match(name):
                yield int(found[1]), measure.value


def weight_for(item: Evidence, label: str) -> float:
    """How strongly an item of evidence speaks for `label`, at least 0; the unit's weight times its strength."""
    rule = RULES.get(label, {})
    if item.kind == "face_at_rest":
        return item.reliability if label == "neutral" else 0.0
    return sum(rule.get(unit, 0.0) * value / FULL * item.reliability for unit, value in units(item))


def _known(unit: int) -> bool:
    return any(unit in rule for rule in RULES.values())


def _strengths(shown: Sequence[Evidence], uneven: Sequence[Evidence]) -> dict[int, float]:
    """Intensity times reliability, 0 to 1; the strongest where a unit is measured twice. A unit that acts on one side
    counts less: the combinations are of both sides (a one-sided lip corner is none of them)."""
    strengths: dict[int, float] = {}
    for item in shown:
        for unit, value in units(item):
            strength = min(1.0, max(0.0, value / FULL)) * item.reliability
            for other in uneven:
                if _lowers(other, unit, item):
                    strength *= 1 - min(1.0, abs(other.measures["asymmetry"].value) * other.reliability)
            strengths[unit] = max(strength, strengths.get(unit, 0.0))
    return strengths


def _lowers(uneven: Evidence, unit: int, item: Evidence) -> bool:
    """Whether `uneven` says that `unit` acts on one side while `item` measures it."""
    about = f"AU{unit}_left" in uneven.measures and "asymmetry" in uneven.measures
    return about and uneven.span.overlap(item.span) > 0


def _score(rule: Mapping[int, float], strengths: Mapping[int, float]) -> float:
    return sum(weight * strengths.get(unit, 0.0) for unit, weight in rule.items()) / sum(rule.values())
