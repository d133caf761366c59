"""One distribution from several opinions: a logarithmic opinion pool (Genest & Zidek 1986) with weights that sum to 1.

A modality that is missing or abstains is masked: it is left out, and the others keep their proportions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

from emoagent.agents.opinion import tidy
from emoagent.errors import UsageError
from emoagent.labels import labels
from emoagent.schema import Conflict, Evidence, Modality, Opinion, Policy

# face : voice = 1 : 0.5 is measured: the crowd's votes on 5,966 CREMA-D clips with face and voice, predicted from the
# votes on each alone, split by actor (docs/design/judgement.md). The others are not measured yet.
WEIGHTS: Mapping[Modality, float] = {"text": 1.0, "face": 1.0, "voice": 0.5, "dialogue": 0.4, "behavior": 0.3}
PREFERRED = 4.0  # the factor on the preferred modality where it is party to a conflict (face-first, voice-first)
LEAST = 0.005  # probability below which no opinion is taken at its word
CERTAINTY = 0.8  # share of the pooled certainty that is believed, until the learned fusion is calibrated


@dataclass(frozen=True)
class Share:
    """An opinion with its weight in the pool, and the mean reliability of what it cites."""

    opinion: Opinion
    weight: float
    reliability: float


@dataclass(frozen=True)
class Pool:
    """The pooled distribution (empty where all are masked) and who carried it."""

    distribution: Mapping[str, float]
    shares: tuple[Share, ...]

    @property
    def ranked(self) -> tuple[str, ...]:
        """The labels, most probable first; ties in the order of the label set."""
        return tuple(sorted(self.distribution, key=lambda label: -self.distribution[label]))

    def adds(self, share: Share, label: str, rival: str) -> float:
        """What the opinion of `share` adds to the log-odds of `label` against `rival`; exact for this pool."""
        return share.weight * (log_mass(share.opinion, label) - log_mass(share.opinion, rival))

    @property
    def reliability(self) -> float:
        """Mean reliability of the evidence, weighted like the opinions; 0 where there is none."""
        return sum(share.weight * share.reliability for share in self.shares)

    @property
    def confidence(self) -> float:
        """A provisional, conservative probability that the first label is right: the pooled one, drawn towards chance
        as far as the evidence is unreliable."""
        chance = 1 / len(self.distribution)
        top = self.distribution[self.ranked[0]]
        return round(chance + (top - chance) * CERTAINTY * self.reliability, 4)


def pool(
    opinions: Sequence[Opinion],
    evidence: Sequence[Evidence],
    label_set: str,
    policy: Policy = "reliability-weighted",
    conflicts: Sequence[Conflict] = (),
) -> Pool:
    """Pools what does not abstain. Raises `UsageError` where an opinion speaks of labels outside `label_set`."""
    names = labels(label_set)
    speaking = [opinion for opinion in opinions if not opinion.abstained]
    if odd := {label for opinion in speaking for label in opinion.distribution} - set(names):
        raise UsageError(f"{label_set} has no label {sorted(odd)[0]!r}", hint="use --labels meld7 with this reasoner")
    reliable = {item.id: item.reliability for item in evidence}
    known = [(opinion, _mean([reliable.get(cite, 0.0) for cite in opinion.cites])) for opinion in speaking]
    raw = [WEIGHTS[o.modality] * trust * _preference(o.modality, policy, conflicts) for o, trust in known]
    total = sum(raw)
    if not total:
        return Pool({}, ())
    shares = tuple(Share(o, weight / total, trust) for (o, trust), weight in zip(known, raw, strict=True))
    logits = {name: sum(s.weight * log_mass(s.opinion, name) for s in shares) for name in names}
    highest = max(logits.values())
    return Pool(tidy({name: exp(value - highest) for name, value in logits.items()}), shares)


def log_mass(opinion: Opinion, label: str) -> float:
    """Log probability, not below the least that is believed."""
    return log(max(LEAST, opinion.distribution.get(label, 0.0)))


def _preference(modality: Modality, policy: Policy, conflicts: Sequence[Conflict]) -> float:
    preferred = policy.removesuffix("-first")
    party = any(modality in conflict.kind.split("-") for conflict in conflicts)
    return PREFERRED if modality == preferred and party else 1.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
