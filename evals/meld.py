"""MELD: does the label of each utterance agree with its viewers'? Words and dialogue alone, without the clips."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from emoagent.evals.bare_call import bare_call
from emoagent.evals.benchmark import Options, benchmark
from emoagent.evals.corpora.meld import Split
from emoagent.evals.corpora.meld import meld as read
from emoagent.evals.predictions import answers
from emoagent.evals.replay import replay
from emoagent.evals.result import Result, SystemRow
from emoagent.evals.scoring.answer import Answer
from emoagent.evals.scoring.rows import difference, majority, row

NOTES = (
    "transcripts and times of the release as if read from subtitles; no sound and no pictures",
    "floor: always the most frequent label of these very items",
)


@benchmark(data="meld", splits=("dev", "test", "train"), source="Poria et al. 2019")
def meld(folder: Path, options: Options) -> Result:
    """Seven emotions in 1,433 dialogues of Friends, by words and dialogue history."""
    lines = options.kept(read(folder, cast(Split, options.split)))
    items = [Answer(line.labels[0], None, group=line.dialogue or "", key=line.key) for line in lines]
    if options.predictions is not None:
        said, cost, notes = answers(options.predictions, items, "meld7")
        rows = [row(options.predictions.stem, said, options.seed, milliseconds=cost)]
        return _result(options, items, rows, {}, (*notes, NOTES[1]))
    found = replay(lines, options)
    rows = [
        row("fused", found.fused, options.seed, milliseconds=found.milliseconds),
        row("text only", found.text, options.seed, milliseconds=found.text_milliseconds),
        difference("fused − text only", found.fused, found.text, options.seed),
        bare_call(lines, options),
    ]
    return _result(options, items, rows, found.models, (*found.notes, *NOTES))


def _result(
    options: Options, items: list[Answer], rows: list[SystemRow], models: dict[str, str], notes: tuple[str, ...]
) -> Result:
    return Result(
        benchmark="meld",
        split=options.split,
        n=len(items),
        seed=options.seed,
        mode=None if options.predictions else options.mode,
        policy=None if options.predictions else options.policy,
        reasoner=options.judged_by,
        rows=(*rows, row("floor: majority", majority(items), options.seed)),
        notes=(*options.cut(len(items)), *notes),
        models=models,
    )
