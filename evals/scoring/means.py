"""Figures that are made of the means of scores over items, with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from emoagent.evals.result import Figure
from emoagent.evals.scoring.bootstrap import DRAWS, samples, spanned

Table = NDArray[np.float64]
Statistic = Callable[[Table], float]


def mean_figures(
    table: Table, statistics: Mapping[str, Statistic], seed: int, groups: Sequence[str] = (), draws: int = DRAWS
) -> dict[str, Figure]:
    """Each statistic of the column means of `table` (items x scores), with its 95 % bootstrap interval. A score that is
    NaN is left out of its column's mean; a statistic that is NaN is left out of the answer."""
    whole = column_means(table)
    drawn = [column_means(table[chosen]) for chosen in samples(groups or [""] * len(table), seed, draws)]
    values = {name: statistic(whole) for name, statistic in statistics.items()}
    return {
        name: spanned(value, [statistics[name](each) for each in drawn])
        for name, value in values.items()
        if not np.isnan(value)
    }


def column_means(table: Table) -> Table:
    """The mean of each column over what is not NaN; NaN for a column with nothing else."""
    known = ~np.isnan(table)
    counts = known.sum(axis=0)
    sums = np.where(known, table, 0.0).sum(axis=0)
    means: Table = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return means
