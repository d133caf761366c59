"""Where modalities disagree. Both readings are kept; nothing is repaired to agree (docs/design/conflict.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from math import log2

from emoagent.schema import Conflict, Dispute, Hypothesis, Modality, Opinion, Policy

ORDER: tuple[Modality, ...] = ("text", "face", "voice")
# Set on CREMA-D's votes so that at most one in twenty pairs fires whose channels agree by the votes of other raters.
APART = 0.5  # the common ground of two opinions below which they conflict
CLASH = 0.8  # the same where their valences have opposite signs
FLAT = 1.2  # an opinion that agrees with itself less than this, a uniform one being 1, contradicts nobody
FIRM = 0.25  # a valence closer to 0 than this has no sign


def divergence(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """Jensen-Shannon divergence in bits, 0 to 1 (Lin 1991). An empty distribution counts as the uniform one."""
    names = sorted({*first, *second})
    if not names:
        return 0.0
    p, q = _masses(first, names), _masses(second, names)
    middle = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
    return round(min(1.0, max(0.0, (_relative(p, middle) + _relative(q, middle)) / 2)), 4)


def common(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """The common ground of two opinions: the chance that labels drawn from both are the same, over that of two draws
    from the flatter one. At least 0; 0 where they share no label, 1 for equal or uniform ones."""
    return _same(first, second) / min(_same(first, first), _same(second, second))


def conflicts(opinions: Sequence[Opinion], policy: Policy) -> tuple[Conflict, ...]:
    """The conflicts between text, face and voice, the strongest first. Opinions that abstain take no part."""
    speaking = [o for name in ORDER for o in opinions if o.modality == name and not o.abstained]
    across = [(a, b) for a, b in combinations(speaking, 2) if a.modality != b.modality]
    met = [(kind, a, b) for a, b in across if (kind := dispute(a, b)) is not None]
    met.sort(key=lambda found: common(found[1].distribution, found[2].distribution))
    return tuple(_record(number, *found, policy) for number, found in enumerate(met, start=1))


def dispute(first: Opinion, second: Opinion) -> Dispute | None:
    """What two opinions disagree about, `None` where they do not or where one of them hardly says anything."""
    tops = {_top(first), _top(second)}
    flatter = min(len(o.distribution) * _same(o.distribution, o.distribution) for o in (first, second))
    clash = _clash(first, second)
    apart = common(first.distribution, second.distribution) < (CLASH if clash else APART)
    if len(tops) == 1 or flatter < FLAT or not apart:
        return None
    return "valence" if clash else "neutral" if "neutral" in tops else "category"


def _record(number: int, kind: Dispute, first: Opinion, second: Opinion, policy: Policy) -> Conflict:
    return Conflict(
        id=f"{first.utterance}.conflict.{number}",
        utterance=first.utterance,
        kind=f"{first.modality}-{second.modality}",
        type=kind,
        divergence=divergence(first.distribution, second.distribution),
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


def _clash(first: Opinion, second: Opinion) -> bool:
    a, b = first.valence, second.valence
    return a is not None and b is not None and min(abs(a), abs(b)) >= FIRM and a * b < 0


def _same(first: Mapping[str, float], second: Mapping[str, float]) -> float:
    return sum(p * second.get(label, 0.0) for label, p in first.items())


def _masses(distribution: Mapping[str, float], names: Sequence[str]) -> list[float]:
    total = sum(distribution.values())
    return [distribution.get(name, 0.0) / total if total else 1 / len(names) for name in names]


def _relative(p: Iterable[float], q: Iterable[float]) -> float:
    return sum(a * log2(a / b) for a, b in zip(p, q, strict=True) if a > 0)
