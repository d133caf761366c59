"""How a turn is judged, and an earlier one again with what came too late for it. The judge is that of an episode."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from itertools import takewhile

from emoagent.affect import SENSES, Latency, Revision, TurnRecord
from emoagent.agents.affect import affect_of
from emoagent.agents.case import Judgement, Turn, turn_of
from emoagent.agents.dialogue import KINDS, recall
from emoagent.agents.opinion import silent
from emoagent.graphs.judgement import case_of, judge
from emoagent.graphs.stage import Update
from emoagent.graphs.turn_state import (
    LATE,
    REMEMBERED,
    UNTOLD,
    Arrival,
    Conversation,
    Heard,
    Past,
    Perceived,
    Surroundings,
)
from emoagent.schema import Evidence, Fault, Opinion, Utterance, Verdict
from emoagent.settings import Settings

READ = 2  # turns before, after which words are read; five, as in a file, take longer and are no better (turns.md)
_FORGOTTEN: Update = dict.fromkeys(("heard", "utterance", *SENSES))  # what the record holds need not be kept twice


def before(past: Sequence[Past]) -> list[Utterance]:
    """The utterances that an opiner is shown, oldest first."""
    return [each.utterance for each in past[-READ:]]


def judge_turn(state: Conversation, around: Surroundings) -> Update:
    """The record of the turn, which from now on is remembered."""
    began, heard, utterance = time.perf_counter(), state.heard, state.utterance
    assert heard is not None
    assert utterance is not None
    found, history = state.perceived(), _turns(state.past)
    utterance = _with_words(utterance, found)
    evidence = [item for each in found for item in each.evidence]
    opinions = _opinions(utterance, heard, found)
    judgement, shown = _judged(utterance, evidence, opinions, history, around.settings)
    now = time.perf_counter()
    affect = affect_of(
        judgement.verdict, judgement.conflicts, opinions, shown, history,
        session=heard.session, turn=state.turns + 1, turn_id=heard.turn_id or uuid.uuid4().hex, person=heard.person,
        latency=_latency(found, around, began, now), late=state.late,
    )  # fmt: skip
    record = TurnRecord(
        utterance=utterance, evidence=tuple(shown), opinions=opinions, conflicts=judgement.conflicts,
        verdict=judgement.verdict, affect=affect,
    )  # fmt: skip
    past = (*state.past, past_of(record))[-REMEMBERED:]
    return {"record": record, "affect": affect, "past": past, "turns": state.turns + 1, "late": (), **_FORGOTTEN}


def past_of(record: TurnRecord) -> Past:
    """What is remembered of a turn."""
    turn = turn_of(record.utterance, _unexplained(record.verdict), record.evidence)
    return Past(turn=record.affect.turn, utterance=turn.utterance, verdict=turn.verdict, quoted=turn.quoted)


def _answers(state: Conversation, past: Sequence[Past]) -> list[Past]:
    """The answers, named after the turn that they follow."""
    since = len(list(takewhile(lambda each: not each.turn, reversed(past)))) + 1
    named = [u.model_copy(update={"id": f"r{state.turns}.{n}"}) for n, u in enumerate(state.replied, start=since)]
    return [_answered(utterance) for utterance in named]


def _answered(utterance: Utterance) -> Past:
    """What is remembered of an answer, which is not judged."""
    reason = "what a bot says is not judged"
    verdict = Verdict(utterance=utterance.id, person=utterance.person, label=None, abstained=True, reason=reason,
                      reasoner="none")  # fmt: skip
    return Past(turn=0, utterance=utterance, verdict=verdict)


def remembered(state: Conversation, settings: Settings) -> Update:
    """The memory with what was answered, and with earlier turns judged again."""
    past, late, revised = list(state.past), list(state.late), list[TurnRecord]()
    for arrival in state.arrived:
        record = _again(arrival, past, settings)
        revised.append(record)
        late = _with_news(late, _revision(arrival, record))
        past = [past_of(record) if each.turn == record.affect.turn else each for each in past]
    past += _answers(state, past)
    return {"past": tuple(past[-REMEMBERED:]), "late": tuple(late[-UNTOLD:]), "revised": tuple(revised)}


def _again(arrival: Arrival, past: Sequence[Past], settings: Settings) -> TurnRecord:
    """The turn of `arrival` judged with what has arrived, and as before with nothing that was said since."""
    record, found = arrival.record, arrival.perceived
    old, utterance = record.affect, _with_words(record.utterance, found)
    place = next((i for i, each in enumerate(past) if each.turn == old.turn), 0)
    history = _turns(past[:place])
    came = {each.sense for each in found}
    kept = [item for item in record.evidence if item.kind not in KINDS]
    evidence = [*kept, *(item for each in found for item in each.evidence)]
    fresh = {each.sense: _opinion(utterance, each) for each in found}
    opinions = tuple(fresh[o.modality] if o.modality in came else o for o in record.opinions)
    judgement, shown = _judged(utterance, evidence, opinions, history, settings)
    affect = affect_of(
        judgement.verdict, judgement.conflicts, opinions, shown, history, session=old.session, turn=old.turn,
        turn_id=old.turn_id, person=old.person, latency=old.latency, late=old.late,
    )  # fmt: skip
    return TurnRecord(
        utterance=utterance, evidence=tuple(shown), opinions=opinions, conflicts=judgement.conflicts,
        verdict=judgement.verdict, affect=affect,
    )  # fmt: skip


def _with_news(late: Sequence[Revision], new: Revision) -> list[Revision]:
    """One revision for each turn: `before` is what whoever asks was told last."""
    known = next((each for each in late if each.turn == new.turn), None)
    if known:
        arrived = tuple(dict.fromkeys((*known.arrived, *new.arrived)))
        new = new.model_copy(update={"before": known.before, "arrived": arrived})
    return [*(each for each in late if each is not known), new]


def _revision(arrival: Arrival, record: TurnRecord) -> Revision:
    new = record.affect
    return Revision(
        turn=new.turn,
        arrived=tuple(each.sense for each in arrival.perceived),
        before=arrival.record.affect.label,
        label=new.label,
        confidence=new.confidence,
        votes=new.votes,
    )


def _judged(
    utterance: Utterance,
    evidence: Sequence[Evidence],
    opinions: Sequence[Opinion],
    history: Sequence[Turn],
    settings: Settings,
) -> tuple[Judgement, list[Evidence]]:
    """The judgement, and all the evidence with what was recalled."""
    memory = recall(utterance, history)
    shown = [*evidence, *([memory[0]] if memory else [])]
    causal = settings.model_copy(update={"mode": "causal"})
    return judge(case_of(causal, utterance, shown, opinions, history), list[Fault]()), shown


def _opinions(utterance: Utterance, heard: Heard, found: Sequence[Perceived]) -> tuple[Opinion, ...]:
    by_sense = {each.sense: _opinion(utterance, each) for each in found}
    masked = {
        sense: silent(utterance, sense, "no consent" if sense in heard.refused else "not given") for sense in SENSES
    }
    return tuple(by_sense.get(sense, masked[sense]) for sense in SENSES)


def _opinion(utterance: Utterance, found: Perceived) -> Opinion:
    return found.opinion or silent(utterance, found.sense, found.missing or "there is nothing to go by")


def _with_words(utterance: Utterance, found: Sequence[Perceived]) -> Utterance:
    """With the words that were heard, where none were given."""
    return next((each.heard for each in found if each.heard), utterance)


def _turns(past: Sequence[Past]) -> list[Turn]:
    return [each.as_turn() for each in past]


def _unexplained(verdict: Verdict) -> Verdict:
    """What later turns need of a verdict; why it was given stands in the turn's own record."""
    return verdict.model_copy(update={"claims": (), "conflict": None})


def _latency(found: Sequence[Perceived], around: Surroundings, judging: float, now: float) -> Latency:
    stages: dict[str, float] = {each.sense: each.took for each in found if not each.missing}
    began = judging if around.began is None else around.began
    return Latency(
        total=_milliseconds(now - began),
        deadline=_milliseconds(around.allowed),
        stages={**stages, "judge": _milliseconds(now - judging)},
        late=tuple(each.sense for each in found if each.missing == LATE),
    )


def _milliseconds(seconds: float) -> float:
    return round(1000 * seconds, 2)
