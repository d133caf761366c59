"""Fits the coefficients of `emoagent.agents.causes`: `python -m emoagent.training.causes --data DIR`.

DIR holds `ecf/`, the release of ECF. Fits on train, five folds by dialogue for the threshold, then shows dev; test is
for `emoagent eval ecf --split test`. Prints the table to be put into the module: thirteen numbers, which are statistics
of labelled dialogues; no text goes into them. Needs numpy alone, takes seconds; the same data gives the same numbers.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emoagent.agents.causes import COEFFICIENTS, candidates
from emoagent.evals.corpora.ecf import Conversation, ecf
from emoagent.evals.ecf import gold_cases

FOLDS = 5
PENALTY = 1.0  # L2, on the sum of log losses
STEPS = 8  # of Newton's method; it has converged after five
THRESHOLDS = np.round(np.arange(0.2, 0.6, 0.01), 2)
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Table:
    """n candidates: `values` (n, features), whether each `is_cause`, the number of its dialogue, and how many pairs
    there are to find, those out of reach among them."""

    values: Floats
    is_cause: Flags
    dialogue: NDArray[np.int64]
    pairs: int

    def at(self, chosen: Flags) -> Table:
        """The chosen candidates."""
        return Table(self.values[chosen], self.is_cause[chosen], self.dialogue[chosen], self.pairs)


def table(conversations: Sequence[Conversation], names: Sequence[str] = tuple(COEFFICIENTS)) -> Table:
    """All candidates for all turns with an emotion, with gold emotions."""
    values, truth, place = list[list[float]](), list[bool](), list[int]()
    for number, each in enumerate(conversations):
        for i, case in enumerate(gold_cases(each)):
            if each.turns[i].emotion != "neutral":
                for cause, found in candidates(case, each.turns[i].emotion):
                    values.append([found.get(name, 0.0) for name in names])
                    truth.append((i, int(cause)) in each.pairs)
                    place.append(number)
    return Table(np.array(values), np.array(truth), np.array(place), sum(len(c.pairs) for c in conversations))


def fitted(values: Floats, is_cause: Flags) -> Floats:
    """Coefficients of a logistic regression with an L2 penalty, by Newton's method."""
    weights = np.zeros(values.shape[1])
    for _ in range(STEPS):
        chance = _chances(values, weights)
        slope = values.T @ (chance - is_cause) + PENALTY * weights
        curve = (values * (chance * (1 - chance))[:, None]).T @ values + PENALTY * np.eye(len(weights))
        weights -= np.linalg.solve(curve, slope)
    return weights


def held_out(data: Table) -> Floats:
    """The chance of each candidate by coefficients that were not fitted on its dialogue."""
    found = np.zeros(len(data.values))
    for fold in range(FOLDS):
        out = data.dialogue % FOLDS == fold
        rest = data.at(~out)
        found[out] = _chances(data.values[out], fitted(rest.values, rest.is_cause))
    return found


def pair_f1(data: Table, chances: Floats, threshold: float) -> float:
    """F1 of the pairs whose chance is at least `threshold`, 0 to 1."""
    said = chances >= threshold
    return float(2 * (said & data.is_cause).sum() / (said.sum() + data.pairs))


def best_threshold(data: Table, chances: Floats) -> float:
    """The threshold of highest F1."""
    return float(max(THRESHOLDS, key=lambda threshold: pair_f1(data, chances, threshold)))


def _chances(values: Floats, weights: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-values @ weights)), dtype=np.float64)


def report(data: Path) -> Mapping[str, float]:
    """Fits, prints, and gives the coefficients, with the threshold as `LIKELY`."""
    train, dev = (table(ecf(data / "ecf", split)) for split in ("train", "dev"))
    chances = held_out(train)
    threshold = best_threshold(train, chances)
    weights = fitted(train.values, train.is_cause)
    print(f"train, {FOLDS} folds by dialogue: F1 {100 * pair_f1(train, chances, threshold):.2f}")
    print(f"dev: F1 {100 * pair_f1(dev, _chances(dev.values, weights), threshold):.2f}")
    found = dict(zip(COEFFICIENTS, (round(float(w), 2) for w in weights), strict=True)) | {"LIKELY": threshold}
    for name, value in found.items():
        print(f"    {name!r}: {value:.2f},")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds ecf/")
    report(parser.parse_args().data)
