"""Metrics over one label an item. A missing label is a wrong one: it has no true positive and no false positive."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from emoagent.evals.scoring.answer import Answer
from emoagent.evals.scoring.codes import coded


def accuracy(answers: Sequence[Answer]) -> float:
    """Share of right labels (WAR, weighted average recall), 0 to 1."""
    if not answers:
        return 0.0
    known = coded(answers)
    return float(np.mean(known.truth == known.label))


def per_class_f1(answers: Sequence[Answer]) -> dict[str, float]:
    """F1 of every label that occurs in the truth, 0 to 1, in alphabetical order."""
    known = coded(answers)
    scores, counts = known.f1
    return {name: float(f1) for name, f1, count in zip(known.names, scores, counts, strict=True) if count}


def class_f1(name: str) -> Callable[[Sequence[Answer]], float]:
    """The metric "F1 of this label"; NaN where it does not occur in the truth."""
    return lambda answers: per_class_f1(answers).get(name, float("nan"))


def weighted_f1(answers: Sequence[Answer]) -> float:
    """Mean F1 over the labels of the truth, weighted by how often they occur in it."""
    if not answers:
        return 0.0
    scores, counts = coded(answers).f1
    return float(scores @ counts / counts.sum())


def macro_f1(answers: Sequence[Answer]) -> float:
    """Unweighted mean F1 over the labels of the truth."""
    scores, counts = coded(answers).f1
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
