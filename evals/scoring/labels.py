"""Metrics over one label an item. A missing label is a wrong one: it has no true positive and no false positive."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from emoagent.evals.scoring.answer import Answer


def accuracy(answers: Sequence[Answer]) -> float:
    """Share of right labels (WAR, weighted average recall), 0 to 1."""
    return float(np.mean([a.label == a.truth for a in answers])) if answers else 0.0


def per_class_f1(answers: Sequence[Answer]) -> dict[str, float]:
    """F1 of every label that occurs in the truth, 0 to 1, in alphabetical order."""
    return {name: _f1(answers, name) for name in sorted({a.truth for a in answers})}


def weighted_f1(answers: Sequence[Answer]) -> float:
    """Mean F1 over the labels of the truth, weighted by how often they occur in it."""
    if not answers:
        return 0.0
    shares = [sum(a.truth == name for a in answers) / len(answers) for name in sorted({a.truth for a in answers})]
    return sum(share * f1 for share, f1 in zip(shares, per_class_f1(answers).values(), strict=True))


def macro_f1(answers: Sequence[Answer]) -> float:
    """Unweighted mean F1 over the labels of the truth."""
    scores = per_class_f1(answers)
    return sum(scores.values()) / len(scores) if scores else 0.0


def unweighted_recall(answers: Sequence[Answer]) -> float:
    """Mean recall over the labels of the truth (UAR)."""
    names = sorted({a.truth for a in answers})
    recalls = [accuracy([a for a in answers if a.truth == name]) for name in names]
    return sum(recalls) / len(recalls) if recalls else 0.0


def _f1(answers: Sequence[Answer], name: str) -> float:
    both = sum(a.truth == name == a.label for a in answers)
    either = sum(a.truth == name for a in answers) + sum(a.label == name for a in answers)
    return 2 * both / either if either else 0.0
