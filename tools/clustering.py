"""Groups unit vectors that point the same way: agglomerative clustering with average linkage, in blocks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLOCK = 256
GONE = -2.0  # below any cosine

Floats = NDArray[np.float32]
Labels = NDArray[np.intp]


def cluster(vectors: Floats, weights: Floats, alike: float) -> Labels:
    """A label 0, 1, … for each of the unit vectors, (n, d).

    Two groups are joined while the weighted mean of the cosines between them is at least `alike`. Blocks of 256 are
    clustered first, then the groups of all blocks by their mean vectors, so that time and memory grow with n.
    """
    labels = np.zeros(len(vectors), np.intp)
    means, heavy, count = list[Floats](), list[float](), 0
    for start in range(0, len(vectors), BLOCK):
        part = slice(start, start + BLOCK)
        inside = _joined(vectors[part] @ vectors[part].T, weights[part], alike)
        labels[part] = count + inside
        for group in range(int(inside.max()) + 1):
            own = weights[part] * (inside == group)
            means.append(own @ vectors[part] / own.sum())
            heavy.append(float(own.sum()))
        count = len(means)
    if len(vectors) > BLOCK:  # the product of two means is the mean of the products
        groups = np.stack(means)
        labels = _joined(groups @ groups.T, np.array(heavy, np.float32), alike)[labels]
    return _in_order(labels)


def _joined(cosines: Floats, weights: Floats, alike: float) -> Labels:
    """Labels of the groups that are left when no two may be joined any more."""
    near, mass = cosines.astype(np.float64), weights.astype(np.float64)
    np.fill_diagonal(near, GONE)
    labels = np.arange(len(near))
    while len(near) and near.max() >= alike:
        i, j = sorted(int(k) for k in np.unravel_index(near.argmax(), near.shape))
        row = (mass[i] * near[i] + mass[j] * near[j]) / (mass[i] + mass[j])
        row[near[i] == GONE] = GONE
        near[i], near[:, i], near[j], near[:, j] = row, row, GONE, GONE
        near[i, i] = GONE
        mass[i] += mass[j]
        labels[labels == j] = i
    return _in_order(labels)


def _in_order(labels: Labels) -> Labels:
    """The labels numbered 0, 1, … in order of first appearance."""
    numbers = {label: number for number, label in enumerate(dict.fromkeys(labels.tolist()))}
    return np.array([numbers[label] for label in labels.tolist()], np.intp)
