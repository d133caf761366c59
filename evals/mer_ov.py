"""OV-MERD and the open-vocabulary tracks of MER: any number of words for a clip. Judged are the answers of a run over
the clips: `labels`, else the label, else the emotions that a free text names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from emoagent.evals.benchmark import Options, benchmark
from emoagent.evals.corpora.mer_ov import Clip, Split
from emoagent.evals.corpora.mer_ov import mer_ov as read
from emoagent.evals.predictions import Prediction
from emoagent.evals.result import Result
from emoagent.evals.scoring.emotion_words import named
from emoagent.evals.scoring.open_sets import SetAnswer, set_rows
from emoagent.evals.systems import judged, systems

NOTES = (
    "words are grouped by a list and three wheels of our own: not comparable with published scores",
    "wheels: words outside them are dropped, clips with none left are left out; figures are means over the wheels",
    "F1 is that of the mean precision and the mean recall; abstained and invalid answers count 0 in both",
)


@benchmark(data="mer_ov", splits=("dev", "test"), source="Lian et al. 2024, 2025")
def mer_ov(folder: Path, options: Options) -> Result:
    """Freely chosen emotion words for clips: precision and recall of sets, by synonyms and by emotion wheels."""
    clips = options.kept(read(folder, cast(Split, options.split)))
    found = systems(options, [clip.name for clip in clips])
    rows = []
    for system in found:
        answers = [_answer(clip, told) for clip, told in zip(clips, system.answers, strict=True)]
        rows += set_rows(system.name, answers, options.seed, system.milliseconds)
    rows += set_rows("floor: the three most frequent words", floor(clips), options.seed)
    cut = [f"only the first {len(clips)} clips"] if options.limit is not None else []
    return Result(
        benchmark="mer-ov",
        split=options.split,
        n=len(clips),
        seed=options.seed,
        reasoner=judged(options),
        rows=tuple(rows),
        notes=(*cut, *NOTES, *(note for system in found for note in system.notes)),
    )


def floor(clips: Sequence[Clip], count: int = 3) -> list[SetAnswer]:
    """For each clip the words that most clips have."""
    counts: dict[str, int] = {}
    for clip in clips:
        for word in clip.words:
            counts[word] = counts.get(word, 0) + 1
    words = tuple(sorted(counts, key=lambda word: (-counts[word], word))[:count])
    return [SetAnswer(clip.words, words, key=clip.name) for clip in clips]


def _answer(clip: Clip, told: Prediction | None) -> SetAnswer:
    if told is None or told.abstained:
        return SetAnswer(clip.words, (), invalid=told is None, abstained=told is not None, key=clip.name)
    words = told.labels or ((told.label,) if told.label else named(told.text or ""))
    return SetAnswer(clip.words, tuple(words), invalid=not words, key=clip.name)
