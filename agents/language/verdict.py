"""From a language model's answer to a verdict. The label is the model's; how sure it may be is not: what a model says
of its own certainty is known not to hold, and nothing has been measured yet to trust it by
(docs/design/language.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from emoagent.agents.case import Case, Judgement
from emoagent.agents.causes import causes
from emoagent.agents.language.answer import LanguageAnswer
from emoagent.agents.opinion import flattened, tidy, valence_of
from emoagent.agents.shift import shift
from emoagent.labels import CIRCUMPLEX, labels
from emoagent.schema import Verdict

NAMED = 0.6  # of the mass is for the label that is named, the rest as the model's own figures say
TRUST = 0.5  # how far a model's figures are believed; the rest is spread evenly. A choice: nothing is measured


@dataclass(frozen=True)
class Reading:
    """An answer as it is believed: a flat distribution, and a confidence that rests on who else agrees. `doubt`: why
    there is no label after all."""

    answer: LanguageAnswer
    distribution: Mapping[str, float]
    confidence: float | None
    verified: bool | None = None
    doubt: str | None = None

    @property
    def label(self) -> str | None:
        """What is judged; `None` where the model abstains or nobody else agrees."""
        return None if self.doubt else self.answer.label


def weigh(answer: LanguageAnswer, embedded: Verdict, label_set: str) -> Reading:
    """The answer beside the embedded verdict. Where both name the same label, the confidence is the embedded one,
    which is measured; else it is the mean of the mass that both give to the label."""
    distribution = believed(answer, label_set)
    if answer.label is None:
        return Reading(answer, distribution, None, doubt=f"the language model abstains: {answer.why}")
    if answer.label == embedded.label:
        return Reading(answer, distribution, embedded.confidence)
    own, other = distribution[answer.label], embedded.distribution.get(answer.label, 1 / len(distribution))
    return Reading(answer, distribution, round((own + other) / 2, 4))


def second(reading: Reading, other: LanguageAnswer, embedded: Verdict, label_set: str) -> Reading:
    """The reading of a label after a second model has answered the same question. Where it agrees, nothing changes but
    that it is told; where it does not, the confidence is the mean of what it was and the second model's mass for the
    label; and where the embedded verdict does not agree either, nobody does, and there is no label."""
    label = reading.answer.label
    if label is None or other.label == label:
        return replace(reading, verified=label is not None)
    if embedded.label != label:
        doubt = f"one language model says {label}, a second one {other.label or 'nothing'}, and the sources neither"
        return replace(reading, verified=False, confidence=None, doubt=doubt)
    mass = believed(other, label_set)[label]
    return replace(reading, verified=False, confidence=round(((reading.confidence or 0.0) + mass) / 2, 4))


def believed(answer: LanguageAnswer, label_set: str) -> dict[str, float]:
    """The model's figures with the label that it names on top, flattened; it is never pulled towards neutral."""
    names = labels(label_set)
    masses = answer.masses or dict.fromkeys(names, 1 / len(names))
    if answer.label is not None:
        masses = {name: NAMED * (name == answer.label) + (1 - NAMED) * masses[name] for name in names}
    return tidy(flattened(masses, TRUST))


def judged(case: Case, embedded: Judgement, reading: Reading, name: str) -> Verdict:
    """The verdict. What the model is not asked for (causes, shift, valence, arousal) follows from its label by the
    embedded rules; `case.history` holds the final verdicts before."""
    label, baseline, masses = reading.label, embedded.verdict, dict(reading.distribution)
    if label is None:
        silent = unusable(case, baseline, name, reading.doubt or "")
        update = {"invalid": False, "abstained": True, "distribution": masses, "verified": reading.verified}
        return silent.model_copy(update=update)
    same = label == baseline.label
    return Verdict(
        utterance=case.utterance.id,
        person=case.utterance.person,
        label=label,
        distribution=masses,
        alternatives=_alternatives(label, reading, embedded),
        open_labels=reading.answer.open_labels,
        valence=baseline.valence if same else valence_of(masses),
        arousal=baseline.arousal if same else _arousal_of(masses),
        confidence=reading.confidence,
        causes=causes(case, label),
        shift=shift(case.utterance, label, case.history),
        claims=reading.answer.claims,
        conflict=baseline.conflict,
        verified=reading.verified,
        reasoner=name,
        mode=case.mode,
    )


def unusable(case: Case, baseline: Verdict, name: str, reason: str) -> Verdict:
    """The verdict where the answer could not be used: no label, and not neutral."""
    return Verdict(
        utterance=case.utterance.id,
        person=case.utterance.person,
        label=None,
        invalid=True,
        reason=reason,
        conflict=baseline.conflict,
        reasoner=name,
        mode=case.mode,
    )


def _alternatives(label: str, reading: Reading, embedded: Judgement) -> tuple[str, ...]:
    """The second label, what the parties to a conflict say, and the embedded verdict; most probable first."""
    said = {hypothesis.label for conflict in embedded.conflicts for hypothesis in conflict.hypotheses}
    others = sorted((n for n in reading.distribution if n != label), key=lambda name: -reading.distribution[name])
    return tuple(n for i, n in enumerate(others) if i == 0 or n in said or n == embedded.verdict.label)


def _arousal_of(masses: Mapping[str, float]) -> float:
    return round(sum(p * CIRCUMPLEX[name][1] for name, p in masses.items()), 4)
