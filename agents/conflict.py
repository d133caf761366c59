"""Where modalities disagree. Both readings are kept; nothing is repaired to agree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from math import log2

from emoagent.schema import Conflict, Hypothesis, Modality, Opinion, Policy

ORDER: tuple[Modality, ...] = ("text", "face", "voice")
APART = 0.25  # bits; two opinions this far apart conflict
CLASH = 0.10  # bits; enough where the valences clash as well
FIRM = 0.25  # a valence closer to 0 than this has no sign
REJECTED = (
    0.5  # times chance; below it a label counts as denied. A flat opinion denies nothing, so it contradicts nobody
)


def divergence(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """Jensen-Shannon divergence in bits, 0 to 1 (Lin 1991). An empty distribution counts as the uniform one."""
    names = sorted({*first, *second})
    if not names:
        return 0.0
    p, q = _masses(first, names), _masses(second, names)
    middle = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
    return round(min(1.0, max(0.0, (_relative(p, middle) + _relative(q, middle)) / 2)), 4)


def conflicts(opinions: Sequence[Opinion], policy: Policy) -> tuple[Conflict, ...]:
    """The conflicts between text, face and voice, the strongest first. Opinions that abstain take no part."""
    speaking = [o for name in ORDER for o in opinions if o.modality == name and not o.abstained]
    across = [(a, b) for a, b in combinations(speaking, 2) if a.modality != b.modality]
    pairs = [(divergence(a.distribution, b.distribution), a, b) for a, b in across]
    met = [pair for pair in pairs if pair[0] >= APART or (pair[0] >= CLASH and _clash(pair[1], pair[2]))]
    met = [pair for pair in met if _denies(pair[1], pair[2]) and _denies(pair[2], pair[1])]
    met.sort(key=lambda pair: -pair[0])
    return tuple(_record(number, *pair, policy) for number, pair in enumerate(met, start=1))


def _record(number: int, apart: float, first: Opinion, second: Opinion, policy: Policy) -> Conflict:
    return Conflict(
        id=f"{first.utterance}.conflict.{number}",
        utterance=first.utterance,
        kind=f"{first.modality}-{second.modality}",
        divergence=apart,
        valence_clash=_clash(first, second),
        hypotheses=(_hypothesis(first), _hypothesis(second)),
        policy=policy,
    )


def _hypothesis(opinion: Opinion) -> Hypothesis:
    label = _top(opinion)
    return Hypothesis(
        modality=opinion.modality, label=label, probability=opinion.distribution[label], cites=opinion.cites
    )


def _top(opinion: Opinion) -> str:
    return max(opinion.distribution, key=lambda label: opinion.distribution[label])


def _denies(opinion: Opinion, other: Opinion) -> bool:
    masses = opinion.distribution
    return masses.get(_top(other), 0.0) < REJECTED / len(masses)


def _clash(first: Opinion, second: Opinion) -> bool:
    a, b = first.valence, second.valence
    return a is not None and b is not None and min(abs(a), abs(b)) >= FIRM and a * b < 0


def _masses(distribution: Mapping[str, float], names: Sequence[str]) -> list[float]:
    total = sum(distribution.values())
    return [distribution.get(name, 0.0) / total if total else 1 / len(names) for name in names]


def _relative(p: Iterable[float], q: Iterable[float]) -> float:
    return sum(a * log2(a / b) for a, b in zip(p, q, strict=True) if a > 0)
