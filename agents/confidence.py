"""How sure a verdict may be: the pooled probability of its label, as often right as it says.

What the pool says is mapped by its log-odds (Platt 1999). The two numbers for verdicts with words were measured on MELD
dev; those for face and voice alone are a choice: nobody has yet labelled pictures or sound that we may measure on.
"""

from __future__ import annotations

from collections.abc import Collection
from math import exp, log

from emoagent.schema import Modality

WORDS = (1.0, 0.0)  # slope and offset of the log-odds
WORDLESS = (0.8, -0.2)  # drawn towards chance
FARTHEST = 0.995  # nobody is surer


def calibrated(top: float, modalities: Collection[Modality]) -> float:
    """The probability, 0 to 1, that a label is right whose pooled probability is `top`."""
    slope, offset = WORDS if "text" in modalities else WORDLESS
    bounded = min(FARTHEST, max(1 - FARTHEST, top))
    return round(1 / (1 + exp(-slope * log(bounded / (1 - bounded)) - offset)), 4)
