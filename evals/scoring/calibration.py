"""Does a confidence mean what it says, and does what is answered first deserve it?

Expected calibration error (Naeini et al. 2015), temperature scaling (Guo et al. 2017), and the risk-coverage curve with
the area under it (Geifman & El-Yaniv 2017). Only items with a label and a confidence count; the coverage is of all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from emoagent.evals.result import Figure
from emoagent.evals.scoring.answer import Answer
from emoagent.evals.scoring.bootstrap import DRAWS, samples, spanned

Floats = NDArray[np.float64]
BINS = 10  # of equal width
COVERAGE = 0.8  # the share that is answered in `selective accuracy at 80 %`
RANGE = (0.05, 20.0)  # of temperatures


def figures(answers: Sequence[Answer], seed: int, draws: int = DRAWS) -> dict[str, Figure]:
    """Calibration error, area under the risk-coverage curve and selective accuracy at 80 % coverage, with intervals;
    nothing where no answer has a confidence."""
    sure, right = _known(answers)
    if not np.isfinite(sure).any():
        return {}
    metrics: dict[str, Callable[[Floats, Floats], float]] = {
        "ECE": expected_calibration_error,
        "AURC": lambda s, r: area(*risk_coverage(s, r)),
        "selective accuracy at 80 %": lambda s, r: selective_accuracy(s, r, COVERAGE),
    }
    drawn = list(samples([a.group for a in answers], seed, draws))
    return {
        name: spanned(metric(sure, right), [metric(sure[chosen], right[chosen]) for chosen in drawn])
        for name, metric in metrics.items()
    }


def ece(answers: Sequence[Answer]) -> float:
    """Expected calibration error of the answers' confidence, 0 to 1; NaN where none has one."""
    return expected_calibration_error(*_known(answers))


def aurc(answers: Sequence[Answer]) -> float:
    """Area under the risk-coverage curve, 0 to 1, less is better; NaN where no answer has a confidence."""
    return area(*risk_coverage(*_known(answers)))


def expected_calibration_error(sure: Floats, right: Floats, bins: int = BINS) -> float:
    """Mean distance of confidence and accuracy over bins of equal width, weighted by their items. `sure` (n,) is NaN
    for what was not answered, which is left out; `right` (n,) is 0 or 1. NaN for nothing."""
    kept = np.isfinite(sure)
    if not kept.any():
        return float("nan")
    place = np.minimum(bins - 1, (sure[kept] * bins).astype(int))
    excess = np.bincount(place, weights=sure[kept] - right[kept], minlength=bins)
    return float(np.abs(excess).sum() / kept.sum())


def risk_coverage(sure: Floats, right: Floats) -> tuple[Floats, Floats]:
    """The share that is answered when only the surest are, and the share of errors among them, from the surest item to
    all that have a confidence. Items of equal confidence are answered together."""
    kept = np.isfinite(sure)
    if not kept.any():
        return np.empty(0), np.empty(0)
    order = np.argsort(-sure[kept], kind="stable")
    confidence, wrong = sure[kept][order], 1 - right[kept][order]
    count = np.arange(1, len(order) + 1)
    last = np.append(confidence[1:] != confidence[:-1], True)
    return count[last] / len(sure), (np.cumsum(wrong) / count)[last]


def area(coverage: Floats, risk: Floats) -> float:
    """Mean risk over the coverage that is reached: each step of the curve counts by its width. NaN for nothing."""
    if not len(coverage):
        return float("nan")
    return float(np.diff(coverage, prepend=0.0) @ risk / coverage[-1])


def selective_accuracy(sure: Floats, right: Floats, coverage: float) -> float:
    """Accuracy over the surest share of the items that have a confidence, at least one of them; NaN for nothing."""
    kept = np.isfinite(sure)
    if not kept.any():
        return float("nan")
    order = np.argsort(-sure[kept], kind="stable")
    return float(right[kept][order][: max(1, round(coverage * len(order)))].mean())


def temperature(logits: Floats, truth: NDArray[np.int64]) -> float:
    """What to divide `logits` (n, labels) by for the least log loss on `truth` (n,): above 1 for a system that is too
    sure. The loss is convex in 1 / temperature; its slope is halved into."""
    low, high = 1 / RANGE[1], 1 / RANGE[0]
    own = logits[np.arange(len(truth)), truth]
    for _ in range(50):
        middle = (low + high) / 2
        powers = np.exp(middle * (logits - logits.max(axis=1, keepdims=True)))
        expected = (powers * logits).sum(axis=1) / powers.sum(axis=1)
        low, high = (low, middle) if (expected - own).mean() > 0 else (middle, high)
    return float(2 / (low + high))


def _known(answers: Sequence[Answer]) -> tuple[Floats, Floats]:
    """Confidence, NaN where an answer has no label or none, and whether the label is right."""
    sure = [a.confidence if a.label is not None and a.confidence is not None else np.nan for a in answers]
    return np.array(sure, float), np.array([a.label == a.truth for a in answers], float)
