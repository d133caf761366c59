"""Whether a verdict stands on the evidence it cites: take the evidence away, judge again, and see what moves."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations, islice
from math import comb

from emoagent.agents.case import Case, Judgement
from emoagent.agents.conflict import divergence
from emoagent.agents.opinion import opine as opine_anew
from emoagent.agents.reasoner import embedded
from emoagent.schema import Audit, ClaimAudit, Evidence, Opinion, Utterance, Verdict

SAMPLES = 20  # choices of uncited evidence that are tried at most
MOVED = 0.02  # bits; a verdict that moves less has not moved

Opine = Callable[[Utterance, Sequence[Evidence], Sequence[Utterance]], tuple[Opinion, ...]]
Judge = Callable[[Case], Judgement]


def audit(case: Case, verdict: Verdict, opine: Opine = opine_anew, judge: Judge = embedded) -> Audit:
    """Removes what `verdict` cites, and against it as many uncited items (all of them where there are fewer).

    A verdict that abstains once its evidence is gone counts as flipped, and as uniform in the divergence. `carried`: it
    moved, and more than by the loss of uncited evidence. `not-tested`: it has no label or cites nothing. The random
    choices depend on the ids alone.
    """
    cited = {cite for claim in verdict.claims for cite in claim.cites}
    if verdict.label is None or not cited:
        return Audit(utterance=verdict.utterance, cited_divergence=0, cited_flipped=False, finding="not-tested")

    def without(ids: frozenset[str]) -> tuple[float, bool]:
        return _moved(verdict, judge(_reduced(case, ids, opine)).verdict)

    moved, flipped = without(frozenset(cited))
    uncited = [item.id for item in case.evidence if item.id not in cited]
    others = [without(ids) for ids in _choices(uncited, len(cited))]
    by_chance = _mean([distance for distance, _ in others])
    carried = (flipped or moved >= MOVED) and (by_chance is None or moved > by_chance)
    return Audit(
        utterance=verdict.utterance,
        cited_divergence=moved,
        cited_flipped=flipped,
        uncited_divergence=by_chance,
        uncited_flipped=_mean([float(flip) for _, flip in others]),
        claims=tuple(_claim(i, *without(frozenset(claim.cites))) for i, claim in enumerate(verdict.claims)),
        finding="carried" if carried else "decoration",
    )


def _reduced(case: Case, removed: frozenset[str], opine: Opine) -> Case:
    """The case as if the removed evidence had never been there."""
    kept = tuple(item for item in case.evidence if item.id not in removed)
    remembered = [o for o in case.opinions if o.modality == "dialogue" and removed.isdisjoint(o.cites)]
    before = tuple(turn.utterance for turn in case.history)
    return replace(case, evidence=kept, opinions=(*opine(case.utterance, kept, before), *remembered))


def _moved(before: Verdict, after: Verdict) -> tuple[float, bool]:
    left = {} if after.label is None else after.distribution
    return divergence(before.distribution, left), after.label != before.label


def _choices(uncited: Sequence[str], size: int) -> Iterator[frozenset[str]]:
    size = min(size, len(uncited))
    if not size:
        return
    if comb(len(uncited), size) <= SAMPLES:
        yield from map(frozenset, combinations(uncited, size))
        return
    seed = hashlib.sha256("\n".join(uncited).encode()).digest()
    yield from islice(_samples(random.Random(seed), uncited, size), SAMPLES)


def _samples(source: random.Random, uncited: Sequence[str], size: int) -> Iterator[frozenset[str]]:
    while True:
        yield frozenset(source.sample(list(uncited), size))


def _claim(index: int, moved: float, flipped: bool) -> ClaimAudit:
    return ClaimAudit(claim=index, divergence=moved, flipped=flipped)


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None
