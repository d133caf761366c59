"""The row of a system that gives one label an item, with the figures that every such benchmark prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from emoagent.evals.result import Figure, SystemRow
from emoagent.evals.scoring import calibration
from emoagent.evals.scoring.answer import Answer
from emoagent.evals.scoring.bootstrap import Metric, figures, paired
from emoagent.evals.scoring.labels import (
    accuracy,
    class_f1,
    macro_f1,
    per_class_f1,
    selective_accuracy,
    unweighted_recall,
    weighted_f1,
)

HEADLINE: Mapping[str, Metric] = {
    "accuracy": accuracy,
    "weighted F1": weighted_f1,
    "macro F1": macro_f1,
    "unweighted recall": unweighted_recall,
}

CLASS = "F1 "  # before the name of a class


def row(
    system: str,
    answers: Sequence[Answer],
    seed: int,
    *,
    part: str = "all",
    milliseconds: float | None = None,
    metrics: Mapping[str, Metric] | None = None,
) -> SystemRow:
    """A row with `metrics`; without, with `label_metrics` (the headline, how it abstains, F1 of each class) and, where
    answers have a confidence, its calibration."""
    found = figures(label_metrics(answers) if metrics is None else metrics, answers, seed)
    if metrics is None:
        found |= calibration.figures(answers, seed)
    return SystemRow(
        system=system,
        part=part,
        n=len(answers),
        figures=dict(sorted(found.items(), key=lambda pair: pair[0].startswith(CLASS))),
        invalid_rate=_share(sum(a.invalid for a in answers), answers),
        abstention_rate=_share(sum(a.label is None and not a.invalid for a in answers), answers),
        milliseconds=milliseconds,
    )


def label_metrics(answers: Sequence[Answer]) -> dict[str, Metric]:
    """What is told of a system that gives one label an item. What was not answered is wrong but in `selective`."""
    found = dict(HEADLINE)
    if any(a.label is None for a in answers) and any(a.label is not None for a in answers):
        found["selective accuracy"] = selective_accuracy
    return found | {f"{CLASS}{name}": class_f1(name) for name in per_class_f1(answers)}


def difference(
    system: str, first: Sequence[Answer], second: Sequence[Answer], seed: int, *, part: str = "all"
) -> SystemRow:
    """How much better `first` is than `second` on the same items, by a paired bootstrap."""
    compared: dict[str, Metric] = {"accuracy": accuracy, "weighted F1": weighted_f1}
    found = {name: points(paired(metric, first, second, seed)) for name, metric in compared.items()}
    return SystemRow(system=f"difference: {system}", part=part, n=len(first), figures=found)


def points(figure: Figure) -> Figure:
    """A difference of shares in points of a hundred."""
    value, low, high = (None if x is None else 100 * x for x in (figure.value, figure.low, figure.high))
    return Figure(value=value or 0.0, low=low, high=high, unit="points")


def majority(answers: Sequence[Answer]) -> list[Answer]:
    """The floor: the most frequent label of these very items, for each of them."""
    most = Counter(a.truth for a in answers).most_common(1)
    label = most[0][0] if most else None
    return [replace(a, label=label, confidence=None, distribution={}, invalid=False) for a in answers]


def _share(count: int, answers: Sequence[Answer]) -> float:
    return count / len(answers) if answers else 0.0
