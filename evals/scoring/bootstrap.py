"""Intervals by resampling: 95 % percentile bootstrap (Efron 1979) over groups, since items of one dialogue or actor are
not independent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from emoagent.evals.result import Figure
from emoagent.evals.scoring.answer import Answer
from emoagent.evals.scoring.codes import coded

DRAWS = 1000
Metric = Callable[[Sequence[Answer]], float]


def figure(metric: Metric, answers: Sequence[Answer], seed: int, draws: int = DRAWS) -> Figure:
    """The metric with its interval; groups are drawn where answers have them, else single answers. A sample in which
    the metric is not defined (NaN) is left out."""
    return figures({"": metric}, answers, seed, draws)[""]


def figures(
    metrics: Mapping[str, Metric], answers: Sequence[Answer], seed: int, draws: int = DRAWS
) -> dict[str, Figure]:
    """Several metrics over the same samples, which saves most of the time."""
    whole, found = coded(answers), {name: list[float]() for name in metrics}
    for chosen in samples([a.group for a in answers], seed, draws):
        sample = whole.at(chosen)
        for name, metric in metrics.items():
            found[name].append(metric(sample))
    return {name: spanned(metric(whole), found[name]) for name, metric in metrics.items()}


def paired(metric: Metric, first: Sequence[Answer], second: Sequence[Answer], seed: int, draws: int = DRAWS) -> Figure:
    """`metric(first) - metric(second)` on the same items, with its interval: the same items are drawn for both. Raises
    `ValueError` where the two are not about the same items."""
    if [a.truth for a in first] != [a.truth for a in second]:
        raise ValueError("a paired comparison needs the same items in the same order")
    one, two = coded(first), coded(second)
    drawn = samples([a.group for a in first], seed, draws)
    return spanned(metric(one) - metric(two), [metric(one.at(chosen)) - metric(two.at(chosen)) for chosen in drawn])


def spanned(value: float, found: Sequence[float]) -> Figure:
    """A figure from its value and those of the samples. An undefined value is 0 without an interval."""
    known = np.array(found, dtype=float)
    known = known[~np.isnan(known)]
    if not len(known) or np.isnan(value):
        return Figure(value=0.0 if np.isnan(value) else float(value))
    low, high = np.percentile(known, [2.5, 97.5])
    return Figure(value=float(value), low=float(low), high=float(high))


def resampled(answers: Sequence[Answer], seed: int, draws: int = DRAWS) -> list[Sequence[Answer]]:
    """`draws` samples with replacement; the same seed gives the same."""
    whole = coded(answers)
    return [whole.at(chosen) for chosen in samples([a.group for a in answers], seed, draws)]


def samples(groups: Sequence[str], seed: int, draws: int = DRAWS) -> Iterator[NDArray[np.int64]]:
    """The places of each sample: as many groups as there are, drawn with replacement. An item without a group is one
    of its own."""
    rng = np.random.default_rng(seed)
    members: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group or f"#{place}", []).append(place)
    units = [np.array(places) for places in members.values()]
    single = len(units) == len(groups)
    for _ in range(draws if units else 0):
        chosen = rng.integers(0, len(units), len(units))
        yield chosen if single else np.concatenate([units[unit] for unit in chosen])
