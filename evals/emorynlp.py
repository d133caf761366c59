"""EmoryNLP: the text model's own head for its seven labels. The reasoner speaks meld7 and has no part in it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from emoagent.evals.benchmark import Options, benchmark
from emoagent.evals.corpora.emorynlp import emorynlp as read
from emoagent.evals.corpora.line import Line, with_history
from emoagent.evals.corpora.meld import Split
from emoagent.evals.predictions import answers
from emoagent.evals.replay import text_model_in
from emoagent.evals.result import Result, SystemRow
from emoagent.evals.scoring.answer import Answer
from emoagent.evals.scoring.rows import majority, row
from emoagent.tools.words.text_input import TURNS, Said
from emoagent.tools.words.text_model import text_model

NOTES = (
    "the shipped text model is trained on the train split, without the lines that occur in MELD dev or test",
    "labels are read off the text model's head for this corpus, with the turns before; the reasoner has no part in it",
    "floor: always the most frequent label of these very items",
)


@benchmark(data="emorynlp", splits=("dev", "test", "train"), source="Zahiri & Choi 2018")
def emorynlp(folder: Path, options: Options) -> Result:
    """Seven other emotions in 97 episodes of Friends, by words and dialogue history."""
    lines = options.kept(read(folder, cast(Split, options.split)))
    items = [Answer(line.labels[0], None, group=line.dialogue or "", key=line.key) for line in lines]
    models: dict[str, str] = {}
    if options.predictions is not None:
        said, cost, told = answers(options.predictions, items, "emorynlp7")
        rows, notes = [row(options.predictions.stem, said, options.seed, milliseconds=cost)], (*told, NOTES[2])
    else:
        found, models, milliseconds = _read_all(lines, options)
        rows, notes = [row("text only", found, options.seed, milliseconds=milliseconds)], NOTES
    return Result(
        benchmark="emorynlp",
        split=options.split,
        n=len(items),
        seed=options.seed,
        mode=None if options.predictions else "causal",
        reasoner=options.judged_by,
        rows=(*rows, _floor(items, options.seed)),
        notes=(*options.cut(len(items)), *notes),
        models=models,
    )


def _floor(items: list[Answer], seed: int) -> SystemRow:
    return row("floor: majority", majority(items), seed)


def _read_all(lines: Sequence[Line], options: Options) -> tuple[list[Answer], dict[str, str], float]:
    found: list[Answer] = []
    with text_model_in(options.text_model):
        model = text_model()
        began = time.process_time()
        for line, before in with_history(lines):
            turns = [Said(turn.text, turn.speaker) for turn in before[-TURNS:]]
            masses = model.read(Said(line.text, line.speaker), turns).emorynlp7
            label = max(masses, key=lambda name: masses[name])
            found.append(Answer(line.labels[0], label, masses[label], masses, group=line.dialogue or "", key=line.key))
    cost = 1000 * (time.process_time() - began) / max(1, len(found))
    made = model.provenance()
    return found, {made.name: made.sha256}, cost
