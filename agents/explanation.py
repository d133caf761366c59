"""Why a verdict is what it is: two or three plain sentences from what carried it, each with the evidence it names.

What an opinion adds is what the log-odds of the label, against all others, lose when the others are pooled without it
(docs/design/explanation.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from emoagent.agents.case import Case
from emoagent.agents.fusion import Pool, pool
from emoagent.agents.sentences import Reading, Stance, tell, undecided
from emoagent.schema import Claim, Conflict, Evidence, Opinion

FEW, MOST = 2, 3  # sentences
FEWEST = 0.03  # share of the greatest contribution from which one is worth a sentence
POINT = 0.01  # or of the label's probability, by which it moves that
LEAST = 1e-4  # probability as which none is counted
BEGINNINGS = ("The", "What", "An", "A")  # of sentences that may follow a colon


def explain(pooled: Pool, case: Case, met: Sequence[Conflict] = ()) -> tuple[Claim, ...]:
    """The claims for the first label of `pooled`: what supports it, what speaks most against it if anything does, and
    of the strongest conflict both readings; under the policy `report-both` these come first.

    Where two modalities or more speak, there are two claims or three. A modality that made next to no difference is
    only told where there would be but one claim.
    """
    ranked = sorted(readings(pooled, case, met), key=lambda reading: -abs(reading.adds))
    parties = met[0].kind.split("-") if met else []
    chosen = _chosen(significant(ranked), parties)
    first = parties if met and case.policy == "report-both" else []
    chosen.sort(key=lambda reading: (reading.opinion.modality not in first, reading.stance == "against"))
    claims = [_claim(reading, case) for reading in chosen]
    rest = [reading for reading in ranked if reading not in chosen]
    claims += [_idle(reading, case) for reading in rest[: max(0, FEW - len(claims))]]
    return tuple(claim for claim in claims if claim is not None)


def readings(pooled: Pool, case: Case, met: Sequence[Conflict] = ()) -> list[Reading]:
    """What each opinion that counts in the pool and cites evidence does to the first label: the others are pooled
    without it, since the pool weighs each by the others that are there."""
    speaking, found = [share.opinion for share in pooled.shares if share.weight], []
    for opinion in speaking:
        rest = [other for other in speaking if other is not opinion]
        without = pool(rest, case.evidence, case.label_set, case.policy, met)
        if _cited(opinion, case):
            found.append(_reading(opinion, pooled, without))
    return found


def significant(readings: Sequence[Reading]) -> list[Reading]:
    """Those that are worth a sentence."""
    least = FEWEST * max((abs(reading.adds) for reading in readings), default=0.0)
    return [r for r in readings if r.adds and (abs(r.adds) >= least or abs(r.moves) >= POINT)]


def _reading(opinion: Opinion, pooled: Pool, without: Pool) -> Reading:
    """Told by the label that the opinion prefers where it takes away; else by the verdict's, against the likeliest of
    those that the opinion finds less likely."""
    label, masses = pooled.ranked[0], opinion.distribution
    own, now = masses.get(label, 0.0), pooled.distribution[label]
    then = without.distribution.get(label, 1 / len(pooled.distribution))
    adds, moves = _log_odds(now) - _log_odds(then), now - then
    if adds < 0 and own < max(masses.values()):
        return Reading(opinion, max(masses, key=lambda name: masses[name]), label, adds, moves, label)
    below = [other for other in pooled.ranked[1:] if masses.get(other, 0.0) < own]
    return Reading(opinion, label, below[0] if below else pooled.ranked[1], adds, moves, label)


def _log_odds(share: float) -> float:
    share = min(1 - LEAST, max(LEAST, share))
    return log(share / (1 - share))


def _chosen(worth: Sequence[Reading], parties: Sequence[str]) -> list[Reading]:
    """The readings that become claims, at most three, the strongest first."""
    must = [reading for reading in worth if reading.opinion.modality in parties]
    for stance in ("supports", "against"):
        if not any(reading.stance == stance for reading in must):
            must += [reading for reading in worth if reading.stance == stance][:1]
    more = [reading for reading in worth if reading.stance != "against" and reading not in must]
    chosen = [*must, *more][:MOST]
    return [reading for reading in worth if reading in chosen]


def _claim(reading: Reading, case: Case) -> Claim | None:
    told = tell(reading, _cited(reading.opinion, case), case.utterance.text)
    if told is None:
        return None
    sentence, named = told
    if reading.stance == "against":
        sentence = f"Against it: {_inside(sentence)}"
    return _record(sentence, named, reading, reading.stance)


def _idle(reading: Reading, case: Case) -> Claim | None:
    told = undecided(reading, _cited(reading.opinion, case), case.utterance.text)
    return None if told is None else _record(*told, reading, "context")


def _record(sentence: str, named: Sequence[Evidence], reading: Reading, stance: Stance) -> Claim:
    cites = tuple(item.id for item in named)
    return Claim(text=sentence, cites=cites, stance=stance, modality=reading.opinion.modality)


def _cited(opinion: Opinion, case: Case) -> list[Evidence]:
    known = {item.id: item for item in case.evidence}
    return [known[cite] for cite in opinion.cites if cite in known]


def _inside(sentence: str) -> str:
    """The sentence after a colon: our own beginnings lose their capital, a name in a finding keeps it."""
    first = sentence.split(" ", 1)[0]
    return sentence[0].lower() + sentence[1:] if first in BEGINNINGS else sentence
