"""GoEmotions: 27 emotions and neutral by the text model's open labels, and their groups after Ekman by the reasoner."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np

from emoagent.evals.benchmark import Options, benchmark
from emoagent.evals.corpora.goemotions import GROUP, names
from emoagent.evals.corpora.goemotions import goemotions as read
from emoagent.evals.corpora.line import Line
from emoagent.evals.corpora.meld import Split
from emoagent.evals.predictions import Prediction, answers, predictions
from emoagent.evals.replay import replay, text_model_in
from emoagent.evals.result import Result, SystemRow
from emoagent.evals.scoring.answer import Answer
from emoagent.evals.scoring.multilabel import Table, multilabel_figures, table
from emoagent.evals.scoring.rows import majority, row
from emoagent.tools.words.text_input import Said
from emoagent.tools.words.text_model import text_model

ALL, GROUPED = "28 labels", "Ekman groups"
NOTES = (
    "the shipped text model is trained on the train split",
    "28 labels: those that reach the threshold in the text model's card; abstained: none does",
    "Ekman groups (the authors' own): the comments whose labels all fall into one group; no history",
    "floor: always neutral for 28 labels; always the most frequent group of these very items for the groups",
)


@benchmark(data="goemotions", splits=("dev", "test", "train"), source="Demszky et al. 2020")
def goemotions(folder: Path, options: Options) -> Result:
    """28 labels, several an item, in comments on Reddit; and their groups after Ekman as one label."""
    lines, known = options.kept(read(folder, cast(Split, options.split))), names(folder)
    truth = table([line.labels for line in lines], known)
    single = [line for line in lines if len({GROUP[name] for name in line.labels}) == 1]
    floors = [_sets("floor: always neutral", truth, table([("neutral",)] * len(lines), known), options.seed)]
    items = [Answer(GROUP[line.labels[0]], None, key=line.key) for line in single]
    floors.append(row("floor: majority", majority(items), options.seed, part=GROUPED))
    models: dict[str, str] = {}
    if options.predictions is not None:
        rows, notes = _predicted(options.predictions, lines, items, truth, known, options.seed)
    else:
        rows, models, notes = _measured(lines, single, known, options)
    return Result(
        benchmark="goemotions",
        split=options.split,
        n=len(lines),
        seed=options.seed,
        reasoner=options.judged_by,
        rows=tuple(sorted([*rows, *floors], key=lambda each: each.part == GROUPED)),
        notes=(*options.cut(len(lines)), *notes),
        models=models,
    )


def _measured(
    lines: Sequence[Line], single: Sequence[Line], known: Sequence[str], options: Options
) -> tuple[list[SystemRow], dict[str, str], tuple[str, ...]]:
    truth = table([line.labels for line in lines], known)
    said, cost = _open_labels(lines, known, options)
    found = replay(single, options, GROUP)
    rows = [
        _sets("text only", truth, said, options.seed, cost),
        row("fused", found.fused, options.seed, part=GROUPED, milliseconds=found.milliseconds),
        row("text only", found.text, options.seed, part=GROUPED, milliseconds=found.text_milliseconds),
    ]
    return rows, found.models, (*found.notes, *NOTES)


def _open_labels(lines: Sequence[Line], known: Sequence[str], options: Options) -> tuple[Table, float]:
    """The labels that reach their thresholds, and milliseconds a line."""
    with text_model_in(options.text_model):
        model = text_model()
    start, end = model.card["heads"]["open"]
    least, began = np.array(model.card["open_thresholds"]), time.process_time()
    chances = [1 / (1 + np.exp(-model.outputs(Said(line.text))[0][start:end].astype(float))) for line in lines]
    cost = 1000 * (time.process_time() - began) / max(1, len(lines))
    sets = [np.array(model.card["labels"]["open"])[chance >= least].tolist() for chance in chances]
    return table(sets, known), cost


def _predicted(
    file: Path, lines: Sequence[Line], items: Sequence[Answer], truth: Table, known: Sequence[str], seed: int
) -> tuple[list[SystemRow], tuple[str, ...]]:
    """Sets of labels from lines with `labels`, single ones from lines with `label` or `distribution`."""
    told, rows, notes = predictions(file), list[SystemRow](), list[str]()
    if any(each.labels is not None for each in told.values()):
        empty = Prediction(key="", labels=())
        said = table([told.get(line.key, empty).labels or () for line in lines], known)
        missing = [line.key not in told for line in lines]
        rows.append(_sets(file.stem, truth, said, seed, invalid=float(np.mean(missing)) if missing else 0.0))
    if any(each.label or each.distribution for each in told.values()):
        answered, cost, notes = answers(file, items, "meld7")
        rows.append(row(file.stem, answered, seed, part=GROUPED, milliseconds=cost))
    return rows, (f"answers from {file.name}", *notes[1:], *NOTES[2:])


def _sets(
    system: str, truth: Table, said: Table, seed: int, cost: float | None = None, invalid: float = 0.0
) -> SystemRow:
    silent = float(np.mean(~said.any(axis=1))) if len(said) else 0.0
    return SystemRow(
        system=system,
        part=ALL,
        n=len(truth),
        figures=multilabel_figures(truth, said, seed),
        invalid_rate=invalid,
        abstention_rate=max(0.0, silent - invalid),
        milliseconds=cost,
    )
