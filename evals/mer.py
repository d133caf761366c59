"""MER 2023 to 2025: one of six emotions for a clip, and its valence. Judged are the answers of a run over the clips."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np

from emoagent.evals.benchmark import Options, benchmark
from emoagent.evals.corpora.mer import LABELS, Clip, Split
from emoagent.evals.corpora.mer import mer as read
from emoagent.evals.result import Figure, Result, SystemRow
from emoagent.evals.scoring.answer import Answer
from emoagent.evals.scoring.bootstrap import samples, spanned
from emoagent.evals.scoring.codes import coded
from emoagent.evals.scoring.labels import weighted_f1
from emoagent.evals.scoring.means import mean_figures
from emoagent.evals.scoring.rows import majority, row
from emoagent.evals.systems import System, ceiling, closed, judged, systems, unreachable
from emoagent.labels import labels

SPLITS = ("dev", "test", "test1", "test2", "test3")
WEIGHT = 0.25  # of the squared error in MER 2023's combined metric
RANGE = 5.0  # the release rates valence from -5 to 5, a run from -1 to 1


@benchmark(data="mer", splits=SPLITS, source="Lian et al. 2023, 2024, 2025")
def mer(folder: Path, options: Options) -> Result:
    """Six emotions, worry among them, and valence in clips of Chinese films and series; by a system's answers."""
    clips = options.kept(read(folder, cast(Split, options.split)))
    asked = [Answer(clip.label, None, key=clip.name) for clip in clips]
    allowed = labels(LABELS)
    found = systems(options, [one.key for one in asked])
    rows = [_row(system, clips, asked, options) for system in found]
    rows.append(row("floor: majority", majority(asked), options.seed))
    rows.append(row("ceiling: labels of meld7", ceiling(asked, allowed), options.seed))
    return Result(
        benchmark="mer",
        split=options.split,
        n=len(clips),
        seed=options.seed,
        reasoner=judged(options),
        rows=tuple(rows),
        notes=(*_notes(clips, options), *(note for system in found for note in system.notes)),
    )


def combined(f1: float, error: float) -> float:
    """MER 2023's score of emotion and valence together: weighted F1 less a quarter of the mean squared error."""
    return f1 - WEIGHT * error


def _row(system: System, clips: Sequence[Clip], asked: Sequence[Answer], options: Options) -> SystemRow:
    answers = closed(asked, system.answers, labels(LABELS))
    found = row(system.name, answers, options.seed, milliseconds=system.milliseconds)
    folder = options.predictions is not None and options.predictions.is_dir()
    scale = RANGE if folder else 1.0
    said = [None if each is None or each.valence is None else scale * each.valence for each in system.answers]
    errors = [
        float("nan") if clip.valence is None or value is None else (value - clip.valence) ** 2
        for clip, value in zip(clips, said, strict=True)
    ]
    complete = all(clip.valence is not None for clip in clips) and not np.isnan(errors).any()
    return found.model_copy(update={"figures": found.figures | _valence(answers, errors, complete, options.seed)})


def _valence(answers: Sequence[Answer], errors: Sequence[float], complete: bool, seed: int) -> dict[str, Figure]:
    """The squared error, and the combined score where every clip has it; a valence that is missing is no zero."""
    table = np.array(errors, dtype=float)
    name = "valence MSE" if complete else "selective valence MSE"
    found = mean_figures(table.reshape(-1, 1), {name: lambda means: float(means[0])}, seed)
    found = {key: figure.model_copy(update={"unit": "squared points of -5..5"}) for key, figure in found.items()}
    if complete and len(answers):
        known = coded(answers)
        drawn = [
            combined(weighted_f1(known.at(chosen)), float(table[chosen].mean()))
            for chosen in samples([""] * len(answers), seed)
        ]
        found["combined"] = spanned(combined(weighted_f1(known), float(table.mean())), drawn)
    return found


def _notes(clips: Sequence[Clip], options: Options) -> list[str]:
    rated, missing = sum(clip.valence is not None for clip in clips), unreachable(labels(LABELS))
    lost = 100 * sum(clip.label in missing for clip in clips) / max(1, len(clips))
    return [
        *([f"only the first {len(clips)} clips"] if options.limit is not None else []),
        *(["dev is the labelled training part of the release"] if options.split == "dev" else []),
        f"valence is rated for {rated} of {len(clips)} clips; combined = weighted F1 - {WEIGHT} x valence MSE",
        f"a reasoner with the labels of meld7 cannot say {' and '.join(missing)}: {lost:.1f} % of the clips",
        "of a label outside the six, the likeliest one inside them counts",
    ]
