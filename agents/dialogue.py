"""What neighbouring verdicts make likely: an expression lasts a while in a speaker, and a little of it spreads.

Between one turn and the speaker's next an expression either stays, with a chance that falls with the seconds between,
or is drawn anew. So a neighbour's verdict counts by how far it lies from what is usual (q / b), never by how common its
label is: a neutral turn among neutral turns says next to nothing. The same holds backwards, from a later turn to an
earlier one. Measured on EmoryNLP and ECF train, see docs/design/dialogue.md.
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
Hindsight = tuple[tuple[Evidence, ...], Opinion]

# Chance that an expression stays beyond coincidence: (agreement - chance) / (1 - chance) on ECF train, same speaker:
# .43 below 1 s between the two turns, .30 to 2 s, .22 to 4 s, .16 to 8 s, .13 beyond; the other's turn just before:
# .13 below 1 s, .07 beyond.
STAYS, FADES, HALF_LIFE = 0.12, 0.35, 1.5  # what remains, what is lost, seconds after which half of that is lost
SPREADS = 0.1  # from another speaker, or where nobody knows who speaks
FARTHEST = 6  # turns away
FORGOTTEN = 60.0  # seconds
# What is usual: the mean of the text model's distributions on EmoryNLP train.
USUAL: Mapping[str, float] = {
    "neutral": 0.448, "joy": 0.161, "anger": 0.099, "surprise": 0.134, "sadness": 0.064, "disgust": 0.038,
    "fear": 0.056,
}  # fmt: skip


def recall(utterance: Utterance, history: Sequence[Turn]) -> Memory | None:
    """Evidence and opinion from one earlier turn: the same speaker's latest, else the turn just before.

    `history` holds turns before `utterance`, oldest first; turns that begin later are ignored. Abstained verdicts are
    not remembered. `None` where nothing is left to remember.
    """
    before = [turn for turn in history if turn.utterance.span.start <= utterance.span.start]
    return _memory(utterance, before[::-1], KIND, "")


def foresee(utterance: Utterance, later: Sequence[Turn]) -> Memory | None:
    """The same from one later turn; `later` holds turns after `utterance`, the nearest first."""
    return _memory(utterance, later, LATER, "")


def around(utterance: Utterance, earlier: Sequence[Turn], later: Sequence[Turn]) -> Hindsight | None:
    """Evidence and one opinion from both sides: `earlier` as judged by what lay before them, oldest first, `later` as
    judged by what lay after them, nearest first. This is smoothing by forward and backward messages (Rabiner 1989)."""
    before = _memory(utterance, earlier[::-1], KIND, " without what follows")
    after = _memory(utterance, later, LATER, " without what came before")
    if before is None or after is None:
        one = before or after
        return ((one[0],), one[1]) if one else None
    return (before[0], after[0]), _joined(before, after)


def _joined(before: Memory, after: Memory) -> Opinion:
    """The pool weighs an opinion by the mean reliability of what it cites; so both keep their own weight."""
    trust = [evidence.reliability for evidence, _ in (before, after)]
    shares = [2 * each / sum(trust) for each in trust]
    pairs = zip(before[1].distribution.items(), after[1].distribution.values(), strict=True)
    masses = tidy({label: p ** shares[0] * q ** shares[1] for (label, p), q in pairs})
    cites = (before[0].id, after[0].id)
    return before[1].model_copy(update={"distribution": masses, "valence": valence_of(masses), "cites": cites})


def stays(utterance: Utterance, neighbour: Utterance) -> float:
    """The chance, 0 to 1, that the expression of a neighbouring turn is still or already there."""
    if utterance.person is None or utterance.person != neighbour.person:
        return SPREADS
    gap = _gap(utterance.span, neighbour.span)
    return float(STAYS + FADES * 0.5 ** (gap / HALF_LIFE))


def _memory(utterance: Utterance, nearest_first: Sequence[Turn], kind: str, proviso: str) -> Memory | None:
    turn = _neighbour(utterance, nearest_first[:FARTHEST])
    if turn is None:
        return None
    masses = tidy({label: p / USUAL[label] for label, p in turn.verdict.distribution.items()})
    evidence = _evidence(utterance, turn, kind, proviso)
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


def _evidence(utterance: Utterance, turn: Turn, kind: str, proviso: str) -> Evidence:
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
        finding=f"{whom} ({turn.utterance.id}) was judged {turn.verdict.label}{proviso}.",
        reliability=round(stays(utterance, turn.utterance), 4),
        saw_text=True,
        producer=_producer(),
    )


@cache
def _producer() -> Producer:
    revision = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    return Producer(name="dialogue", version=metadata.version("emoagent"), revision=revision)
