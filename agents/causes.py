"""Which utterances gave rise to an expressed emotion: a logistic score for the turn itself and the three before it.

In conversation half of the causes lie in the turn itself, three in ten in the turn before, and 92 % within three back
(Xia & Ding 2019; Poria et al. 2021, RECCON; Wang et al. 2023, ECF). What a turn has to say decides between them: a long
turn carries its own cause, a short one reacts to a long one just before. The coefficients are fitted by
`emoagent.training.causes` on ECF train; they are statistics, no text is in them (docs/design/dialogue.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log1p

from emoagent.agents.case import Case, Turn
from emoagent.schema import Utterance
from emoagent.tools.words.word_confidence import INAUDIBLE

BACK = 3  # turns before that are looked at
LIKELY = 0.37  # probability from which a turn is named as a cause: where F1 is highest on ECF train
COEFFICIENTS: Mapping[str, float] = {
    "itself": -1.94,
    "itself: words": 1.11,
    "itself: joy": 0.98,
    "one back": -0.40,
    "two back": -1.61,
    "three back": -2.04,
    "before: words": 0.83,
    "before: words of the turn itself": -0.54,
    "before: seconds between": -0.78,
    "before: joy": -0.58,
    "before: same emotion": 0.88,
    "one back: same speaker": -1.38,
}
PLACES = ("one back", "two back", "three back")


def causes(case: Case, label: str) -> tuple[str, ...]:
    """Ids of the utterances that gave rise to `label` in `case`, the nearest first; there may be none. Neutral has no
    cause. Never looks at a turn after the utterance."""
    if label == "neutral":
        return ()
    return tuple(name for name, found in candidates(case, label) if probability(found) >= LIKELY)


def candidates(case: Case, label: str) -> list[tuple[str, dict[str, float]]]:
    """The turn itself and those before it, nearest first, each with its features."""
    before = enumerate(reversed(case.history[-BACK:]), start=1)
    back = [(turn.utterance.id, features(case.utterance, label, turn, place)) for place, turn in before]
    return [(case.utterance.id, own_features(case.utterance, label)), *back]


def probability(found: Mapping[str, float], coefficients: Mapping[str, float] = COEFFICIENTS) -> float:
    """The chance that a turn with these features is a cause, 0 to 1."""
    return 1 / (1 + exp(-sum(coefficients[name] * value for name, value in found.items())))


def own_features(utterance: Utterance, label: str) -> dict[str, float]:
    """What counts for the turn itself. Words are counted as log(1 + n)."""
    return {"itself": 1.0, "itself: words": log1p(words(utterance)), "itself: joy": float(label == "joy")}


def features(utterance: Utterance, label: str, turn: Turn, back: int) -> dict[str, float]:
    """What counts for a turn before, `back` (1 to 3) turns away. Words and seconds are counted as log(1 + n); an
    unknown speaker is taken for another."""
    people = (utterance.person, turn.utterance.person)
    gap = max(0.0, utterance.span.start - turn.utterance.span.end)
    found = {
        PLACES[back - 1]: 1.0,
        "before: words": log1p(words(turn.utterance)),
        "before: words of the turn itself": log1p(words(utterance)),
        "before: seconds between": log1p(gap),
        "before: joy": float(label == "joy"),
        "before: same emotion": float(turn.verdict.label == label),
    }
    if back == 1:
        found["one back: same speaker"] = float(None not in people and people[0] == people[1])
    return found


def words(utterance: Utterance) -> int:
    """How many words were understood; punctuation on its own is none."""
    return sum(word != INAUDIBLE and any(map(str.isalnum, word)) for word in utterance.text.split())
