"""What the dialogue so far makes likely: a speaker's expression lasts a while, and a little of it spreads to others."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib import metadata
from pathlib import Path

from emoagent.agents.case import Turn
from emoagent.agents.opinion import flattened, tidy, valence_of
from emoagent.schema import Evidence, Opinion, Producer, Utterance

KIND = "previous_turn"
OWN, OTHER, UNKNOWN = 0.6, 0.3, 0.2  # how much of the earlier distribution is kept: same speaker, another, nobody knows
HALF_LIFE = 15.0  # seconds after which half of it is left
PER_TURN = 0.8  # the factor for each turn in between
FARTHEST = 6  # turns back
LEAST = 0.05  # what is weaker is forgotten


def recall(utterance: Utterance, history: Sequence[Turn]) -> tuple[Evidence, Opinion] | None:
    """Evidence and opinion from one earlier turn: the same speaker's latest, else the turn just before.

    `history` holds turns before `utterance`, oldest first; turns that begin later are ignored. Abstained verdicts are
    not remembered. `None` where nothing is left to remember.
    """
    before = [turn for turn in history if turn.utterance.span.start <= utterance.span.start]
    for back, turn in _candidates(utterance, before[-FARTHEST:]):
        keep = _keep(utterance, turn, back)
        if keep >= LEAST:
            evidence = _evidence(utterance, turn, keep)
            masses = tidy(flattened(turn.verdict.distribution, keep))
            opinion = Opinion(
                utterance=utterance.id,
                modality="dialogue",
                distribution=masses,
                valence=valence_of(masses),
                cites=(evidence.id,),
            )
            return evidence, opinion
    return None


def _candidates(utterance: Utterance, before: Sequence[Turn]) -> list[tuple[int, Turn]]:
    """Turns to recall, best first, with how many turns back they lie (1: just before)."""
    told = [(i, turn) for i, turn in enumerate(reversed(before), start=1) if turn.verdict.label is not None]
    own = [pair for pair in told if utterance.person is not None and pair[1].utterance.person == utterance.person]
    return own[:1] + [pair for pair in told[:1] if pair[0] == 1 and pair not in own[:1]]


def _keep(utterance: Utterance, turn: Turn, back: int) -> float:
    people = (utterance.person, turn.utterance.person)
    share = UNKNOWN if None in people else OWN if people[0] == people[1] else OTHER
    gap = max(0.0, utterance.span.start - turn.utterance.span.end)
    return float(share * 0.5 ** (gap / HALF_LIFE) * PER_TURN ** (back - 1))


def _evidence(utterance: Utterance, turn: Turn, keep: float) -> Evidence:
    people = (utterance.person, turn.utterance.person)
    same = None not in people and people[0] == people[1]
    whom = "An earlier turn of the same speaker" if same else "The turn just before"
    return Evidence(
        id=f"{utterance.id}.dialogue.1",
        utterance=utterance.id,
        person=turn.utterance.person,
        modality="dialogue",
        kind=KIND,
        span=turn.utterance.span,
        finding=f"{whom} ({turn.utterance.id}) was judged {turn.verdict.label}.",
        reliability=round(keep, 4),
        saw_text=True,
        producer=_producer(),
    )


@cache
def _producer() -> Producer:
    revision = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    return Producer(name="dialogue", version=metadata.version("emoagent"), revision=revision)
