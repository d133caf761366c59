"""Recorded evidence of MELD clips, replayed through opinions and reasoner: does face and voice help the words?

The weight of face and voice against the words is one number. `fused, weight by cross-validation` chooses it on four
fifths of the dialogues and answers the other fifth, so no clip has a say in its own weight.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from math import log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emoagent.agents.case import Case
from emoagent.agents.reasoner import embedded
from emoagent.errors import UsageError
from emoagent.evals.benchmark import Options, benchmark
from emoagent.evals.corpora.meld_evidence import Recorded
from emoagent.evals.corpora.meld_evidence import meld_evidence as read
from emoagent.evals.predictions import answers as predicted
from emoagent.evals.recorded import face_evidence, voice_evidence
from emoagent.evals.replay import by_verdict, episode, text_model_in
from emoagent.evals.result import Result, SystemRow
from emoagent.evals.scoring.answer import Answer
from emoagent.evals.scoring.rows import difference, majority, row
from emoagent.graphs.judgement import cases, judge_all, opine_all
from emoagent.schema import Evidence, Modality, Opinion
from emoagent.settings import Settings, load_settings

ALL: tuple[Modality, ...] = ("text", "face", "voice")
WEIGHED: tuple[Modality, ...] = ("face", "voice")
WEIGHTS = (0.0, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0)  # of face and voice, times what they weigh in agents/fusion.py
FOLDS = 5
CHOSEN = "fused, weight by cross-validation"
LEAST = 0.005  # the least probability that the log loss counts
TEMPERATURES = tuple(0.4 + 0.1 * step for step in range(20))
NOTES = (
    "the clips are of MELD's test split; earlier lines of the dialogue from MELD's table, where it is at hand",
    "face: OpenFace at the peak frame; voice: what a language model wrote of it; the scene's caption is not used",
    "floor: always the most frequent label of these very items",
    "published runs of GPT-4o-mini on all 191 clips: text 50.8 to 55.0 % accuracy, all in one prompt 19 to 31 %",
)


@dataclass
class Replayed:
    """The clips, and each one's last turn as the reasoner is given it. `seconds` of processor time is what opinions and
    verdicts on all `turns` took."""

    clips: list[Recorded]
    cases: list[Case] = field(default_factory=list)
    turns: int = 0
    seconds: float = 0.0
    models: dict[str, str] = field(default_factory=dict)

    @property
    def milliseconds(self) -> float:
        """Cost of opinions and verdict on one utterance."""
        return 1000 * self.seconds / max(1, self.turns)

    def answers(self, heeded: Collection[Modality] = ALL, weight: float = 1.0) -> list[Answer]:
        """The verdict on the last turn of every clip by the modalities `heeded`, face and voice `weight` times."""
        verdicts = [embedded(heeding(case, heeded, weight)).verdict for case in self.cases]
        return [by_verdict(c.line, c.line.labels[0], verdict) for c, verdict in zip(self.clips, verdicts, strict=True)]


@benchmark(data="meld_evidence", splits=("test",), source="Poria et al. 2019; recorded evidence of 101 clips")
def meld_evidence(folder: Path, options: Options) -> Result:
    """Seven emotions in 101 clips of Friends by words, recorded face and described voice, and all fused."""
    clips = list(options.kept(read(folder)))
    if options.predictions is not None:
        asked = [Answer(c.line.labels[0], None, group=c.line.dialogue or "", key=c.line.key) for c in clips]
        said, cost, notes = predicted(options.predictions, asked, "meld7")
        rows = [row(options.predictions.stem, said, options.seed, milliseconds=cost)]
        return _result(options, [*rows, row("floor: majority", majority(asked), options.seed)], len(clips), notes, {})
    if options.reasoner != embedded.name:
        raise UsageError(f"there is no reasoner {options.reasoner!r}", hint=f"--reasoner {embedded.name}")
    settings = load_settings(mode=options.mode, policy=options.policy)
    with text_model_in(options.text_model):
        played = replayed(clips, settings)
        by_system = {name: played.answers(heeded) for name, heeded in _SYSTEMS.items()}
        by_weight = {weight: played.answers(weight=weight) for weight in WEIGHTS}
    chosen, weights = nested(by_weight, options.seed)
    rows = _rows(by_system, chosen, played.milliseconds, options.seed)
    told = ", ".join(f"{weight:g}: {suited(answers).mean():.3f}" for weight, answers in by_weight.items())
    notes = [
        f"weight of face and voice that the folds chose, times the shipped one: {', '.join(f'{w:g}' for w in weights)}",
        f"log loss by that weight, on all clips, at the best temperature: {told}; all choose {modest(by_weight):g}",
    ]
    return _result(options, rows, len(clips), [*NOTES, *notes], played.models)


def _rows(by_system: dict[str, list[Answer]], chosen: list[Answer], milliseconds: float, seed: int) -> list[SystemRow]:
    fused, text = by_system["fused"], by_system["text only"]
    costs = {"fused": milliseconds}
    rows = [row(name, answers, seed, milliseconds=costs.get(name)) for name, answers in by_system.items()]
    rows.append(row(CHOSEN, chosen, seed))
    rows.append(difference("fused − text only", fused, text, seed))
    rows.append(difference(f"{CHOSEN} − text only", chosen, text, seed))
    return [*rows, row("floor: majority", majority(fused), seed)]


def _result(options: Options, rows: list[SystemRow], n: int, notes: Sequence[str], models: dict[str, str]) -> Result:
    predictions = options.predictions
    return Result(
        benchmark="meld-evidence",
        split=options.split,
        n=n,
        seed=options.seed,
        mode=None if predictions else options.mode,
        policy=None if predictions else options.policy,
        reasoner=predictions.stem if predictions else options.reasoner,
        rows=tuple(rows),
        notes=(*(() if options.limit is None else (f"only the first {n} items",)), *notes),
        models=models,
    )


_SYSTEMS: dict[str, tuple[Modality, ...]] = {
    "fused": ALL,
    "text only": ("text",),
    "face only": ("face",),
    "voice only": ("voice",),
    "text and face": ("text", "face"),
    "text and voice": ("text", "voice"),
}


def replayed(clips: list[Recorded], settings: Settings) -> Replayed:
    """Every clip's dialogue so far, on the path of an analysis; only the last turn has a face and a voice."""
    found = Replayed(clips)
    for clip in clips:
        state, began = episode([*clip.before, clip.line]), time.process_time()
        last = state.utterances[-1]
        state.evidence = [*state.evidence, *face_evidence(last, clip), *voice_evidence(last, clip)]
        thought = opine_all(state, settings)
        state.opinions = list(thought["opinions"])
        judged = judge_all(state, settings)
        found.seconds += time.process_time() - began
        found.turns += len(state.utterances)
        found.models |= {model.name: model.sha256 for model in thought["models"]}
        state.evidence, state.opinions = state.evidence + judged["evidence"], state.opinions + judged["opinions"]
        state.verdicts = judged["verdicts"]
        found.cases.append([case for case, _ in cases(state, settings)][-1])
    return found


