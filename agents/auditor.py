"""Whether a verdict stands on the evidence it cites: take the evidence away, judge again, and see what moves."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, islice
from math import comb

from emoagent.agents.case import Case, Judgement
from emoagent.agents.conflict import divergence
from emoagent.agents.opinion import opine as opine_anew
from emoagent.agents.reasoner import Embedded
from emoagent.agents.words import carried_by_earlier, strongest_part
from emoagent.schema import Audit, Claim, ClaimAudit, Evidence, Modality, Opinion, Utterance, Verdict

SAMPLES = 20  # choices of uncited evidence that are tried at most
MOVED = 0.02  # bits; a verdict that moves less has not moved
LEAST = 0.005  # of the label's probability; a claim whose evidence moves it less moves nothing

Opine = Callable[[Utterance, Sequence[Evidence], Sequence[Utterance]], tuple[Opinion, ...]]
Judge = Callable[[Case], Judgement]
Without = Callable[[frozenset[str]], "Effect"]
BRIEFLY: Judge = Embedded(explains=False)
UNMOVED = "without its evidence the verdict stays as it is"


@dataclass(frozen=True)
class Effect:
    """A verdict against the one with some evidence removed: Jensen-Shannon divergence in bits, whether the label is
    another or none, what the probability of the first label is then, less what it was, and whether there is none."""

    divergence: float
    flipped: bool
    change: float
    silenced: bool = False


def audit(case: Case, verdict: Verdict, opine: Opine = opine_anew, judge: Judge = BRIEFLY) -> Audit:
    """Removes what `verdict` cites, and against it as many uncited items (all of them where there are fewer).

    A verdict that abstains once its evidence is gone counts as flipped, and as uniform in the divergence. `carried`: it
    moved, and more than by the loss of uncited evidence. `not-tested`: it has no label or cites nothing. The random
    choices depend on the ids alone. Cites that the case has no evidence by are marked, never an error.
    """
    known = _known(case)
    cited = {cite for claim in verdict.claims for cite in claim.cites}
    if verdict.label is None or not cited:
        return Audit(utterance=verdict.utterance, cited_divergence=0, cited_flipped=False, finding="not-tested")
    present, uncited = cited & set(known), [item.id for item in case.evidence if item.id not in cited]

    def without(ids: frozenset[str]) -> Effect:
        return removal(case, verdict, ids, opine, judge)

    whole = without(frozenset(present))
    others = [without(ids) for ids in choices(uncited, len(present))]
    by_chance = _mean([other.divergence for other in others])
    carried = (whole.flipped or whole.divergence >= MOVED) and (by_chance is None or whole.divergence > by_chance)
    return Audit(
        utterance=verdict.utterance,
        cited_divergence=whole.divergence,
        cited_flipped=whole.flipped,
        cited_removed=len(present),
        uncited_removed=min(len(present), len(uncited)),
        uncited_divergence=by_chance,
        uncited_flipped=_mean([float(other.flipped) for other in others]),
        claims=tuple(
            _claim(i, verdict.claims, known, without).model_copy(update=_words(claim, case, opine))
            for i, claim in enumerate(verdict.claims)
        ),
        finding="carried" if carried else "decoration",
    )


def removal(
    case: Case, verdict: Verdict, ids: frozenset[str], opine: Opine = opine_anew, judge: Judge = BRIEFLY
) -> Effect:
    """What happens to `verdict`, which has a label, once the evidence with these ids is gone."""
    if not ids:
        return Effect(0.0, False, 0.0)
    after = judge(_reduced(case, ids, opine)).verdict
    left = {} if after.label is None else after.distribution
    label = str(verdict.label)
    chance = 1 / len(verdict.distribution)
    now = after.distribution.get(label, 0.0) if after.distribution else chance
    moved = divergence(verdict.distribution, left)
    change = round(now - verdict.distribution[label], 4)
    return Effect(moved, after.label != verdict.label, change, silenced=after.label is None)


def choices(uncited: Sequence[str], size: int, seed: int | None = None) -> Iterator[frozenset[str]]:
    """Ways to remove `size` of the items, or all where there are fewer: every one where there are at most 20, else 20
    drawn at random; without `seed`, by the ids."""
    size = min(size, len(uncited))
    if not size:
        return
    if comb(len(uncited), size) <= SAMPLES:
        yield from map(frozenset, combinations(uncited, size))
        return
    drawn = random.Random(hashlib.sha256(f"{seed or ''}\n".join(uncited).encode()).digest())
    yield from islice(_samples(drawn, uncited, size), SAMPLES)


def _samples(source: random.Random, uncited: Sequence[str], size: int) -> Iterator[frozenset[str]]:
    while True:
        yield frozenset(source.sample(list(uncited), size))


def _known(case: Case) -> dict[str, Modality]:
    """What can be cited: the evidence of the case, and the quotations of the turns before."""
    earlier: dict[str, Modality] = {cite: "text" for turn in case.history for cite in turn.quoted}
    return earlier | {item.id: item.modality for item in case.evidence}


def _reduced(case: Case, removed: frozenset[str], opine: Opine) -> Case:
    """The case as if the removed evidence had never been there. Only what could have seen it is asked again: an
    opiner is shown the evidence of its own modality and the words of the turns before."""
    known = _known(case)
    touched = {known[name] for name in removed}  # what was recalled from the dialogue goes with its evidence
    kept = tuple(item for item in case.evidence if item.id not in removed)
    shown = [item for item in kept if item.modality in touched]
    before = tuple(turn.utterance for turn in case.history if removed.isdisjoint(turn.quoted))
    anew = [o for o in opine(case.utterance, shown, before) if o.modality in touched] if touched else []
    same = [o for o in case.opinions if o.modality not in touched]
    return replace(case, evidence=kept, opinions=(*same, *anew))


def _claim(index: int, claims: Sequence[Claim], known: Mapping[str, Modality], without: Without) -> ClaimAudit:
    claim = claims[index]
    own = frozenset(cite for cite in claim.cites if cite in known)
    alone = without(own)
    reason = _miscited(claim, known) or _idle(claim, alone)
    if reason == UNMOVED and _backs_up(index, claims, known, without):
        reason = None
    return ClaimAudit(
        claim=index,
        divergence=alone.divergence,
        flipped=alone.flipped,
        change=alone.change,
        supported=reason is None,
        reason=reason,
        unknown=tuple(cite for cite in claim.cites if cite not in known),
    )


def _words(claim: Claim, case: Case, opine: Opine) -> dict[str, object]:
    """What a claim about the words rests on: a part of them, or what was said before. This costs a few readings of the
    text; nothing else here does."""
    if claim.modality != "text" or claim.stance == "context":
        return {}
    if found := carried_by_earlier(case, opine):
        return {"alone": found[0], "earlier": tuple(cite for turn in found[1] for cite in turn.quoted)}
    return {"words": strongest_part(case, opine)}


def _miscited(claim: Claim, known: Mapping[str, Modality]) -> str | None:
    """What is wrong with the cites themselves."""
    if any(cite not in known for cite in claim.cites):
        return "it cites evidence that does not exist here"
    other = sorted({known[cite] for cite in claim.cites} - {claim.modality}) if claim.modality else []
    return f"it speaks of the {claim.modality} and cites {other[0]} evidence" if other else None


def _idle(claim: Claim, effect: Effect) -> str | None:
    """Why the evidence does not do what the claim says; context says nothing of the label's probability."""
    if claim.stance == "context" or (claim.stance == "supports" and effect.flipped):
        return None
    towards = -effect.change if claim.stance == "supports" else effect.change
    if towards <= -LEAST:
        return f"without its evidence the label is {'more' if claim.stance == 'supports' else 'less'} probable"
    return None if towards >= LEAST else UNMOVED


def _backs_up(index: int, claims: Sequence[Claim], known: Mapping[str, Modality], without: Without) -> bool:
    """Whether a claim whose loss alone moves nothing moves the verdict once the other claims' evidence is gone: where
    two say the same, each can be spared, and both are right."""
    own = {cite for cite in claims[index].cites if cite in known}
    rest = {c for i, claim in enumerate(claims) if i != index for c in claim.cites if c in known} - own
    if not rest:
        return False
    before, after = without(frozenset(rest)), without(frozenset(rest | own))
    difference = replace(after, change=after.change - before.change, flipped=after.flipped and not before.flipped)
    return _idle(claims[index], difference) is None


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None
