"""Multinomial logistic regression with an L2 penalty, in numpy: the sum of log losses + penalty / 2 x sum of squares.

Accelerated gradient steps (Nesterov 1983, restarted after O'Donoghue & Candes 2015) under the fixed bound of the
Hessian by Böhning (1992): no step size to choose, and the same data gives the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
STEPS, ENOUGH = 400, 2e-4  # at most; the change of a coefficient below which it has converged


@dataclass(frozen=True)
class Fitted:
    """`weights` (k, labels) of standardised columns, `bias` (labels,), and how columns were standardised."""

    weights: Floats
    bias: Floats
    middle: Floats
    spread: Floats

    def logits(self, values: Floats) -> Floats:
        """Log-odds up to a constant for `values` (n, k): (n, labels)."""
        logits: Floats = (values - self.middle) / self.spread @ self.weights + self.bias
        return logits


def fit(values: Floats, truth: Places, labels: int, penalty: float) -> Fitted:
    """Fits `values` (n, k) to `truth` (n,), the numbers of the labels. The bias is not penalised."""
    middle, spread = values.mean(axis=0), values.std(axis=0) + 1e-9
    columns = np.hstack([(values - middle) / spread, np.ones((len(values), 1))])
    target = np.eye(labels)[truth]
    shrink = np.full(columns.shape[1], penalty)
    shrink[-1] = 1e-6
    bound = np.linalg.inv(0.5 * columns.T @ columns + np.diag(shrink))
    here = before = np.zeros((columns.shape[1], labels))
    pace = 1.0
    for _ in range(STEPS):
        ahead = 0.5 * (1 + np.sqrt(1 + 4 * pace**2))
        guess = here + (pace - 1) / ahead * (here - before)
        slope = columns.T @ (softmax(columns @ guess) - target) + shrink[:, None] * guess
        before, here = here, guess - bound @ slope
        pace = 1.0 if np.sum(slope * (here - before)) > 0 else ahead
        if np.abs(here - before).max() < ENOUGH:
            break
    return Fitted(here[:-1], here[-1], middle, spread)


def softmax(logits: Floats) -> Floats:
    """Probabilities (n, labels) that sum to 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=1, keepdims=True)
    return shares


def log_loss(logits: Floats, truth: Places) -> float:
    """Mean negative log probability of the truth, in nats."""
    masses = softmax(logits)[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(masses, 1e-12)).mean())
