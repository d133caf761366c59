"""MME-Emotion: is the answer to a question on a clip right (recognition), and are the steps to it (reasoning)?

    Rec = mean rating of the last step, which names the answer
    Rea = mean over answers of the mean rating of the other steps; 0 for an answer without others
    CoT = (Rec + Rea) / 2

as in its authors' code. Their judge, GPT-4o, also sees up to ten frames of the clip; a judge here reads what can be
heard, as released with the questions, and the right answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emoagent.evals.benchmark import Options, benchmark
from emoagent.evals.corpora.mme_emotion import Question
from emoagent.evals.corpora.mme_emotion import mme_emotion as read
from emoagent.evals.predictions import Prediction
from emoagent.evals.result import Figure, Result, SystemRow
from emoagent.evals.scoring.judge import Judge, Reasoned, judge
from emoagent.evals.scoring.means import Statistic, Table, mean_figures
from emoagent.evals.systems import System, judged, systems

SHARE = 0.5  # of recognition in the combined score
NOTES = (
    "not comparable with published scores: the judge sees no frames of the clip, and is another",
    "an abstained or invalid answer counts 0 in all; what the judge gave no usable rating for is left out",
)


@benchmark(data="MME-Emotion-Dataset", splits=("test",), source="Zhang et al. 2025")
def mme_emotion(folder: Path, options: Options) -> Result:
    """Recognition and reasoning of answers in steps, in eight tasks; by a system's answers and a judge."""
    questions, reader = options.kept(read(folder)), judge(options.judge)
    found = systems(options, [question.key for question in questions])
    rows = [each for system in found for each in _rows(system, questions, reader, options.seed)]
    rows += _rows(_constant(questions), questions, reader, options.seed)
    cut = [f"only the first {len(questions)} questions"] if options.limit is not None else []
    return Result(
        benchmark="mme-emotion",
        split=options.split,
        n=len(questions),
        seed=options.seed,
        reasoner=judged(options),
        judge=reader.id,
        rows=tuple(rows),
        notes=(*cut, *NOTES, *(note for system in found for note in system.notes)),
    )


@dataclass(frozen=True)
class Rated:
    """One answer: ratings of its steps (`None`: not judged), and how it failed where it did."""

    ratings: tuple[float, ...] | None
    invalid: bool = False
    abstained: bool = False


def scores(rated: Rated) -> tuple[float, float, float]:
    """Recognition, reasoning, and number of steps; NaN where it was not judged."""
    if rated.ratings is None:
        return (float("nan"),) * 3
    *reasons, last = rated.ratings
    return (last, sum(reasons) / len(reasons) if reasons else 0.0, float(len(rated.ratings)))


_STATISTICS: dict[str, Statistic] = {
    "recognition": lambda means: float(means[0]),
    "reasoning": lambda means: float(means[1]),
    "CoT": lambda means: float(SHARE * means[0] + (1 - SHARE) * means[1]),
    "steps": lambda means: float(means[2]),
}


def _rows(system: System, questions: Sequence[Question], reader: Judge, seed: int) -> Iterator[SystemRow]:
    """All questions, then each task."""
    rated = [_rated(question, told, reader) for question, told in zip(questions, system.answers, strict=True)]
    table = np.array([scores(one) for one in rated]).reshape(-1, 3)
    tasks = np.array([question.task for question in questions])
    for part in ("all", *sorted(set(tasks.tolist()))):
        places = np.flatnonzero((tasks == part) | (part == "all"))
        some = [rated[place] for place in places]
        yield SystemRow(
            system=system.name,
            part=part,
            n=len(some),
            figures=_figures(table[places], seed),
            invalid_rate=sum(one.invalid for one in some) / max(1, len(some)),
            abstention_rate=sum(one.abstained for one in some) / max(1, len(some)),
            milliseconds=system.milliseconds,
        )


def _figures(table: Table, seed: int) -> dict[str, Figure]:
    found = mean_figures(table, _STATISTICS, seed)
    if "steps" in found:
        found["steps"] = found["steps"].model_copy(update={"unit": "steps"})
    return found | {"not judged": Figure(value=float(np.isnan(table[:, 0]).sum()), unit="answers")}


def _rated(question: Question, told: Prediction | None, reader: Judge) -> Rated:
    if told is None or told.abstained:
        return Rated((0.0,), invalid=told is None, abstained=told is not None)
    if told.steps:
        steps: tuple[str, ...] | None = told.steps
    elif told.text:
        steps = reader.split(told.text)
    else:
        words = told.labels or ((told.label,) if told.label else ())
        if not words:
            return Rated((0.0,), invalid=True)
        steps = (f"The answer is {', '.join(words)}.",)
    if steps is None:
        return Rated(None)
    return Rated(reader.steps(Reasoned(steps, question.labels, question.choices, question.clues)))


def _constant(questions: Sequence[Question]) -> System:
    """A floor: the most frequent answer of each task, without reasons."""
    answers = []
    for question in questions:
        same = [",".join(other.labels) for other in questions if other.task == question.task]
        answers.append(Prediction(key=question.key, label=max(sorted(set(same)), key=same.count)))
    return System("floor: majority of the task", tuple(answers))
