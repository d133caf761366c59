"""Plain logistic regression on the same folds, by scikit-learn (extra `train`): what a fusion is held against."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import ExtraMissing
from emoagent.evals.corpora.crema_d import LABELS, Voted
from emoagent.training.softmax import Floats
from emoagent.training.votes import FOLDS, INNER, folds

WIDTHS = (0.1, 1.0, 10.0, 100.0)  # inverse strengths of the L2 penalty to choose from
DEFAULT = (1.0,)
LEAST = 1e-12


def regressed(values: Floats, clips: Voted, seed: int, widths: Sequence[float], scaled: bool = False) -> Floats:
    """Probabilities (n, labels) by multinomial logistic regression fitted on the other actors. Of several `widths`, the
    one with the least log loss on actors left out within the training actors is used. Raises `ExtraMissing`."""
    truth = clips.first[:, 2]
    masses = np.zeros((len(truth), len(LABELS)))
    for held in folds(clips.actors, FOLDS, seed):
        kept = ~held
        width = _chosen(values[kept], truth[kept], clips.actors[kept], seed, widths, scaled)
        masses[held] = _probabilities(_model(width, scaled).fit(values[kept], truth[kept]), values[held])
    return masses


def _chosen(
    values: Floats,
    truth: NDArray[np.int64],
    actors: NDArray[np.str_],
    seed: int,
    widths: Sequence[float],
    scaled: bool,
) -> float:
    if len(widths) == 1:
        return widths[0]
    losses = {}
    for width in widths:
        masses = np.zeros((len(truth), len(LABELS)))
        for held in folds(actors, INNER, seed):
            masses[held] = _probabilities(_model(width, scaled).fit(values[~held], truth[~held]), values[held])
        losses[width] = -np.log(np.maximum(LEAST, masses[np.arange(len(truth)), truth])).mean()
    return min(losses, key=lambda width: losses[width])


def _model(width: float, scaled: bool) -> Any:
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ModuleNotFoundError as error:
        raise ExtraMissing("scikit-learn", "train") from error
    plain = LogisticRegression(C=width, max_iter=1000)
    return make_pipeline(StandardScaler(), plain) if scaled else plain


def _probabilities(model: Any, values: Floats) -> Floats:
    """Of all labels; one that was not among the training items has none."""
    masses = np.zeros((len(values), len(LABELS)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        masses[:, model.classes_] = model.predict_proba(values)
    return masses
