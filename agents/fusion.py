"""One distribution from several opinions: a logarithmic opinion pool (Genest & Zidek 1986; docs/design/fusion.md).

    log-odds of y = sum over modalities of  weight x reliability of its evidence x r(modality, y) x log(p(y) x labels)

Weight times reliability is relative to the opinion that has most of it, for an opinion has itself been flattened by its
reliability: so one that is alone keeps its distribution, be it of the words or of the face. A uniform opinion adds
nothing, a masked one (missing, or abstaining) adds nothing, and two that agree make a label likelier than each alone.

Two tables hold all that is measured: `MODALITY`, one number a modality, which is the place to change how much face,
voice, dialogue or behavior count against the words; and `fusion_weights.json`, how much what face and voice say counts
for each label, fitted on the crowd's votes of CREMA-D by `emoagent.training.fusion`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources
from math import exp, log

from emoagent.agents.confidence import calibrated
from emoagent.agents.opinion import tidy
from emoagent.errors import UsageError
from emoagent.labels import CIRCUMPLEX, labels
from emoagent.schema import Conflict, Evidence, Modality, Opinion, Policy

# Face against text: by cross-validation on recorded evidence of MELD (`emoagent eval meld-evidence`). Voice to face is
# 0.69 by the crowd's votes on CREMA-D (`fusion_weights.json`). Dialogue is a later turn's verdict, in offline mode: an
# earlier one has no opinion, for the words are read with the turns before them (docs/design/dialogue.md).
MODALITY: Mapping[Modality, float] = {"text": 1.0, "face": 0.5, "voice": 0.345, "dialogue": 0.4, "behavior": 0.15}
CARRIED = 0.5  # how much of the labels' reliability carries over from people's votes to our opinions; 0: none
PREFERRED = 8.0  # how many times the others count less than the preferred party to a conflict (face-first, voice-first)
LEAST = 0.005  # probability below which no opinion is taken at its word
WEIGHTS = "fusion_weights.json"


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
        count = len(self.distribution)
        return evidence_for(share, label, count) - evidence_for(share, rival, count)

    @property
    def reliability(self) -> float:
        """Mean reliability of the evidence, weighted like the opinions; 0 where there is none."""
        return self._mean([(share, share.reliability) for share in self.shares]) or 0.0

    @property
    def confidence(self) -> float:
        """The calibrated probability that the first label is right (`agents/confidence.py`)."""
        return calibrated(self.distribution[self.ranked[0]], {share.opinion.modality for share in self.shares})

    @property
    def valence(self) -> float:
        """-1 to 1: what the opinions say of it, weighted like them; where none does, what the labels make likely."""
        return self._signed(0, [(share, share.opinion.valence) for share in self.shares])

    @property
    def arousal(self) -> float:
        """-1 to 1, in the same way."""
        return self._signed(1, [(share, share.opinion.arousal) for share in self.shares])

    @property
    def open_labels(self) -> tuple[str, ...]:
        """Words outside the label set, of the opinions that speak for the first label, those that add most first."""
        first, second = self.ranked[:2]
        adding = sorted(self.shares, key=lambda share: -self.adds(share, first, second))
        said = [word for s in adding if self.adds(s, first, second) > 0 for word in s.opinion.open_labels]
        return tuple(dict.fromkeys(said))

    def _signed(self, place: int, said: Sequence[tuple[Share, float | None]]) -> float:
        expected = sum(p * CIRCUMPLEX[label][place] for label, p in self.distribution.items() if label in CIRCUMPLEX)
        own = self._mean([(share, value) for share, value in said if value is not None])
        return round(expected if own is None else own, 4)

    def _mean(self, values: Sequence[tuple[Share, float]]) -> float | None:
        total = sum(share.weight for share, _ in values)
        return sum(share.weight * value for share, value in values) / total if total else None


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
    most = max((MODALITY[opinion.modality] * trust for opinion, trust in known), default=0.0)
    if not most:
        return Pool({}, ())
    shares = tuple(
        Share(o, MODALITY[o.modality] * trust / most * _preference(o.modality, policy, conflicts), trust)
        for o, trust in known
    )
    logits = {name: sum(evidence_for(share, name, len(names)) for share in shares) for name in names}
    highest = max(logits.values())
    return Pool(tidy({name: exp(value - highest) for name, value in logits.items()}), shares)


def evidence_for(share: Share, label: str, count: int) -> float:
    """What an opinion adds to the logarithm of a label's probability, of `count` labels; 0 for a uniform opinion."""
    return share.weight * reliability(share.opinion.modality, label) * log_mass(share.opinion, label, count)


def log_mass(opinion: Opinion, label: str, count: int) -> float:
    """Log of the probability times the number of labels; no probability is below the least that is believed."""
    return log(max(LEAST, opinion.distribution.get(label, 0.0)) * count)


def reliability(modality: Modality, label: str) -> float:
    """How much what `modality` says of `label` counts; 1 where it has not been measured."""
    return 1 + CARRIED * (_table().get(modality, {}).get(label, 1.0) - 1)


def weights_digest() -> Mapping[str, str]:
    """Name and sha256 of the fitted weights, for the record of a measurement."""
    return {"fusion-weights": sha256((resources.files("emoagent.agents") / WEIGHTS).read_bytes()).hexdigest()}


@cache
def _table() -> Mapping[str, Mapping[str, float]]:
    read = json.loads((resources.files("emoagent.agents") / WEIGHTS).read_text("utf-8"))
    table: Mapping[str, Mapping[str, float]] = read["reliability"]
    return table


def _preference(modality: Modality, policy: Policy, conflicts: Sequence[Conflict]) -> float:
    """Less than 1 for all but the preferred modality, where that is party to a conflict."""
    preferred = policy.removesuffix("-first")
    party = any(preferred in conflict.kind.split("-") for conflict in conflicts)
    return 1 / PREFERRED if party and modality != preferred else 1.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