def nested(by_weight: dict[float, list[Answer]], seed: int) -> tuple[list[Answer], list[float]]:
    """The answers to each fold with the weight that the others choose, and the weights chosen. Folds are of whole
    dialogues."""
    some = next(iter(by_weight.values()))
    fold = _folds([answer.group for answer in some], seed)
    answers, weights = list(some), []
    for number in sorted(set(fold)):
        rest = [i for i, of in enumerate(fold) if of != number]
        weights.append(modest({weight: [found[i] for i in rest] for weight, found in by_weight.items()}))
        for i, of in enumerate(fold):
            answers[i] = by_weight[weights[-1]][i] if of == number else answers[i]
    return answers, weights


def modest(by_weight: dict[float, list[Answer]]) -> float:
    """The smallest weight whose log loss is within one standard error of the least one (Breiman et al. 1984), so that
    what is not shown to help weighs less. Each weight is taken at its best temperature."""
    found = {weight: suited(answers) for weight, answers in by_weight.items()}
    best = min(found.values(), key=lambda losses: float(losses.mean()))
    return min(weight for weight, losses in found.items() if _no_worse(losses - best))


def losses(answers: Sequence[Answer], temperature: float = 1.0) -> NDArray[np.float64]:
    """(n,) negative log probability of the right label, in nats, with the distributions to the power of 1 over
    `temperature`; what has no distribution counts as uniform over 7."""
    return np.array([_loss(answer, temperature) for answer in answers])


def suited(answers: Sequence[Answer]) -> NDArray[np.float64]:
    """The losses at the temperature that suits these answers best: what is weighed here is not how sure to be."""
    return min((losses(answers, temperature) for temperature in TEMPERATURES), key=lambda found: float(found.mean()))


def _loss(answer: Answer, temperature: float) -> float:
    masses = {label: max(LEAST, p) ** (1 / temperature) for label, p in answer.distribution.items()}
    right = masses.get(answer.truth, LEAST ** (1 / temperature))
    return log(sum(masses.values()) / right) if masses else log(7)


def _no_worse(differences: NDArray[np.float64]) -> bool:
    error = differences.std(ddof=1) / len(differences) ** 0.5 if len(differences) > 1 else 0.0
    return bool(differences.mean() <= error)


def _folds(groups: Sequence[str], seed: int) -> list[int]:
    names = sorted(set(groups))
    order = np.random.default_rng(seed).permutation(len(names))
    fold = {names[int(place)]: number % FOLDS for number, place in enumerate(order)}
    return [fold[group] for group in groups]


def heeding(case: Case, heeded: Collection[Modality], weight: float) -> Case:
    """The case as if it had only the evidence of `heeded`, and face and voice counted `weight` times: in the pool, an
    opinion weighs as much as its modality times the reliability of its evidence. What the dialogue recalls is heeded
    with the text, for it is text as well."""
    kept = {*heeded, "dialogue"} if "text" in heeded else set(heeded)
    return replace(
        case,
        evidence=tuple(_weighed(item, weight) for item in case.evidence if item.modality in kept),
        opinions=tuple(_masked(opinion, kept, weight) for opinion in case.opinions),
        history=case.history if "text" in heeded else (),
    )


def _masked(opinion: Opinion, heeded: Collection[str], weight: float) -> Opinion:
    heard = opinion.modality in heeded and (weight > 0 or opinion.modality not in WEIGHED)
    if opinion.abstained or heard:
        return opinion
    return Opinion(utterance=opinion.utterance, modality=opinion.modality, abstained=True, reason="left out")


def _weighed(item: Evidence, weight: float) -> Evidence:
    """Copied as it is: a product above 1 is no reliability, but means what it should in the pool."""
    if item.modality not in WEIGHED:
        return item
    return item.model_copy(update={"reliability": item.reliability * weight})
