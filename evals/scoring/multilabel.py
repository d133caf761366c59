"""Metrics over sets of labels from a closed list, several an item. Tables are n × labels, true where a label holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from emoagent.evals.result import Figure
from emoagent.evals.scoring.bootstrap import DRAWS, samples, spanned

Table = NDArray[np.bool_]
Counts = NDArray[np.float64]


def table(sets: Sequence[Iterable[str]], names: Sequence[str]) -> Table:
    """The sets as a table; labels that are not in `names` are left out."""
    place = {name: i for i, name in enumerate(names)}
    found = np.zeros((len(sets), len(names)), dtype=bool)
    for number, labels in enumerate(sets):
        found[number, [place[name] for name in labels if name in place]] = True
    return found


def multilabel_figures(truth: Table, said: Table, seed: int, draws: int = DRAWS) -> dict[str, Figure]:
    """Macro and micro F1, and the share of items whose set is exactly right, each with its interval over items."""
    both, real, given = (np.asarray(x, dtype=float) for x in (truth & said, truth, said))
    exact = (truth == said).all(axis=1).astype(float)
    metrics: Mapping[str, Callable[[Counts], float]] = {
        "macro F1": lambda weight: macro(weight @ both, weight @ real, weight @ given),
        "micro F1": lambda weight: macro(*(np.atleast_1d((weight @ x).sum()) for x in (both, real, given))),
        "exact sets": lambda weight: float(weight @ exact / max(weight.sum(), 1)),
    }
    drawn = samples([""] * len(truth), seed, draws)
    weights = [np.bincount(chosen, minlength=len(truth)).astype(float) for chosen in drawn]
    whole = np.ones(len(truth))
    return {name: spanned(metric(whole), [metric(weight) for weight in weights]) for name, metric in metrics.items()}


def macro(both: Counts, real: Counts, given: Counts) -> float:
    """Mean F1 over labels, from how often each is right, occurs and is said. Where a label neither occurs nor is said,
    it counts 0, as in scikit-learn."""
    return float(np.mean(2 * both / np.maximum(real + given, 1)))
