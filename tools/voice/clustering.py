"""Groups unit vectors that point the same way: agglomerative clustering with average linkage, in blocks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BLOCK = 256
APART = 0.15  # by how much more alike those must be of whom something else says that they differ
GONE = -2.0  # below any cosine

Floats = NDArray[np.float32]
Labels = NDArray[np.intp]
Pairs = Sequence[tuple[int, int]]


def cluster(vectors: Floats, weights: Floats, alike: float, apart: Pairs = ()) -> Labels:
    """A label 0, 1, … for each of the unit vectors, (n, d).

    Two groups are joined while the weighted mean of the cosines between them is at least `alike`; 0.15 more where a
    pair in `apart` would come together. Blocks of 256 are clustered first, then the groups of all blocks by their mean
    vectors, so that time and memory grow with n.
    """
    labels = np.zeros(len(vectors), np.intp)
    means, heavy = list[Floats](), list[float]()
    for start in range(0, len(vectors), BLOCK):
        part = slice(start, start + BLOCK)
        own, mass = vectors[part], weights[part]
        here = [(i - start, j - start) for i, j in apart if i // BLOCK == j // BLOCK == start // BLOCK]
        inside = _joined(own @ own.T, mass, alike, here)
        labels[part] = len(means) + inside
        for group in range(int(inside.max()) + 1):
            share = mass * (inside == group)
            means.append(share @ own / share.sum())
            heavy.append(float(share.sum()))
    if len(vectors) > BLOCK:  # the product of two means is the mean of the products
        groups = np.stack(means)
        between = [(int(labels[i]), int(labels[j])) for i, j in apart if labels[i] != labels[j]]
        labels = _joined(groups @ groups.T, np.array(heavy, np.float32), alike, between)[labels]
    return _in_order(labels)


def _joined(cosines: Floats, weights: Floats, alike: float, apart: Pairs) -> Labels:
    """Labels of the groups that are left when no two may be joined any more."""
    near, mass = cosines.astype(np.float64), weights.astype(np.float64)
    np.fill_diagonal(near, GONE)
    held = np.zeros(near.shape)
    for i, j in apart:
        held[i, j] = held[j, i] = APART
    labels = np.arange(len(near))
    while len(near) and (near - held).max() >= alike:
        i, j = sorted(int(k) for k in np.unravel_index((near - held).argmax(), near.shape))
        row = (mass[i] * near[i] + mass[j] * near[j]) / (mass[i] + mass[j])
        row[near[i] == GONE] = GONE
        near[i], near[:, i], near[j], near[:, j] = row, row, GONE, GONE
        near[i, i] = GONE
        held[i] = held[:, i] = np.maximum(held[i], held[j])
        mass[i] += mass[j]
        labels[labels == j] = i
    return _in_order(labels)


def _in_order(labels: Labels) -> Labels:
    """The labels numbered 0, 1, … in order of first appearance."""
    numbers = {label: number for number, label in enumerate(dict.fromkeys(labels.tolist()))}
    return np.array([numbers[label] for label in labels.tolist()], np.intp)
