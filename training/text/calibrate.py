"""Numbers that turn the network's raw outputs into probabilities, each from held-out lines that were not trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from emoagent.labels import CIRCUMPLEX
from emoagent.training.text.examples import MELD7

Floats = NDArray[np.floating]
TEMPERATURES = np.arange(0.5, 3.0, 0.01)
THRESHOLDS = np.arange(0.1, 0.9, 0.01)


def temperature(parts: Sequence[tuple[Floats, Sequence[Sequence[int]]]]) -> float:
    """The temperature with the least mean log loss over parts of equal weight (Guo et al. 2017). A part is logits
    (n × labels) and, for each row, the labels that are right."""
    losses = [np.mean([log_loss(logits / t, right) for logits, right in parts]) for t in TEMPERATURES]
    return round(float(TEMPERATURES[int(np.argmin(losses))]), 2)


def log_loss(logits: Floats, right: Sequence[Sequence[int]]) -> float:
    """Mean of -log of the mass on the right labels."""
    masses = softmax(logits)
    return -float(np.mean([np.log(masses[i, list(names)].sum() + 1e-12) for i, names in enumerate(right)]))


def softmax(logits: Floats) -> Floats:
    """Rows of masses that sum to 1."""
    masses = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(masses / masses.sum(axis=1, keepdims=True))


def thresholds(logits: Floats, right: Sequence[Sequence[int]]) -> list[float]:
    """For each label the probability from which naming it gives the best F1."""
    truth = np.zeros(logits.shape, dtype=bool)
    for i, names in enumerate(right):
        truth[i, list(names)] = True
    shares = 1 / (1 + np.exp(-logits))
    return [_threshold(shares[:, k], truth[:, k]) for k in range(logits.shape[1])]


def _threshold(shares: Floats, truth: NDArray[np.bool_]) -> float:
    named = [shares >= t for t in THRESHOLDS]
    scores = [2 * (n & truth).sum() / max(1, n.sum() + truth.sum()) for n in named]
    return round(float(THRESHOLDS[int(np.argmax(scores))]), 2)


def stretched(rated: Floats, masses: Floats) -> list[tuple[float, float]]:
    """Gain and shift for valence and arousal. Ratings of single sentences keep close to the middle of their scale; they
    are stretched to the spread, over the same lines, of the labels' places on the circumplex, and centred there on 0
    being neutral."""
    places = np.array([CIRCUMPLEX[name] for name in MELD7])
    spread = (masses @ places).std(axis=0)
    gains = spread / np.maximum(rated[:, :2].std(axis=0), 1e-6)
    middle = np.median(rated[:, :2], axis=0)
    return [(round(float(g), 3), round(float(-g * m), 3)) for g, m in zip(gains, middle, strict=True)]
