"""IEMOCAP: does the label of each utterance agree with that of most of its annotators? By words and dialogue alone, or
by the answers of a system that had its recordings.

A reasoner with the labels of meld7 is judged by its likeliest label among those that both sets have. It cannot say
`excitement` or `frustration`: those utterances are wrong for it, and the row `ceiling: labels of meld7` says what a
perfect one would get.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from emoagent.evals.benchmark import Options, benchmark
from emoagent.evals.corpora.iemocap import FOUR, MERGED, SIX, Split
from emoagent.evals.corpora.iemocap import iemocap as read
from emoagent.evals.corpora.line import Line
from emoagent.evals.replay import replay
from emoagent.evals.result import Result, SystemRow
from emoagent.evals.scoring.answer import Answer
from emoagent.evals.scoring.rows import difference, majority, row
from emoagent.evals.systems import ceiling, closed, judged, systems, unreachable, within


@dataclass(frozen=True)
class Task:
    """A choice of labels."""

    name: str
    labels: tuple[str, ...]
    merged: Mapping[str, str]


TASKS = (Task("6 labels", SIX, {}), Task("4 labels", FOUR, MERGED))
WRITTEN = "the release's transcripts (with marks such as [LAUGHTER]) as if read from subtitles; no sound, no pictures"


@benchmark(data="IEMOCAP_full_release", splits=("dev", "test"), source="Busso et al. 2008")
def iemocap(folder: Path, options: Options) -> Result:
    """Six and four emotions in acted dialogues by two, by words and dialogue history or by a system's answers."""
    lines = options.kept(read(folder, cast(Split, options.split)))
    rows, notes, models = (_predicted if options.predictions else _replayed)(lines, options)
    floors = [made for task in TASKS for made in _floors(task, lines, options.seed)]
    return Result(
        benchmark="iemocap",
        split=options.split,
        n=len(_asked(TASKS[0], lines)),
        seed=options.seed,
        mode=None if options.predictions else options.mode,
        policy=None if options.predictions else options.policy,
        reasoner=judged(options) if options.predictions else options.reasoner,
        rows=(*rows, *floors),
        notes=(*_notes(lines, options), *notes),
        models=models,
    )


Rows = tuple[list[SystemRow], list[str], dict[str, str]]


def _replayed(lines: Sequence[Line], options: Options) -> Rows:
    found = replay(lines, options)
    rows = []
    for task in TASKS:
        fused, text = ([_heard(task, one) for one in all_of] for all_of in (found.fused, found.text))
        fused, text = ([one for one in some if one.truth in task.labels] for some in (fused, text))
        rows += [
            row("fused", fused, options.seed, part=task.name, milliseconds=found.milliseconds),
            row("text only", text, options.seed, part=task.name, milliseconds=found.text_milliseconds),
            difference("fused − text only", fused, text, options.seed, part=task.name),
        ]
    return rows, [*found.notes, WRITTEN], dict(found.models)


def _predicted(lines: Sequence[Line], options: Options) -> Rows:
    keys = [one.key for one in _asked(TASKS[0], lines)]  # those of the second task are among them
    rows, found = [], systems(options, keys)
    for system in found:
        told = dict(zip(keys, system.answers, strict=True))
        for task in TASKS:
            asked = _asked(task, lines)
            said = closed(asked, [told[one.key] for one in asked], task.labels, task.merged)
            rows.append(row(system.name, said, options.seed, part=task.name, milliseconds=system.milliseconds))
    return rows, [note for system in found for note in system.notes], {}


def _asked(task: Task, lines: Sequence[Line]) -> list[Answer]:
    """The utterances that a task is about: those with one of its labels."""
    truths = [task.merged.get(line.labels[0], line.labels[0]) for line in lines]
    asked = [Answer(t, None, group=line.dialogue or "", key=line.key) for t, line in zip(truths, lines, strict=True)]
    return [one for one in asked if one.truth in task.labels]


def _heard(task: Task, said: Answer) -> Answer:
    truth = task.merged.get(said.truth, said.truth)
    return replace(within(said, task.labels, task.merged), truth=truth)


def _floors(task: Task, lines: Sequence[Line], seed: int) -> list[SystemRow]:
    asked = _asked(task, lines)
    found = [row("floor: majority", majority(asked), seed, part=task.name)]
    if unreachable(task.labels):
        found.append(row("ceiling: labels of meld7", ceiling(asked, task.labels), seed, part=task.name))
    return found


def _notes(lines: Sequence[Line], options: Options) -> list[str]:
    asked, missing = _asked(TASKS[0], lines), unreachable(SIX)
    lost = sum(one.truth in missing for one in asked)
    share = 100 * lost / len(asked) if asked else 0.0
    mute = sum(not line.text for line in lines)
    return [
        *([f"only the first {len(lines)} utterances"] if options.limit is not None else []),
        *([f"{mute} utterances have no transcript"] if mute else []),
        f"{len(lines) - len(asked)} of {len(lines)} utterances have no label that counts; they are history only",
        f"a reasoner with the labels of meld7 cannot say {' and '.join(missing)}: {share:.1f} % of the six-label task",
        "of a label outside the task, the likeliest one inside it counts",
        "4 labels: excitement counts as joy, frustration is left out; session 5 is the test split, session 4 dev",
    ]
