"""ECF: which utterances caused an emotion. A pair (utterance with an emotion, its cause) is right or wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emoagent.agents.case import Case, Turn
from emoagent.agents.causes import causes
from emoagent.evals.benchmark import Options, benchmark
from emoagent.evals.corpora import ecf as corpus
from emoagent.evals.corpora.line import Line
from emoagent.evals.replay import replay
from emoagent.evals.result import Figure, Result, SystemRow
from emoagent.evals.scoring.bootstrap import samples, spanned
from emoagent.evals.scoring.rows import points
from emoagent.labels import DEFAULT
from emoagent.schema import Span, Utterance, Verdict

Pairs = frozenset[tuple[int, int]]
Counts = NDArray[np.int64]
GOLD, PREDICTED = "gold emotions", "predicted emotions"
FLOOR = "floor: itself and the turn before"
NOTES = (
    "floor: for every utterance with an emotion, the utterance itself and the one just before it, where there is one",
    "gold emotions: the emotions of all utterances are given; predicted: they are the reasoner's verdicts on the words,"
    " and an utterance without a gold emotion has no right pair",
    "pairs whose cause lies more than three turns back or later are never found, and count as missed",
)


@dataclass(frozen=True)
class Found:
    """What a system says: the pairs of each dialogue, how often it abstained or failed, and its cost."""

    pairs: Sequence[Pairs]
    abstained: float = 0.0
    invalid: float = 0.0
    milliseconds: float | None = None


@benchmark(data="ecf", splits=("train", "dev", "test"), source="Wang et al. 2023, ECF")
def ecf(folder: Path, options: Options) -> Result:
    """Pairs of an emotional utterance and its cause in Friends dialogues: F1 with gold and with predicted emotions."""
    split = next(name for name in ("train", "dev", "test") if name == options.split)
    talks = options.kept(corpus.ecf(folder, split))
    emotional = [[i for i, turn in enumerate(each.turns) if turn.emotion != "neutral"] for each in talks]
    judged = replay(_lines(talks), options)
    rest = iter(judged.verdicts)
    said = [[i for i, _ in enumerate(each.turns) if next(rest).label not in (None, "neutral")] for each in talks]
    found = _by_verdicts(talks, judged.verdicts, judged.milliseconds)
    rows = [
        *_rows(GOLD, talks, emotional, _by_gold(talks), options.seed),
        *_rows(PREDICTED, talks, said, found, options.seed),
    ]
    return Result(
        benchmark="ecf", split=options.split, n=sum(len(each.pairs) for each in talks), seed=options.seed,
        mode=options.mode, policy=options.policy, reasoner=options.reasoner, rows=tuple(rows),
        notes=(*judged.notes, *NOTES), models=judged.models,
    )  # fmt: skip


def gold_cases(each: corpus.Conversation) -> list[Case]:
    """A case for each utterance, whose history has the gold emotions as verdicts. Ids are places from 0."""
    turns = [_gold(i, spoken) for i, spoken in enumerate(each.turns)]
    return [Case(t.utterance, (), (), tuple(turns[:i]), DEFAULT, "reliability-weighted", "causal")
            for i, t in enumerate(turns)]  # fmt: skip


def itself_and_before(emotional: Iterable[int]) -> Pairs:
    """The floor: an emotion is caused by its own utterance and by the one just before, where there is one."""
    return frozenset((i, cause) for i in emotional for cause in (i, i - 1) if cause >= 0)


def f1(counts: Counts) -> float:
    """Of summed or single (right, said, true) pairs; 0 where there are none."""
    right, said, true = counts.reshape(-1, 3).sum(axis=0)
    return float(2 * right / (said + true)) if said + true else 0.0


def precision(counts: Counts) -> float:
    """Share of the said pairs that are right; 0 where none is said."""
    right, said, _ = counts.reshape(-1, 3).sum(axis=0)
    return float(right / said) if said else 0.0


def recall(counts: Counts) -> float:
    """Share of the true pairs that are said; 0 where there is none."""
    right, _, true = counts.reshape(-1, 3).sum(axis=0)
    return float(right / true) if true else 0.0


METRICS: Mapping[str, Callable[[Counts], float]] = {"F1": f1, "precision": precision, "recall": recall}


def _rows(
    part: str, talks: Sequence[corpus.Conversation], emotional: Sequence[Sequence[int]], found: Found, seed: int
) -> Iterator[SystemRow]:
    alone = Found([frozenset((i, i) for i in places) for places in emotional])
    floor = Found([itself_and_before(places) for places in emotional])
    yield _row("floor: the turn itself", part, talks, alone, seed)
    yield _row(FLOOR, part, talks, floor, seed)
    yield _row("embedded", part, talks, found, seed)
    ours, theirs = _counts(talks, found.pairs), _counts(talks, floor.pairs)
    drawn = [f1(ours[chosen]) - f1(theirs[chosen]) for chosen in _draws(talks, seed)]
    more = points(spanned(f1(ours) - f1(theirs), drawn))
    yield SystemRow(
        system="difference: embedded against itself and the turn before", part=part, n=_true(talks),
        figures={"F1": more},
    )  # fmt: skip


def _row(system: str, part: str, talks: Sequence[corpus.Conversation], found: Found, seed: int) -> SystemRow:
    counts = _counts(talks, found.pairs)
    drawn = list(_draws(talks, seed))
    figures = {name: _figure(metric, counts, drawn) for name, metric in METRICS.items()}
    return SystemRow(
        system=system, part=part, n=_true(talks), figures=figures, invalid_rate=found.invalid,
        abstention_rate=found.abstained, milliseconds=found.milliseconds,
    )  # fmt: skip


def _figure(metric: Callable[[Counts], float], counts: Counts, drawn: Sequence[NDArray[np.int64]]) -> Figure:
    return spanned(metric(counts), [metric(counts[chosen]) for chosen in drawn])


def _draws(talks: Sequence[corpus.Conversation], seed: int) -> Iterator[NDArray[np.int64]]:
    return samples([each.key for each in talks], seed)


def _counts(talks: Sequence[corpus.Conversation], pairs: Sequence[Pairs]) -> Counts:
    """(dialogues, 3): right, said and true pairs."""
    rows = [(len(said & each.pairs), len(said), len(each.pairs)) for each, said in zip(talks, pairs, strict=True)]
    return np.array(rows, dtype=np.int64).reshape(-1, 3)


def _true(talks: Sequence[corpus.Conversation]) -> int:
    return sum(len(each.pairs) for each in talks)


def _by_gold(talks: Sequence[corpus.Conversation]) -> Found:
    began, found = time.perf_counter(), list[Pairs]()
    for each in talks:
        cases = gold_cases(each)
        said = [causes(case, turn.emotion) for case, turn in zip(cases, each.turns, strict=True)]
        found.append(frozenset((i, int(cause)) for i, named in enumerate(said) for cause in named))
    return Found(found, milliseconds=_cost(began, talks))


def _by_verdicts(talks: Sequence[corpus.Conversation], verdicts: Sequence[Verdict], milliseconds: float) -> Found:
    """The pairs that verdicts name; `verdicts` follow the utterances of all dialogues."""
    rest, pairs = iter(verdicts), list[Pairs]()
    for each in talks:
        own = [next(rest) for _ in each.turns]
        place = {verdict.utterance: i for i, verdict in enumerate(own)}
        pairs.append(frozenset((i, place[cause]) for i, verdict in enumerate(own) for cause in verdict.causes))
    n = max(1, len(verdicts))
    abstained, invalid = sum(v.abstained for v in verdicts) / n, sum(v.invalid for v in verdicts) / n
    return Found(pairs, abstained, invalid, milliseconds)


def _lines(talks: Sequence[corpus.Conversation]) -> list[Line]:
    return [
        Line(turn.text, (turn.emotion,), turn.speaker, each.key, f"{each.key}/{i}", (turn.start, turn.end))
        for each in talks
        for i, turn in enumerate(each.turns)
    ]


def _gold(place: int, spoken: corpus.Spoken) -> Turn:
    verdict = Verdict(utterance=str(place), label=spoken.emotion, distribution={spoken.emotion: 1.0}, reasoner="gold")
    return Turn(_utterance(place, spoken), verdict)


def _utterance(place: int, spoken: corpus.Spoken) -> Utterance:
    span = Span(start=spoken.start, end=spoken.end)
    return Utterance(id=str(place), person=spoken.speaker, span=span, text=spoken.text, source="subtitles")


def _cost(began: float, talks: Sequence[corpus.Conversation]) -> float:
    return 1000 * (time.perf_counter() - began) / max(1, sum(len(each.turns) for each in talks))
