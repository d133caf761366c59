"""CREMA-D's votes: what the crowd sees in face and voice together, from what it saw in each alone.

Five folds of actors; settings are chosen within the training actors. Of a tied vote, the label that the release names
first is the truth; the parts `one majority` leave ties out. `conflict`: the first labels of voice and face differ.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import ExtraMissing
from emoagent.evals.benchmark import Options, benchmark
from emoagent.evals.corpora.crema_d import LABELS, Voted
from emoagent.evals.corpora.crema_d import crema_d as read
from emoagent.evals.result import Result, SystemRow
from emoagent.evals.scoring import calibration
from emoagent.evals.scoring.answer import Answer
from emoagent.evals.scoring.bootstrap import DRAWS
from emoagent.evals.scoring.labels import accuracy
from emoagent.evals.scoring.rows import difference, row
from emoagent.training import comparison, fusion, votes

Floats = NDArray[np.float64]
FUSED, PLAIN = "fused", ("logistic regression, C = 1", "logistic regression, C chosen")
NOTES = (
    "votes are of the crowd, so this measures the fusion and not how well faces and voices are read",
    "fused: votes, how many and how strong, agreement, and the person's mean over all clips (no votes on both)",
    "fused, shipped form: one weight a channel and label, as in agents/fusion.py, but with a bias for each label",
    "truth of a tied vote: the label named first; the parts `one majority` leave such clips out",
)


@benchmark(data="crema_d", splits=("all",), source="Cao et al. 2014")
def crema_d(folder: Path, options: Options) -> Result:
    """The crowd's reading of face and voice together, from its reading of each, on actors held out."""
    clips = read(folder)
    clips = clips.at(np.asarray(options.kept(range(len(clips.names)))))
    systems, began = dict[str, Floats](), time.perf_counter()
    for name, predict in _SYSTEMS.items():
        systems[name] = predict(clips, options.seed)
    notes = (*NOTES, *compare(systems, clips, options.seed), f"took {time.perf_counter() - began:.0f} s")
    said = {name: answers(clips, masses) for name, masses in systems.items()}
    return Result(
        benchmark="crema-d",
        split=options.split,
        n=len(clips.names),
        seed=options.seed,
        reasoner=options.reasoner,
        rows=tuple(_rows(said, parts(clips), options.seed)),
        notes=notes,
    )


_SYSTEMS: Mapping[str, Callable[[Voted, int], Floats]] = {
    FUSED: lambda clips, seed: votes.predicted(votes.by_evidence, clips, seed)[0],
    "fused, shares of the votes alone": lambda clips, seed: votes.predicted(votes.by_votes, clips, seed)[0],
    "fused, shipped form": fusion.predicted,
    "voice only": lambda clips, seed: clips.shares[:, 0],
    "face only": lambda clips, seed: clips.shares[:, 1],
    "floor: mean of the two": lambda clips, seed: clips.shares[:, :2].mean(axis=1),
}


def compare(systems: dict[str, Floats], clips: Voted, seed: int) -> tuple[str, ...]:
    """Adds plain logistic regressions to `systems`; where scikit-learn is missing, says so."""
    shares = clips.shares[:, :2].reshape(len(clips.names), -1)
    try:
        systems[f"floor: {PLAIN[0]}"] = comparison.regressed(shares, clips, seed, comparison.DEFAULT)
        systems[f"floor: {PLAIN[1]}"] = comparison.regressed(shares, clips, seed, comparison.WIDTHS)
        linear = np.hstack([shares, votes.linear(clips)])
        same = comparison.regressed(linear, clips, seed, comparison.WIDTHS[:-1], scaled=True)
    except ExtraMissing as error:
        return (f"no comparison with logistic regression: {error.message}; {error.hint}",)
    systems["logistic regression on the same evidence"] = same
    return ()


def answers(clips: Voted, masses: Floats) -> list[Answer]:
    """The likeliest label of each clip, grouped by actor."""
    found = []
    for place, shares in enumerate(masses):
        top = int(shares.argmax())
        truth, actor = LABELS[int(clips.first[place, 2])], str(clips.actors[place])
        distribution = dict(zip(LABELS, shares.tolist(), strict=True))
        found.append(Answer(truth, LABELS[top], min(1.0, float(shares[top])), distribution, group=actor))
    return found


def parts(clips: Voted) -> dict[str, NDArray[np.bool_]]:
    """Which clips each part holds, (n,)."""
    conflict, one = clips.first[:, 0] != clips.first[:, 1], ~clips.tied[:, 2]
    return {
        "all": np.ones(len(one), bool),
        "conflict": conflict,
        "agree": ~conflict,
        "one majority": one,
        "one majority, conflict": one & conflict,
    }


def _rows(said: Mapping[str, list[Answer]], places: Mapping[str, NDArray[np.bool_]], seed: int) -> list[SystemRow]:
    rows, plain = list[SystemRow](), [f"floor: {name}" for name in PLAIN if f"floor: {name}" in said]
    for part, inside in places.items():
        some = {name: [a for a, here in zip(each, inside, strict=True) if here] for name, each in said.items()}
        rows += [_row(name, each, part, seed) for name, each in some.items() if each]
        if plain and some[FUSED]:
            best = max(plain, key=lambda name: accuracy(some[name]))
            rows.append(difference(f"fused − {best.removeprefix('floor: ')}", some[FUSED], some[best], seed, part=part))
    return rows


def _row(system: str, said: list[Answer], part: str, seed: int) -> SystemRow:
    """Only what fuses has intervals of its calibration; they take a second each."""
    plain = row(system, said, seed, part=part, metrics={"accuracy": accuracy})
    draws = DRAWS if system == FUSED else 0
    return plain.model_copy(update={"figures": {**plain.figures, **calibration.figures(said, seed, draws)}})
