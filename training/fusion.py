"""Fits how reliable face and voice are about each label: `python -m emoagent.training.fusion --data DIR [--out FILE]`.

DIR holds `crema_d/`. Writes `agents/fusion_weights.json`, twelve statistics of the crowd's votes and their origin. The
pool is that of `emoagent.agents.fusion`; a bias for each label takes up how often labels occur among these clips, and
is not kept. Needs numpy alone, takes seconds; the same data gives the same numbers.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emoagent.evals.corpora.crema_d import LABELS, Voted, crema_d
from emoagent.evals.scoring.calibration import temperature
from emoagent.training.softmax import Floats, log_loss, softmax
from emoagent.training.votes import FOLDS, INNER, folds

SEED = 7
SMOOTH = 1.0  # votes added to every label
PENALTIES = (1.0, 10.0, 100.0, 1000.0)  # on the distance of a label's reliability from the mean over labels
SOFT, STEPS = 1e-3, 25  # a penalty on everything, so that the solution is unique; steps of Newton's method at most
CHANNELS = ("voice", "face")
OUT = Path(__file__).resolve().parents[1] / "agents" / "fusion_weights.json"


def main(arguments: Sequence[str] | None = None) -> None:
    """Fits, prints how well the pool does on actors it was not fitted on, and writes the weights."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args(arguments)
    folder = given.data / "crema_d" if (given.data / "crema_d").is_dir() else given.data
    clips = crema_d(folder)
    opinions, truth = evidence(clips), clips.first[:, 2]
    losses = penalty_losses(opinions, truth, clips.actors, FOLDS)
    for penalty, loss in losses.items():
        print(f"penalty {penalty:g}: log loss {loss:.4f} on actors left out")
    weights = fit_pool(opinions, truth, min(losses, key=lambda each: losses[each]))[0]
    card = described(weights, clips, sha256((folder / "tabulatedVotes.csv").read_bytes()).hexdigest())
    given.out.write_text(json.dumps(card, indent=2) + "\n", "utf-8")
    print(f"{given.out}: voice weighs {card['voice_to_face']} of the face")


def evidence(clips: Voted) -> Floats:
    """What voice and face say for each label, log(p x number of labels): (n, 2, labels); 0 says nothing."""
    votes = clips.votes[:, :2] + SMOOTH
    said: Floats = np.log(len(LABELS) * votes / votes.sum(axis=2, keepdims=True))
    return said


def pooled(said: Floats, weights: Floats, bias: Floats) -> Floats:
    """Log-odds (n, labels) of the pool: `weights` (2, labels) say how much a channel counts for a label."""
    logits: Floats = (said * weights).sum(axis=1) + bias
    return logits


def fit_pool(said: Floats, truth: NDArray[np.int64], penalty: float) -> tuple[Floats, Floats]:
    """Weights (2, labels) and bias (labels,) with the least log loss, by Newton's method; the loss is convex. The
    penalty draws the weights of a channel towards their mean."""
    count = said.shape[2]
    design = np.zeros((len(said), count, 3 * count))
    for label in range(count):
        design[:, label, [label, count + label]] = said[:, :, label]
        design[:, label, 2 * count + label] = 1.0
    apart = np.eye(count) - 1 / count
    shrink = SOFT * np.eye(3 * count)
    shrink[:count, :count] += penalty * apart
    shrink[count : 2 * count, count : 2 * count] += penalty * apart
    found = np.concatenate([np.ones(2 * count), np.zeros(count)])
    target = np.eye(count)[truth]
    for _ in range(STEPS):
        masses = softmax(design @ found)
        slope = np.einsum("nl,nlk->k", masses - target, design) + shrink @ found
        mean = np.einsum("nl,nlk->nk", masses, design)
        curve = np.einsum("nl,nlk,nlj->kj", masses, design, design, optimize=True) - mean.T @ mean + shrink
        step = np.linalg.solve(curve, slope)
        found = found - step
        if np.abs(step).max() < 1e-6:
            break
    return found[: 2 * count].reshape(2, count), found[2 * count :]


def penalty_losses(said: Floats, truth: NDArray[np.int64], actors: NDArray[np.str_], parts: int) -> dict[float, float]:
    """Log loss on actors left out, for each penalty."""
    losses = {}
    for penalty in PENALTIES:
        logits = np.zeros(said[:, 0].shape)
        for held in folds(actors, parts, SEED):
            logits[held] = pooled(said[held], *fit_pool(said[~held], truth[~held], penalty))
        losses[penalty] = log_loss(logits, truth)
    return losses


def predicted(clips: Voted, seed: int) -> Floats:
    """Probabilities (n, labels) by the pool as it is shipped, but with a bias, fitted on the other actors."""
    said, truth = evidence(clips), clips.first[:, 2]
    masses = np.zeros(said[:, 0].shape)
    for held in folds(clips.actors, FOLDS, seed):
        losses = penalty_losses(said[~held], truth[~held], clips.actors[~held], INNER)
        pool = fit_pool(said[~held], truth[~held], min(losses, key=lambda each: losses[each]))
        heat = temperature(pooled(said[~held], *pool), truth[~held])
        masses[held] = softmax(pooled(said[held], *pool) / heat)
    return masses


def described(weights: Floats, clips: Voted, digest: str) -> dict[str, object]:
    """The weights as they are shipped: for each channel, how much each label counts against their mean."""
    means = weights.mean(axis=1)
    table = {
        channel: {label: round(float(value / means[place]), 3) for label, value in zip(LABELS, row, strict=True)}
        for place, (channel, row) in enumerate(zip(CHANNELS, weights, strict=True))
    }
    return {
        "what": "how much what face and voice say counts for each label, 1 in the mean; fitted to predict the crowd's "
        "vote on both from the votes on each",
        "data": f"CREMA-D (Cao et al. 2014), tabulatedVotes.csv, {len(clips.names)} clips, sha256 {digest}",
        "licence": "statistics of a database under ODbL 1.0",
        "made_by": f"python -m emoagent.training.fusion, seed {SEED}",
        "voice_to_face": round(float(means[0] / means[1]), 3),
        "reliability": table,
    }


if __name__ == "__main__":
    main()
