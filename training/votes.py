"""What the crowd sees in face and voice together, from what it saw in each alone: a log-linear pool of two opinions.

The log-odds of a label are a sum of what the voice adds, what the face adds, and what their agreement adds. An opinion
is read through a matrix of reliabilities (what a vote for k says of y): a logarithmic pool whose weights depend on the
label. How much it adds depends on the quality of the evidence: how certain the opinion is, how certain the other is,
how many voted, how strong the raters found it, and what is usual for this person. All of that is known without the
votes on both; what is usual is the mean over all clips of the person.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emoagent.evals.corpora.crema_d import LABELS, Voted
from emoagent.evals.scoring.calibration import temperature
from emoagent.training.softmax import Fitted, Floats, fit, log_loss, softmax

FOLDS, INNER = 5, 3  # of actors: outside to measure, inside to choose
PENALTIES = (40.0, 80.0, 160.0)
SMOOTH = 0.5  # votes added to every label
Flags = NDArray[np.bool_]
Features = Callable[[Voted], Floats]


def by_votes(clips: Voted) -> Floats:
    """Columns (n, 84) from the shares of the votes alone."""
    shares = clips.shares[:, :2]
    return np.hstack([_flat(shares), _flat(np.log(shares + SMOOTH / 10)), *_agreement(shares)])


def by_evidence(clips: Voted) -> Floats:
    """Columns (n, 108): also how many voted, how strong they found it, and what is usual for the person."""
    shares = clips.shares[:, :2]
    return np.hstack([_flat(shares), linear(clips), *_agreement(shares)])


def linear(clips: Voted) -> Floats:
    """Columns (n, 36): log shares by how many voted, shares by how strong they found it, and the person's usual."""
    shares, votes = clips.shares[:, :2], clips.votes[:, :2]
    counted = np.log((votes + SMOOTH) / (votes.sum(axis=2, keepdims=True) + SMOOTH * len(LABELS)))
    return np.hstack([_flat(counted), _flat(shares * clips.intensity[:, :2]), usual(_flat(shares), clips.actors)])


def usual(values: Floats, actors: NDArray[np.str_]) -> Floats:
    """The mean over all clips of each person, (n, k)."""
    means = np.empty_like(values)
    for actor in np.unique(actors):
        means[actors == actor] = values[actors == actor].mean(axis=0)
    return means


def _agreement(shares: Floats) -> list[Floats]:
    """Each pair of labels of voice and face, and the shares times the certainty of voice and face."""
    pairs = np.einsum("ni,nj->nij", shares[:, 0], shares[:, 1])
    certain = shares.max(axis=2)
    return [_flat(pairs), *(certain[:, [channel]] * _flat(shares) for channel in (0, 1))]


def _flat(values: Floats) -> Floats:
    return values.reshape(len(values), -1)


@dataclass(frozen=True)
class Read:
    """A fitted pool with its temperature, and the penalty that was chosen for it."""

    fitted: Fitted
    temperature: float
    penalty: float

    def probabilities(self, values: Floats) -> Floats:
        """Calibrated probabilities (n, labels)."""
        return softmax(self.fitted.logits(values) / self.temperature)


def learned(values: Floats, truth: NDArray[np.int64], actors: NDArray[np.str_], seed: int) -> Read:
    """The pool with the penalty that has the least log loss on actors left out, and the temperature for these."""
    outside = [(penalty, held_out(values, truth, folds(actors, INNER, seed), penalty)) for penalty in sorted(PENALTIES)]
    penalty, logits = min(outside, key=lambda each: log_loss(each[1], truth))
    return Read(fit(values, truth, len(LABELS), penalty), temperature(logits, truth), penalty)


def held_out(values: Floats, truth: NDArray[np.int64], parts: Sequence[Flags], penalty: float) -> Floats:
    """Log-odds of every item by a pool that was fitted without its part."""
    logits = np.zeros((len(truth), len(LABELS)))
    for held in parts:
        logits[held] = fit(values[~held], truth[~held], len(LABELS), penalty).logits(values[held])
    return logits


def folds(actors: NDArray[np.str_], count: int, seed: int) -> list[Flags]:
    """`count` parts of nearly as many actors each, drawn with `seed`; each part as flags (n,)."""
    names = np.unique(actors)
    order = np.random.default_rng(seed).permutation(len(names))
    return [np.isin(actors, names[order[start::count]]) for start in range(count)]


def predicted(features: Features, clips: Voted, seed: int) -> tuple[Floats, list[Read]]:
    """Probabilities (n, labels) for every clip, by pools learned from the other actors, and these pools."""
    values, truth = features(clips), clips.first[:, 2]
    masses, pools = np.zeros((len(truth), len(LABELS))), list[Read]()
    for held in folds(clips.actors, FOLDS, seed):
        pools.append(learned(values[~held], truth[~held], clips.actors[~held], seed))
        masses[held] = pools[-1].probabilities(values[held])
    return masses, pools
