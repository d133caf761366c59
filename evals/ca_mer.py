"""CA-MER: are clips read rightly in which picture and sound disagree, and is the disagreement seen?

The published score of a subset is the mean of set accuracy (how much of what was said is right) and set recall (how
much of what is right was said). The published metric has a language model group the words; here
`evals/scoring/emotion_words.py` does, so the figures are not comparable with published ones. Modality bias: the score
of the video-aligned subset less that of the audio-aligned one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from emoagent.evals.benchmark import Options, benchmark
from emoagent.evals.corpora.ca_mer import SUBSETS, Clip
from emoagent.evals.corpora.ca_mer import ca_mer as read
from emoagent.evals.predictions import Prediction
from emoagent.evals.result import Figure, Result, SystemRow
from emoagent.evals.scoring.emotion_words import canonical_or_self
from emoagent.evals.scoring.means import Statistic, Table, mean_figures
from emoagent.evals.scoring.open_sets import SetAnswer, overlap
from emoagent.evals.scoring.rows import points
from emoagent.evals.systems import systems

NOTES = (
    "tables of freely chosen words, one a subset (docs/evals.md), grouped by our own list, not by a language model",
    "floor: always the most frequent word of these very items",
    "conflicts found: share of clips with a conflict by the system; on consistent clips these are false alarms",
)
Told = Sequence[Prediction | None]


@benchmark(data="ca_mer", splits=("test",), source="Han et al. 2025")
def ca_mer(folder: Path, options: Options) -> Result:
    """Freely chosen words for clips in which picture and sound agree or not, with modality bias and conflicts found."""
    clips = list(options.kept(read(folder)))
    judged = systems(options, [clip.key for clip in clips])
    rows = [row for system in judged for row in scored(system.name, clips, system.answers, options.seed)]
    rows += scored("floor: most frequent word", clips, _floor(clips), options.seed)
    return Result(
        benchmark="ca-mer",
        split=options.split,
        n=len(clips),
        seed=options.seed,
        reasoner=judged[0].name,
        rows=tuple(rows),
        notes=(
            *(() if options.limit is None else (f"only the first {len(clips)} items",)),
            *NOTES,
            *(note for system in judged for note in system.notes),
        ),
    )


def scored(system: str, clips: Sequence[Clip], told: Told, seed: int) -> list[SystemRow]:
    """The rows of one system: all clips, each subset, and the bias between the two that conflict."""
    said = [_said(clip, each) for clip, each in zip(clips, told, strict=True)]
    table = np.hstack([overlap(said, canonical_or_self), _conflicts(told)])
    found = [_row(system, "all", table, said, seed)]
    for subset in SUBSETS:
        places = [n for n, clip in enumerate(clips) if clip.subset == subset]
        found.append(_row(system, subset.replace("_", "-"), table[places], [said[n] for n in places], seed))
    return [*found, _bias(system, clips, table, seed)]


def _row(system: str, part: str, table: Table, said: Sequence[SetAnswer], seed: int) -> SystemRow:
    statistics: dict[str, Statistic] = {
        "score": lambda means: float(means[:2].mean()),
        "set accuracy": lambda means: float(means[0]),
        "set recall": lambda means: float(means[1]),
        "conflicts found": lambda means: float(means[2]),
    }
    return SystemRow(
        system=system,
        part=part,
        n=len(said),
        figures=mean_figures(table, statistics, seed) if said else {},
        invalid_rate=_share([each.invalid for each in said]),
        abstention_rate=_share([each.abstained for each in said]),
    )


def _bias(system: str, clips: Sequence[Clip], table: Table, seed: int) -> SystemRow:
    sides = np.array([[clip.subset == name for name in SUBSETS[:2]] for clip in clips]).reshape(-1, 2)
    scores = np.where(sides, table[:, :2].mean(axis=1, keepdims=True), np.nan)
    found = mean_figures(scores, {"score": lambda means: float(means[0] - means[1])}, seed)
    figures: dict[str, Figure] = {name: points(figure) for name, figure in found.items()}
    return SystemRow(system=system, part="bias: video − audio", n=int(sides.sum()), figures=figures)


def _said(clip: Clip, told: Prediction | None) -> SetAnswer:
    if told is None:
        return SetAnswer(clip.words, (), invalid=True, key=clip.key)
    likeliest = max(told.distribution, key=lambda name: told.distribution[name], default=None)
    single = tuple(name for name in (told.label or likeliest,) if name)
    words = () if told.abstained else told.labels or single
    return SetAnswer(clip.words, words, not words and not told.abstained, told.abstained, key=clip.key)


def _conflicts(told: Told) -> Table:
    known = [float("nan") if each is None or each.conflict is None else float(each.conflict) for each in told]
    return np.array(known).reshape(-1, 1)


def _floor(clips: Sequence[Clip]) -> list[Prediction]:
    counts = Counter(canonical_or_self(word) for clip in clips for word in dict.fromkeys(clip.words))
    words = tuple(word for word, _ in counts.most_common(1) if word)
    return [Prediction(key=clip.key, labels=words) for clip in clips]


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0
