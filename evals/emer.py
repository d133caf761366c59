"""EMER: how far does a free description agree with that of the annotators, in its clues and in the emotions it names?

Published figures are ratings from 1 to 10 by GPT-3.5. Here a judge that is named in the result reads both descriptions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from emoagent.evals.benchmark import Options, benchmark
from emoagent.evals.corpora.emer import Described
from emoagent.evals.corpora.emer import emer as read
from emoagent.evals.predictions import Prediction
from emoagent.evals.result import Figure, Result, SystemRow
from emoagent.evals.scoring.judge import Judge, judge
from emoagent.evals.scoring.means import Table, mean_figures
from emoagent.evals.systems import System, judged, systems

NOTES = (
    "not comparable with published ratings by GPT-3.5: another judge, other prompts",
    "an abstained or invalid answer gets the lowest rating; what the judge gave no usable rating for is left out",
)


@benchmark(data="emer", splits=("test",), source="Lian et al. 2023")
def emer(folder: Path, options: Options) -> Result:
    """Clue overlap and label overlap of free descriptions with the annotators'; by a system's answers and a judge."""
    clips, reader = options.kept(read(folder)), judge(options.judge)
    found = systems(options, [clip.name for clip in clips])
    rows = [_row(system, clips, reader, options.seed) for system in found]
    rows.append(_row(_constant(clips), clips, reader, options.seed))
    cut = [f"only the first {len(clips)} clips"] if options.limit is not None else []
    return Result(
        benchmark="emer",
        split=options.split,
        n=len(clips),
        seed=options.seed,
        reasoner=judged(options),
        judge=reader.id,
        rows=tuple(rows),
        notes=(*cut, *NOTES, *(note for system in found for note in system.notes)),
    )


def _row(system: System, clips: Sequence[Described], reader: Judge, seed: int) -> SystemRow:
    said = [_text(told) for told in system.answers]
    table = np.array(
        [
            [_rating(reader, reader.clues, clip.text, text), _rating(reader, reader.emotions, clip.text, text)]
            for clip, text in zip(clips, said, strict=True)
        ]
    ).reshape(-1, 2)
    silent = [told is not None and told.abstained for told in system.answers]
    return SystemRow(
        system=system.name,
        n=len(clips),
        figures=_figures(table, reader, seed),
        invalid_rate=_share([text is None and not quiet for text, quiet in zip(said, silent, strict=True)]),
        abstention_rate=_share(silent),
        milliseconds=system.milliseconds,
    )


def _figures(table: Table, reader: Judge, seed: int) -> dict[str, Figure]:
    found = mean_figures(
        table, {"clue overlap": lambda means: float(means[0]), "label overlap": lambda means: float(means[1])}, seed
    )
    found = {name: figure.model_copy(update={"unit": reader.unit}) for name, figure in found.items()}
    lost = np.isnan(table).sum(axis=0)
    return found | {
        "clue overlap: not judged": Figure(value=float(lost[0]), unit="clips"),
        "label overlap: not judged": Figure(value=float(lost[1]), unit="clips"),
    }


def _rating(reader: Judge, ask: Callable[[str, str], float | None], truth: str, said: str | None) -> float:
    if said is None:
        return reader.lowest
    rating = ask(truth, said)
    return float("nan") if rating is None else rating


def _text(told: Prediction | None) -> str | None:
    if told is None or told.abstained:
        return None
    return told.text or told.label or ", ".join(told.labels or ()) or None


def _constant(clips: Sequence[Described]) -> System:
    """A floor: the same empty phrase for every clip."""
    phrase = "The person speaks with a serious expression and seems worried."
    return System("floor: one phrase", tuple(Prediction(key=clip.name, text=phrase) for clip in clips))


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0
