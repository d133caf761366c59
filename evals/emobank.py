"""EmoBank: do valence and arousal of a sentence follow its raters'?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from emoagent.evals.benchmark import Options, benchmark
from emoagent.evals.corpora.emobank import Rated
from emoagent.evals.corpora.emobank import emobank as read
from emoagent.evals.corpora.line import Line
from emoagent.evals.corpora.meld import Split
from emoagent.evals.predictions import Prediction, predictions
from emoagent.evals.replay import replay
from emoagent.evals.result import Result, SystemRow
from emoagent.evals.scoring.correlation import correlation, pearson, spearman

Pair = tuple[float | None, float | None]  # valence and arousal; None where nothing was said
NOTES = (
    "the shipped text model is trained on the train split",
    "each sentence alone, without history; where nothing is said, 0 (neither pleasant nor unpleasant) is taken for it",
    "the mean rating of readers and writers is the truth; a constant has no correlation, so there is no floor but 0",
)


@benchmark(data="emobank", splits=("dev", "test", "train"), source="Buechel & Hahn 2017")
def emobank(folder: Path, options: Options) -> Result:
    """Valence and arousal of English sentences of six genres, as correlations with mean ratings."""
    truth = options.kept(read(folder, cast(Split, options.split)))
    models, notes = dict[str, str](), tuple[str, ...](NOTES[1:])
    if options.predictions is not None:
        rows = [_predicted(options.predictions, truth, options.seed)]
    else:
        found = replay([Line(each.text, ("neutral",), key=each.key) for each in truth], options)
        judged: list[Pair] = [(verdict.valence, verdict.arousal) for verdict in found.verdicts]
        opined: list[Pair] = [(o.valence, o.arousal) if o else (None, None) for o in found.opinions]
        rows = [
            _row("fused", truth, judged, options.seed, found.milliseconds),
            _row("text only", truth, opined, options.seed, found.text_milliseconds),
        ]
        models, notes = found.models, (*found.notes, *NOTES)
    return Result(
        benchmark="emobank",
        split=options.split,
        n=len(truth),
        seed=options.seed,
        reasoner=options.judged_by,
        rows=tuple(rows),
        notes=(*options.cut(len(truth)), *notes),
        models=models,
    )


def _row(system: str, truth: Sequence[Rated], said: Sequence[Pair], seed: int, cost: float | None) -> SystemRow:
    silent = sum(pair == (None, None) for pair in said)
    figures = {}
    for place, name in enumerate(("valence", "arousal")):
        real, told = [getattr(each, name) for each in truth], [pair[place] or 0.0 for pair in said]
        figures[name] = correlation(pearson, "r", real, told, seed)
        figures[f"{name}, ranks"] = correlation(spearman, "rho", real, told, seed)
    rate = silent / len(truth) if truth else 0.0
    return SystemRow(system=system, n=len(truth), figures=figures, abstention_rate=rate, milliseconds=cost)


def _predicted(file: Path, truth: Sequence[Rated], seed: int) -> SystemRow:
    told = predictions(file)
    none = Prediction(key="")
    found = [told.get(each.key, none) for each in truth]
    pairs: list[Pair] = [(each.valence, each.arousal) for each in found]
    costs = [each.milliseconds for each in found if each.milliseconds is not None]
    row = _row(file.stem, truth, pairs, seed, sum(costs) / len(costs) if costs else None)
    missing = sum(each is none for each in found) / len(truth) if truth else 0.0
    return row.model_copy(update={"invalid_rate": missing, "abstention_rate": max(0.0, row.abstention_rate - missing)})
