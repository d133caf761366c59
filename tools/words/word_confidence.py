"""How likely each recognised word is the one that was said, and which stretches are hopeless as a whole.

A recogniser must say something, so it hears words in music and English in any language. Its posterior probabilities
hardly show it: they compare its own guesses with each other. How well the sound fits the winning guess at all, per
frame, does (a likelihood that is normalised by the best state of each frame; cf. Jiang 2005, "Confidence measures for
speech recognition: a survey"), if not for a single word, then for a stretch of them. Few words are weak evidence, so
they are hopeless only where they fit two standard errors worse than many would have to.

Fitted by `emoagent.training.hearing`; data and figures stand in docs/design/hearing.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

AROUND = 3  # words before and after
LEAST = 1e-4  # posterior probability; below it one is as bad as another
INAUDIBLE = "[inaudible]"  # stands in a text for a stretch that was not understood
PAUSE = 0.6  # seconds; a longer one parts utterances
RUN = 10  # words inside a longer utterance that can be hopeless by themselves
SPREAD = 0.9  # of the fit between the words of an utterance
NAMES = ("log posterior", "fit of the word and its neighbours")

HOPELESS = -4.05
MEAN = np.array([-1.826, -3.815])
DEVIATION = np.array([1.679, 0.677])
WEIGHTS = np.array([0.621, 0.745])
BIAS = -0.868


@dataclass(frozen=True)
class Guess:
    """One recognised word: `posterior` 0..1, `fit`: log likelihood against the best states, `start` and length in
    seconds."""

    posterior: float
    fit: float
    start: float
    seconds: float


def probabilities(guesses: Sequence[Guess]) -> NDArray[np.float64]:
    """(n,) chance of each word, in the order in which they were recognised in one stretch of speech, to be right; 0
    where the utterance that it is in, or ten words around it, are hopeless."""
    return np.where(bounds(guesses) < HOPELESS, 0.0, chances(guesses))


def bounds(guesses: Sequence[Guess]) -> NDArray[np.float64]:
    """(n,) how well each word's utterance fits at best, in nats per hundredth of a second; in a longer one, how well
    the worst ten words in a row do that it is among. At best: the mean and two standard errors."""
    found = [_bounds(group) for group in _utterances(guesses)]
    return np.concatenate(found) if found else np.zeros(0)


def chances(guesses: Sequence[Guess]) -> NDArray[np.float64]:
    """(n,) the chances, 0..1, without a look at what is hopeless."""
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


def _utterances(guesses: Sequence[Guess]) -> list[list[Guess]]:
    groups: list[list[Guess]] = []
    for guess in guesses:
        if groups and guess.start - groups[-1][-1].start - groups[-1][-1].seconds <= PAUSE:
            groups[-1].append(guess)
        else:
            groups.append([guess])
    return groups


def _bounds(utterance: Sequence[Guess]) -> NDArray[np.float64]:
    found = np.full(len(utterance), _bound(utterance))
    for first in range(len(utterance) - RUN + 1):
        run = slice(first, first + RUN)
        found[run] = np.minimum(found[run], _bound(utterance[run]))
    return found


def _bound(utterance: Sequence[Guess]) -> float:
    mean = sum(guess.fit for guess in utterance) / sum(guess.seconds for guess in utterance) / 100
    return float(mean + 2 * SPREAD / np.sqrt(len(utterance)))
