"""How well numbers follow ratings: correlation coefficients with intervals over items."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from emoagent.evals.result import Figure
from emoagent.evals.scoring.bootstrap import DRAWS, samples, spanned

Numbers = NDArray[np.float64]
Correlate = Callable[[Numbers, Numbers], float]


def pearson(first: Numbers, second: Numbers) -> float:
    """Pearson's r, -1 to 1; NaN where one of the two does not vary."""
    one, two = first - first.mean(), second - second.mean()
    scale = np.sqrt((one @ one) * (two @ two))
    return float(one @ two / scale) if scale > 0 else float("nan")


def spearman(first: Numbers, second: Numbers) -> float:
    """Spearman's rank correlation; equal values share their mean rank."""
    return pearson(ranks(first), ranks(second))


def ranks(values: Numbers) -> Numbers:
    """1 for the smallest value; equal ones get the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    mean: Numbers = (last - (counts - 1) / 2)[place]
    return mean


def correlation(
    correlate: Correlate, unit: str, truth: Sequence[float], said: Sequence[float], seed: int, draws: int = DRAWS
) -> Figure:
    """The coefficient with its interval; `unit` names it. 0 without an interval where it is not defined."""
    first, second = np.array(truth, dtype=float), np.array(said, dtype=float)
    if not len(first):
        return Figure(value=0.0, unit=unit)
    drawn = samples([""] * len(first), seed, draws)
    found = spanned(correlate(first, second), [correlate(first[chosen], second[chosen]) for chosen in drawn])
    return found.model_copy(update={"unit": unit})
