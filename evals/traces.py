"""Answers to whole clips, from the folders that `emoagent analyze CLIP… -o FOLDER` left behind.

A clip's distribution is the mean of those of its utterances, weighted by their durations; utterances on which the
reasoner abstained are left out. A clip is known by its file's name without the ending.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from emoagent.errors import UsageError
from emoagent.evals.predictions import Prediction
from emoagent.schema import Modality, Opinion, Trace, Verdict

FILE = "trace.json"


def clip_answers(folder: Path, modality: Modality | None = None) -> dict[str, Prediction]:
    """The answer of the verdicts to every clip by name, or that of one modality's opinions alone. Raises `UsageError`
    where there is no trace, for a file that is none, and where two are about clips of one name."""
    found: dict[str, Prediction] = {}
    for trace in traces(folder):
        answer = clip_answer(trace, modality)
        if answer.key in found:
            raise UsageError(f"two runs in {folder} are about a clip named {answer.key!r}")
        found[answer.key] = answer
    if not found:
        hint = f"fill it with: emoagent analyze CLIP… -o {folder}"
        raise UsageError(f"there is no {FILE} in {folder} or a folder in it", hint=hint)
    return found


def traces(folder: Path) -> Iterator[Trace]:
    """The traces of a run's folder or of a folder of such, one after the other, by name."""
    for file in sorted([*folder.glob(FILE), *folder.glob(f"*/{FILE}")]):
        try:
            yield Trace.model_validate_json(file.read_bytes())
        except ValidationError as error:
            raise UsageError(
                f"{file} is no trace: {error.errors()[0]['msg']}", hint="analyse the clip again"
            ) from error


def clip_answer(trace: Trace, modality: Modality | None = None) -> Prediction:
    """The answer to one clip. It abstains where every part does, and is invalid (it has no label) where nothing spoke
    and an answer could not be used."""
    spans = {utterance.id: utterance.span.duration for utterance in trace.utterances}
    votes = Votes()
    if modality is None:
        for verdict in trace.verdicts:
            votes.add_verdict(verdict, spans.get(verdict.utterance, 0.0))
    else:
        for opinion in trace.opinions:
            if opinion.modality == modality and not opinion.abstained:
                votes.add(opinion, spans.get(opinion.utterance, 0.0))
    unusable = modality is None and any(verdict.invalid for verdict in trace.verdicts)
    answer = votes.answer(Path(trace.clip.name).stem, unusable)
    return answer if modality else answer.model_copy(update={"conflict": bool(trace.conflicts)})


@dataclass
class Votes:
    """What is summed up over a clip."""

    parts: list[tuple[float, dict[str, float], float | None]] = field(default_factory=list)
    open_labels: list[str] = field(default_factory=list)
    claims: list[str] = field(default_factory=list)

    def add_verdict(self, verdict: Verdict, seconds: float) -> None:
        """A verdict with a label, and what it claims."""
        if verdict.label is not None:
            self.add(verdict, seconds)
            self.claims += [claim.text for claim in verdict.claims]

    def add(self, said: Verdict | Opinion, seconds: float) -> None:
        """A distribution that counts for so many seconds."""
        self.parts.append((max(seconds, 1e-3), said.distribution, said.valence))
        self.open_labels += said.open_labels

    def answer(self, key: str, unusable: bool) -> Prediction:
        """The mean of what was added, with the claims as text."""
        if not self.parts:
            return Prediction(key=key, abstained=not unusable)
        names = dict.fromkeys(name for _, masses, _ in self.parts for name in masses)
        weights = [seconds for seconds, _, _ in self.parts]
        masses = {name: _mean([part.get(name, 0.0) for _, part, _ in self.parts], weights) for name in names}
        rated = [(seconds, valence) for seconds, _, valence in self.parts if valence is not None]
        first = max(masses, key=lambda name: masses[name])
        steps = (*dict.fromkeys(self.claims), f"The expressed emotion is {first}.")
        return Prediction(
            key=key,
            distribution=masses,
            labels=tuple(dict.fromkeys([first, *self.open_labels])),
            valence=_mean([valence for _, valence in rated], [seconds for seconds, _ in rated]) if rated else None,
            text=" ".join(steps),
            steps=steps,
        )


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)
