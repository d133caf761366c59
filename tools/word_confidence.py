"""How likely each recognised word is the one that was said: a logistic regression on how it was recognised.

A recogniser must say something, so it hears words in music and English in any language. Its posterior probabilities
hardly show it: they compare its own guesses with each other. How well the sound fits the winning guess at all, per
frame, does (a likelihood that is normalised by the best state of each frame; cf. Jiang 2005, "Confidence measures for
speech recognition: a survey"). Words are judged with their neighbours: rarely is one right among wrong ones.

Fitted by `emoagent.training.hearing`; data and figures stand in docs/design/hearing.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

AROUND = 3  # words before and after
LEAST = 1e-4  # posterior probability; below it one is as bad as another
NAMES = ("log posterior", "fit of the word and its neighbours")

MEAN = np.array([-1.61, -3.841])
DEVIATION = np.array([1.606, 0.8])
WEIGHTS = np.array([0.532, 1.382])
BIAS = -0.534


@dataclass(frozen=True)
class Guess:
    """One recognised word: `posterior` 0..1, `fit`: log likelihood against the best states, `seconds` it lasts."""

    posterior: float
    fit: float
    seconds: float


def probabilities(guesses: Sequence[Guess]) -> NDArray[np.float64]:
    """(n,) chance of each word, in the order in which they were recognised in one stretch of speech, to be right."""
    if not guesses:
        return np.zeros(0)
    logit = np.clip((features(guesses) - MEAN) / DEVIATION @ WEIGHTS + BIAS, -30, 30)
    return np.asarray(1 / (1 + np.exp(-logit)), np.float64)


def features(guesses: Sequence[Guess]) -> NDArray[np.float64]:
    """(n, 2) as in `NAMES`; the fit in nats per hundredth of a second, 0 where nothing could fit better."""
    log = np.log(np.maximum([guess.posterior for guess in guesses], LEAST))
    fit, length = np.array([(guess.fit, guess.seconds) for guess in guesses]).T
    windows = [slice(max(0, i - AROUND), i + AROUND + 1) for i in range(len(guesses))]
    return np.array([(log[i], fit[near].sum() / length[near].sum() / 100) for i, near in enumerate(windows)])
