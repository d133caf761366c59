"""What neighbouring verdicts make likely: an expression lasts a while in a speaker, and a little of it spreads.

Between one turn and the speaker's next an expression either stays, with a chance that falls with the seconds between,
or is drawn anew. So a neighbour's verdict counts by how far it lies from what is usual (q / b), never by how common its
label is: a neutral turn among neutral turns says next to nothing. The same holds backwards, from a later turn to an
earlier one. Since the text is read with the turns before it, an earlier verdict is only shown, not pooled: it added
nothing on measured data. A later one is pooled in hindsight. Figures are in docs/design/dialogue.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path

from emoagent.agents.case import Turn
from emoagent.agents.opinion import tidy, valence_of
from emoagent.schema import Evidence, Opinion, Producer, Span, Utterance

KIND, LATER = "previous_turn", "next_turn"
KINDS = (KIND, LATER)
Memory = tuple[Evidence, Opinion]

# Chance that an expression stays beyond coincidence: (agreement - chance) / (1 - chance) on ECF train, same speaker:
# .43 below 1 s between the two turns, .30 to 2 s, .22 to 4 s, .16 to 8 s, .13 beyond; the other's turn just before:
# .13 below 1 s, .07 beyond.
STAYS, FADES, HALF_LIFE = 0.12, 0.35, 1.5  # what remains, what is lost, seconds after which half of that is lost
SPREADS = 0.1  # from another speaker, or where nobody knows who speaks
FARTHEST = 6  # turns away
FORGOTTEN = 60.0  # seconds
# What is usual: the mean opinion on the text of the first thousand lines of EmoryNLP train.
USUAL: Mapping[str, float] = {
    "neutral": 0.335, "joy": 0.141, "anger": 0.130, "surprise": 0.197, "sadness": 0.083, "disgust": 0.036,
    "fear": 0.078,
}  # fmt: skip


def recall(utterance: Utterance, history: Sequence[Turn]) -> Memory | None:
    """Evidence and opinion from one earlier turn: the same speaker's latest, else the turn just before.

    `history` holds turns before `utterance`, oldest first; turns that begin later are ignored. Abstained verdicts are
    not remembered. `None` where nothing is left to remember.
    """
    before = [turn for turn in history if turn.utterance.span.start <= utterance.span.start]
    return _memory(utterance, before[::-1], KIND)


def foresee(utterance: Utterance, later: Sequence[Turn]) -> Memory | None:
    """The same from one later turn; `later` holds turns after `utterance`, the nearest first."""
    return _memory(utterance, later, LATER)


def stays(utterance: Utterance, neighbour: Utterance) -> float:
    """The chance, 0 to 1, that the expression of a neighbouring turn is still or already there."""
    if utterance.person is None or utterance.person != neighbour.person:
        return SPREADS
    gap = _gap(utterance.span, neighbour.span)
    return float(STAYS + FADES * 0.5 ** (gap / HALF_LIFE))


def _memory(utterance: Utterance, nearest_first: Sequence[Turn], kind: str) -> Memory | None:
    turn = _neighbour(utterance, nearest_first[:FARTHEST])
    if turn is None:
        return None
    masses = tidy({label: p / USUAL[label] for label, p in turn.verdict.distribution.items()})
    evidence = _evidence(utterance, turn, kind)
    opinion = Opinion(
        utterance=utterance.id,
        modality="dialogue",
        distribution=masses,
        valence=valence_of(masses),
        cites=(evidence.id,),
    )
    return evidence, opinion


def _neighbour(utterance: Utterance, nearest_first: Sequence[Turn]) -> Turn | None:
    """The nearest turn of the same speaker, else the one next to this, if it has a label and is not too long ago."""
    near = [turn for turn in nearest_first if _gap(utterance.span, turn.utterance.span) <= FORGOTTEN]
    told = [turn for turn in near if turn.verdict.label is not None]
    own = [turn for turn in told if utterance.person is not None and turn.utterance.person == utterance.person]
    return next(iter(own), None) or next((turn for turn in told if turn is nearest_first[0]), None)


def _gap(first: Span, second: Span) -> float:
    return max(0.0, first.start - second.end, second.start - first.end)


def _evidence(utterance: Utterance, turn: Turn, kind: str) -> Evidence:
    people = (utterance.person, turn.utterance.person)
    same = None not in people and people[0] == people[1]
    when, next_to = ("An earlier", "before") if kind == KIND else ("A later", "after")
    whom = f"{when} turn of the same speaker" if same else f"The turn just {next_to}"
    return Evidence(
        id=f"{utterance.id}.dialogue.{KINDS.index(kind) + 1}",
        utterance=utterance.id,
        person=turn.utterance.person,
        modality="dialogue",
        kind=kind,
        span=turn.utterance.span,
        finding=f"{whom} ({turn.utterance.id}) was judged {turn.verdict.label}.",
        reliability=round(stays(utterance, turn.utterance), 4),
        saw_text=True,
        producer=_producer(),
    )


@cache
def _producer() -> Producer:
    revision = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    return Producer(name="dialogue", version=metadata.version("emoagent"), revision=revision)
