"""Metrics over one label an item. A missing label is a wrong one: it has no true positive and no false positive."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from emoagent.evals.scoring.answer import Answer
from emoagent.evals.scoring.codes import Coded, coded

Values = NDArray[np.float64]


def accuracy(answers: Sequence[Answer]) -> float:
    """Share of right labels (WAR, weighted average recall), 0 to 1."""
    if not answers:
        return 0.0
    known = coded(answers)
    return float(np.mean(known.truth == known.label))


def per_class_f1(answers: Sequence[Answer]) -> dict[str, float]:
    """F1 of every label that occurs in the truth, 0 to 1, in alphabetical order."""
    known = coded(answers)
    scores, counts = _f1(known)
    return {name: float(f1) for name, f1, count in zip(known.names, scores, counts, strict=True) if count}


def class_f1(name: str) -> Callable[[Sequence[Answer]], float]:
    """The metric "F1 of this label"; NaN where it does not occur in the truth."""
    return lambda answers: per_class_f1(answers).get(name, float("nan"))


def weighted_f1(answers: Sequence[Answer]) -> float:
    """Mean F1 over the labels of the truth, weighted by how often they occur in it."""
    if not answers:
        return 0.0
    scores, counts = _f1(coded(answers))
    return float(scores @ counts / counts.sum())


def macro_f1(answers: Sequence[Answer]) -> float:
    """Unweighted mean F1 over the labels of the truth."""
    scores, counts = _f1(coded(answers))
    return float(scores[counts > 0].mean()) if counts.any() else 0.0


def unweighted_recall(answers: Sequence[Answer]) -> float:
    """Mean recall over the labels of the truth (UAR)."""
    table = coded(answers).confusion
    counts = table.sum(axis=1)
    right = np.diagonal(table)[counts > 0] / counts[counts > 0]
    return float(right.mean()) if len(right) else 0.0


def selective_accuracy(answers: Sequence[Answer]) -> float:
    """Share of right labels among the answers that have one, 0 to 1; NaN where none has."""
    known = coded(answers)
    answered = known.label < len(known.names)
    return float(np.mean((known.truth == known.label)[answered])) if answered.any() else float("nan")


def _f1(known: Coded) -> tuple[Values, Values]:
    """F1 of every label, 0 where it neither occurs nor is said, and how often it occurs."""
    table = known.confusion.astype(float)
    counts, said = table.sum(axis=1), table[:, :-1].sum(axis=0)
    return 2 * np.diagonal(table) / np.maximum(counts + said, 1), counts
