"""Intervals by resampling: 95 % percentile bootstrap (Efron 1979) over groups, since items of one dialogue or actor are
not independent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from emoagent.evals.result import Figure
from emoagent.evals.scoring.answer import Answer

DRAWS = 1000
T = TypeVar("T")
Metric = Callable[[Sequence[Answer]], float]


def figure(metric: Metric, answers: Sequence[Answer], seed: int, draws: int = DRAWS) -> Figure:
    """The metric with its interval; groups are drawn where answers have them, else single answers."""
    found = [metric(chosen) for chosen in resampled(answers, seed, draws)]
    low, high = np.percentile(found, [2.5, 97.5]) if found else (None, None)
    return Figure(
        value=metric(answers), low=low if low is None else float(low), high=high if high is None else float(high)
    )


def paired(metric: Metric, first: Sequence[Answer], second: Sequence[Answer], seed: int, draws: int = DRAWS) -> Figure:
    """`metric(first) - metric(second)` on the same items, with its interval: the same items are drawn for both. Raises
    `ValueError` where the two are not about the same items."""
    if [a.truth for a in first] != [a.truth for a in second]:
        raise ValueError("a paired comparison needs the same items in the same order")
    pairs = list(zip(first, second, strict=True))
    found = []
    for chosen in _draws([a.group for a in first], seed, draws):
        found.append(metric([pairs[i][0] for i in chosen]) - metric([pairs[i][1] for i in chosen]))
    low, high = np.percentile(found, [2.5, 97.5]) if found else (0.0, 0.0)
    return Figure(value=metric(first) - metric(second), low=float(low), high=float(high))


def resampled(answers: Sequence[Answer], seed: int, draws: int = DRAWS) -> list[list[Answer]]:
    """`draws` samples with replacement; the same seed gives the same."""
    return [[answers[i] for i in chosen] for chosen in _draws([a.group for a in answers], seed, draws)]


def _draws(groups: Sequence[str], seed: int, draws: int) -> list[list[int]]:
    rng = np.random.default_rng(seed)
    members: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group or f"#{place}", []).append(place)
    units = list(members.values())
    if not units:
        return []
    return [[i for u in rng.integers(0, len(units), len(units)) for i in units[u]] for _ in range(draws)]
