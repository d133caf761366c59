"""From a verdict to what a chatbot gets of it: votes, trend, a short explanation (docs/design/turns.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import metadata
from statistics import fmean

from emoagent.affect import EXPLANATION, AffectTurn, Latency, Revision, Trend, Vote
from emoagent.agents.case import Turn
from emoagent.schema import Claim, Conflict, Evidence, Opinion, Verdict

COMPARED = 3  # earlier turns of the same person that a trend is told against


def affect_of(
    verdict: Verdict,
    conflicts: Sequence[Conflict],
    opinions: Sequence[Opinion],
    evidence: Sequence[Evidence],
    history: Sequence[Turn],
    *,
    session: str,
    turn: int,
    turn_id: str,
    person: str,
    latency: Latency,
    late: tuple[Revision, ...] = (),
) -> AffectTurn:
    """The affect of one turn. `history`: the turns before it, oldest first; `late`: what is told along with it."""
    told = _told(verdict.claims)
    silent = verdict.label is None
    return AffectTurn(
        session=session,
        turn=turn,
        turn_id=turn_id,
        person=person,
        label=verdict.label,
        distribution=verdict.distribution,
        confidence=verdict.confidence,
        valence=verdict.valence,
        arousal=verdict.arousal,
        open_labels=verdict.open_labels,
        abstained=silent,
        reason=(verdict.reason or "no label was given") if silent else None,
        votes=votes(opinions, evidence),
        conflict=conflicts[0] if conflicts else None,
        trend=trend(verdict, person, history),
        evidence=tuple(dict.fromkeys(cite for claim in told for cite in claim.cites)),
        explanation=_cut(" ".join(claim.text for claim in told)),
        models=_models(verdict, opinions, evidence),
        latency=latency,
        late=late,
    )


def votes(opinions: Sequence[Opinion], evidence: Sequence[Evidence]) -> tuple[Vote, ...]:
    """What each modality alone says; one that abstains is listed as well."""
    reliable = {item.id: item.reliability for item in evidence}
    return tuple(_vote(opinion, reliable) for opinion in opinions)


def trend(verdict: Verdict, person: str, history: Sequence[Turn]) -> Trend | None:
    """This turn against the same person's last three that have a label; `None` without a label, or without any."""
    told = [turn.verdict for turn in history if turn.utterance.person == person and turn.verdict.label is not None]
    earlier = told[-COMPARED:]
    if verdict.label is None or not earlier:
        return None
    return Trend(
        turns=len(earlier),
        valence=_moved(verdict.valence, [other.valence for other in earlier]),
        arousal=_moved(verdict.arousal, [other.arousal for other in earlier]),
        before=str(earlier[-1].label),
        changed=earlier[-1].label != verdict.label,
    )


def _vote(opinion: Opinion, reliable: Mapping[str, float]) -> Vote:
    if opinion.abstained:
        return Vote(modality=opinion.modality, abstained=True, reason=opinion.reason)
    cited = [reliable[cite] for cite in opinion.cites if cite in reliable]
    return Vote(
        modality=opinion.modality,
        label=max(opinion.distribution, key=lambda label: opinion.distribution[label]),
        distribution=opinion.distribution,
        quality=round(fmean(cited), 4) if cited else None,
    )


def _moved(now: float | None, earlier: Iterable[float | None]) -> float | None:
    """Half the difference to the mean of those that are known: -1 to 1."""
    known = [value for value in earlier if value is not None]
    return round((now - fmean(known)) / 2, 4) if now is not None and known else None


def _told(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """The first claims, as many as there is room for; at least one, where there is any."""
    chosen, room = list[Claim](), EXPLANATION
    for claim in claims:
        room -= len(claim.text) + bool(chosen)
        if room < 0 and chosen:
            break
        chosen.append(claim)
    return tuple(chosen)


def _cut(text: str) -> str:
    """At most as long as an explanation may be; what is cut ends at a word, with an ellipsis."""
    if len(text) <= EXPLANATION:
        return text
    return text[: EXPLANATION - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def _models(verdict: Verdict, opinions: Sequence[Opinion], evidence: Sequence[Evidence]) -> tuple[str, ...]:
    producers = sorted({(item.producer.name, item.producer.revision) for item in evidence})
    reads = any(opinion.modality == "text" and not opinion.abstained for opinion in opinions)
    return (
        f"{verdict.reasoner}@{_version()}",
        *((_text_model(),) if reads else ()),
        *(f"{name}@{revision}" for name, revision in producers),
    )


@cache
def _version() -> str:
    return metadata.version("emoagent")


def _text_model() -> str:
    from emoagent.tools.words.text_model import text_model

    used = text_model()
    return f"{used.card['name']}@{used.digest[:12]}"
