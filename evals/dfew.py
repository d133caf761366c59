"""DFEW: one of seven emotions for a clip of a face. Judged are the answers of a run over the clips.

Published figures are means over the test parts of five folds; each clip lies in one of them. Systems that were trained
on a fold's training part answer its test part only; the answers to all five then go into one file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emoagent.evals.benchmark import Options, benchmark
from emoagent.evals.corpora.dfew import FOLDS, LABELS, Clip
from emoagent.evals.corpora.dfew import dfew as read
from emoagent.evals.result import Figure, Result, SystemRow
from emoagent.evals.scoring.answer import Answer
from emoagent.evals.scoring.bootstrap import DRAWS, samples, spanned
from emoagent.evals.scoring.codes import coded
from emoagent.evals.scoring.labels import accuracy, unweighted_recall
from emoagent.evals.scoring.rows import label_metrics, majority, row
from emoagent.evals.systems import closed, judged, systems

NAMES = {"accuracy": "WAR", "unweighted recall": "UAR"}


@benchmark(data="dfew", splits=("test", *(f"fold{fold}" for fold in FOLDS)), source="Jiang et al. 2020")
def dfew(folder: Path, options: Options) -> Result:
    """Seven emotions in clips of faces from films: UAR and WAR, mean of five folds; by a system's answers."""
    folds = FOLDS if options.split == "test" else (int(options.split[-1]),)
    clips = options.kept([clip for fold in folds for clip in read(folder, fold)])
    asked = [Answer(clip.label, None, key=clip.name) for clip in clips]
    found = systems(options, [one.key for one in asked])
    said = [(system.name, closed(asked, system.answers, LABELS), system.milliseconds) for system in found]
    said.append(("floor: majority", majority(asked), None))
    rows = [each for name, answers, cost in said for each in _rows(name, answers, clips, options.seed, cost)]
    cut = [f"only the first {len(clips)} clips"] if options.limit is not None else []
    return Result(
        benchmark="dfew",
        split=options.split,
        n=len(clips),
        seed=options.seed,
        reasoner=judged(options),
        rows=tuple(rows),
        notes=(*cut, f"folds: {len(folds)}", *(note for system in found for note in system.notes)),
    )


def _rows(
    name: str, answers: Sequence[Answer], clips: Sequence[Clip], seed: int, cost: float | None
) -> list[SystemRow]:
    """All clips together; and, where there are several folds, the mean of their figures."""
    metrics = {NAMES.get(key, key): metric for key, metric in label_metrics(answers).items()}
    whole = row(name, answers, seed, milliseconds=cost, metrics=metrics)
    folds = np.array([clip.fold for clip in clips])
    if len(set(folds.tolist())) < 2:
        return [whole]
    figures = fold_means(answers, folds, seed)
    return [whole.model_copy(update={"part": "mean of folds", "figures": figures}), whole]


def fold_means(answers: Sequence[Answer], folds: NDArray[np.int64], seed: int, draws: int = DRAWS) -> dict[str, Figure]:
    """UAR and WAR of every fold, averaged. For the interval, clips are drawn anew within each fold."""
    known, metrics = coded(answers), {"UAR": unweighted_recall, "WAR": accuracy}
    parts = [known.at(np.flatnonzero(folds == fold)) for fold in np.unique(folds)]
    draw = [samples([""] * len(part), seed + number, draws) for number, part in enumerate(parts)]
    found: dict[str, list[float]] = {name: [] for name in metrics}
    for chosen in zip(*draw, strict=True):
        drawn = [part.at(places) for part, places in zip(parts, chosen, strict=True)]
        for name, metric in metrics.items():
            found[name].append(float(np.mean([metric(part) for part in drawn])))
    means = {name: float(np.mean([metric(part) for part in parts])) for name, metric in metrics.items()}
    return {name: spanned(means[name], found[name]) for name in metrics}
