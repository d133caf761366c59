"""Sets of freely chosen words against sets of freely chosen words: how much of what is said is right, and how much of
what is right is said, after words of one meaning are taken together (Lian et al. 2024, MER 2024; Lian et al. 2025).

For every clip, both sets are mapped to groups; then precision = shared / said and recall = shared / right, averaged
over clips. Nothing said counts 0 in both. Three groupings:

- `synonyms`: words of one group of `emotion_words`; any other word stands for itself (MER 2024's rule, where GPT-3.5
  grouped the words).
- `wheel level 1`, `wheel level 2`: the inner and the outer ring of each wheel of `emotion_wheel`; words off the wheel
  are dropped on both sides, and a clip with no right word left is left out (the rule of the published metric). The
  figures are means over the wheels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from emoagent.evals.result import SystemRow
from emoagent.evals.scoring.emotion_wheel import WHEELS, Level, on_wheel
from emoagent.evals.scoring.emotion_words import canonical, canonical_or_self
from emoagent.evals.scoring.means import Statistic, Table, mean_figures

Group = Callable[[str], str | None]
SYNONYMS = "synonyms"
LEVELS: tuple[Level, ...] = (1, 2)


@dataclass(frozen=True)
class SetAnswer:
    """One clip: the words that are right, and those that a system said; none where it abstained or, with `invalid`,
    where its answer could not be used."""

    truth: tuple[str, ...]
    said: tuple[str, ...]
    invalid: bool = False
    abstained: bool = False
    group: str = ""
    key: str = ""


def set_rows(
    system: str, answers: Sequence[SetAnswer], seed: int, milliseconds: float | None = None
) -> list[SystemRow]:
    """The rows of one system: synonyms, then the wheels at both levels."""
    groupings: dict[str, dict[str, Group]] = {SYNONYMS: {"": canonical_or_self}}
    for level in LEVELS:
        groupings[f"wheel level {level}"] = {name: partial(on_wheel, wheel=name, level=level) for name in WHEELS}
    known = mean_figures(_known(answers), _KNOWN, seed)
    rows = []
    for part, groups in groupings.items():
        table = np.hstack([overlap(answers, group) for group in groups.values()])
        figures = mean_figures(table, _statistics(tuple(groups)), seed, [a.group for a in answers])
        rows.append(
            SystemRow(
                system=system,
                part=part,
                n=int((~np.isnan(table)).any(axis=1).sum()),
                figures=figures | (known if part == SYNONYMS else {}),
                invalid_rate=_share([a.invalid for a in answers]),
                abstention_rate=_share([a.abstained for a in answers]),
                milliseconds=milliseconds,
            )
        )
    return rows


def overlap(answers: Sequence[SetAnswer], group: Group) -> Table:
    """Precision and recall of each clip (clips x 2), 0 to 1; NaN for a clip with no right word left."""
    return np.array([_pair(_grouped(a.truth, group), _grouped(a.said, group)) for a in answers]).reshape(-1, 2)


def f1(precision: float, recall: float) -> float:
    """Harmonic mean; 0 where both are 0. The published score takes it of the means over clips, not of each clip."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def words_of(text: str) -> tuple[str, ...]:
    """The words of a list as released: `[happy, excited]`, with or without brackets and quotation marks."""
    parts = (part.strip().strip("'\"‘’“”").strip() for part in text.strip().strip("[]").split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def _pair(truth: frozenset[str], said: frozenset[str]) -> tuple[float, float]:
    if not truth:
        return (float("nan"), float("nan"))
    if not said:
        return (0.0, 0.0)
    shared = len(truth & said)
    return (shared / len(said), shared / len(truth))


def _grouped(words: Sequence[str], group: Group) -> frozenset[str]:
    return frozenset(found for word in words if (found := group(word)) is not None)


def _statistics(names: tuple[str, ...]) -> dict[str, Statistic]:
    """Columns come in pairs, one for each wheel; a wheel on which no clip has a right word says nothing."""

    def mean_of(score: Callable[[float, float], float]) -> Statistic:
        return lambda means: float(np.mean([score(*pair) for pair in _pairs(means)])) if _pairs(means) else np.nan

    found = {
        "precision": mean_of(lambda p, r: p),
        "recall": mean_of(lambda p, r: r),
        "mean of the two": mean_of(lambda p, r: (p + r) / 2),
        "F1": mean_of(f1),
    }
    if len(names) > 1:
        found |= {f"F1 {name}": partial(_f1_of, place=place) for place, name in enumerate(names)}
    return found


def _pairs(means: Table) -> list[tuple[float, float]]:
    return [(float(p), float(r)) for p, r in means.reshape(-1, 2) if not np.isnan(p)]


def _f1_of(means: Table, place: int) -> float:
    precision, recall = means.reshape(-1, 2)[place]
    return float("nan") if np.isnan(precision) else f1(float(precision), float(recall))


def _known(answers: Sequence[SetAnswer]) -> Table:
    return np.array([[_listed(a.truth), _listed(a.said)] for a in answers]).reshape(-1, 2)


def _listed(words: Sequence[str]) -> float:
    return float(np.mean([canonical(word) is not None for word in words])) if words else float("nan")


_KNOWN: dict[str, Statistic] = {
    "right words in our list": lambda means: float(means[0]),
    "said words in our list": lambda means: float(means[1]),
}


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0
