"""The sentences of an answer about one utterance, each with the ids of the evidence on which it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from emoagent.agents.ask.desk import Desk
from emoagent.agents.ask.question import Asked
from emoagent.agents.sentences import percent
from emoagent.schema import ClaimAudit, Conflict, Utterance, Verdict
from emoagent.tools.plain_text import clock

SPOKEN = {"text": "words", "face": "face", "voice": "voice", "behavior": "behaviour", "dialogue": "dialogue"}
SHOWN = 3  # labels of a distribution
FINDINGS = 4  # pieces of evidence of one source


@dataclass(frozen=True)
class Sentence:
    """A sentence and the ids of the evidence that it rests on."""

    text: str
    cites: tuple[str, ...]


def verdict_of(desk: Desk, utterance: Utterance, asked: Asked) -> Iterator[Sentence]:
    """The label with its confidence; where a source is asked for, what that suggests alone."""
    if asked.sources and "label" in asked.wants:
        yield from _alone(desk, utterance, asked)
        return
    verdict, title = desk.verdicts.get(utterance.id), desk.title(utterance)
    cites = desk.stands_on(utterance)
    if verdict is None or verdict.label is None:
        why = f": {verdict.reason}" if verdict and verdict.reason else ""
        yield Sentence(f"{title}: no label{why.rstrip('.')}.", cites)
        return
    sure = f" (confidence {percent(verdict.confidence)})" if verdict.confidence is not None else ""
    wrong = [label for label in asked.labels if label != verdict.label and not asked.step]
    instead = f", not {' or '.join(wrong)}" if wrong and verdict.label not in asked.labels else ""
    yield Sentence(f"{title}: the expressed emotion is {verdict.label}{sure}{instead}.", cites)
    if instead:
        given = ", ".join(f"{label} {percent(verdict.distribution.get(label, 0.0))}" for label in wrong)
        yield Sentence(f"The verdict gives there: {given}.", cites)


def reasons(desk: Desk, utterance: Utterance, asked: Asked) -> Iterator[Sentence]:
    """The verdict and its claims, what the audit found with each."""
    yield from verdict_of(desk, utterance, asked)
    verdict, audit = desk.verdicts.get(utterance.id), desk.audits.get(utterance.id)
    if verdict is None or verdict.label is None:
        return
    marks = {mark.claim: mark for mark in audit.claims} if audit else {}
    for place, claim in enumerate(verdict.claims):
        cites = tuple(cite for cite in claim.cites if cite in desk.evidence)
        text = claim.text.rstrip(".")
        against = "Against it: " if claim.stance == "against" and not text.startswith("Against") else ""
        yield Sentence(f"{against}{text}{_audited(marks.get(place))}.", cites)
    if audit and audit.finding == "decoration":
        yield Sentence(
            "But the audit calls this explanation decoration: without the cited evidence the verdict stays.",
            desk.stands_on(utterance),
        )


def causes(desk: Desk, utterance: Utterance, asked: Asked) -> Iterator[Sentence]:
    """What gave rise to the expression."""
    yield from verdict_of(desk, utterance, asked)
    verdict = desk.verdicts.get(utterance.id)
    if verdict is None or verdict.label is None:
        return
    for name in verdict.causes:
        cause = desk.utterances.get(name)
        if cause is None or cause is utterance:
            text = "What is said there itself is one cause of it." if len(verdict.causes) > 1 else (
                "What is said there itself is its cause."
            )  # fmt: skip
            yield Sentence(text, desk.quoted(utterance))
        else:
            label = desk.label(cause)
            expressing = f", which expresses {label}" if label else ""
            yield Sentence(f"A cause of it is {_lower(desk.title(cause))}{expressing}.", desk.quoted(cause))
    if not verdict.causes:
        why = "A neutral expression has no cause" if verdict.label == "neutral" else "No cause was found"
        yield Sentence(f"{why} among this utterance and the three before it.", desk.quoted(utterance))


def sureness(desk: Desk, utterance: Utterance, asked: Asked) -> Iterator[Sentence]:
    """Confidence, the likeliest labels, a second model, the audit."""
    yield from verdict_of(desk, utterance, asked)
    verdict, audit, cites = desk.verdicts.get(utterance.id), desk.audits.get(utterance.id), desk.stands_on(utterance)
    if verdict is None or verdict.label is None:
        return
    if verdict.confidence is None:
        yield Sentence("No confidence was measured for it.", cites)
    yield Sentence(f"The likeliest labels are: {_ranked(verdict)}.", cites)
    if verdict.verified is not None:
        yield Sentence(f"A second model {'agrees' if verdict.verified else 'does not agree'}.", cites)
    if audit:
        yield Sentence(f"The audit: {_finding(audit.finding, audit.cited_flipped)}.", cites)
    for conflict in desk.conflicts(utterance)[:1]:
        yield from _conflict(desk, utterance, conflict)


def against(desk: Desk, utterance: Utterance, asked: Asked) -> Iterator[Sentence]:
    """What contradicts the verdict: conflicts, claims against it, sources that prefer another label. Where no utterance
    is in question, those with a conflict (between the sources that are named) are told."""
    met = [conflict for conflict in desk.conflicts(utterance) if set(asked.sources) <= set(conflict.kind.split("-"))]
    if not met and not asked.pointed:
        return
    found = [sentence for conflict in met for sentence in _conflict(desk, utterance, conflict)]
    found += _opposing(desk, utterance, {part for conflict in met for part in conflict.kind.split("-")})
    yield from verdict_of(desk, utterance, asked)
    yield from found or [Sentence("No source contradicts it.", desk.stands_on(utterance))]


def _opposing(desk: Desk, utterance: Utterance, told: set[str]) -> Iterator[Sentence]:
    """Claims against the label; sources that prefer another one and are not `told`."""
    verdict = desk.verdicts.get(utterance.id)
    if verdict is None or verdict.label is None:
        return
    yield from (Sentence(f"{c.text.rstrip('.')}.", c.cites) for c in verdict.claims if c.stance == "against")
    for opinion in desk.opinions(utterance):
        best = max(opinion.distribution, key=lambda name: opinion.distribution[name])
        if best != verdict.label and opinion.modality not in told:
            alone = (
                f"The {SPOKEN[opinion.modality]} alone would suggest {best} ({percent(opinion.distribution[best])})."
            )
            yield Sentence(alone, opinion.cites)


def changes(desk: Desk, utterance: Utterance, asked: Asked) -> Iterator[Sentence]:
    """The shift that leads to the utterance; where one utterance is in question, also that there is none."""
    verdict = desk.verdicts.get(utterance.id)
    if verdict is None or verdict.label is None:
        return
    if verdict.shift is None:
        if asked.anchored and all(when.moment for when in asked.whens):
            text = (
                f"{desk.title(utterance)}: {verdict.label}; no change from what {desk.name(utterance.person)} expressed"
            )
            yield Sentence(f"{text} before is on record.", desk.stands_on(utterance))
        return
    before = desk.utterances.get(verdict.shift.utterance)
    since = f" (at {clock(before.span.start)})" if before else ""
    cites = (*(desk.stands_on(before) if before else ()), *desk.stands_on(utterance))
    text = f"{desk.title(utterance)}: a change from {verdict.shift.before}{since} to {verdict.shift.after}."
    yield Sentence(text, tuple(dict.fromkeys(cites)))


def voices(desk: Desk, utterance: Utterance, asked: Asked) -> Iterator[Sentence]:
    """Who speaks, on what evidence, and with which label."""
    seen = tuple(item.id for item in desk.of(utterance) if item.kind == "active_speaker")
    label, cites = desk.label(utterance), (*seen, *desk.quoted(utterance))
    expressing = f", expressing {label}" if label else ", without a label"
    yield Sentence(f"{desk.title(utterance)}{expressing}.", tuple(dict.fromkeys(cites)))


def when_said(desk: Desk, utterance: Utterance, asked: Asked) -> Iterator[Sentence]:
    """The times of an utterance."""
    label = desk.label(utterance)
    text = f"{desk.title(utterance, until=True)}{f', expressing {label}' if label else ''}."
    yield Sentence(text, desk.stands_on(utterance))


def said(desk: Desk, utterance: Utterance, asked: Asked) -> Iterator[Sentence]:
    """The words, whole."""
    name = desk.name(utterance.person)
    if utterance.text.strip():
        text = " ".join(utterance.text.split())
        yield Sentence(f"{name[0].upper()}{name[1:]} says: “{text}”", desk.quoted(utterance))
    else:
        yield Sentence("No words were recognised there.", desk.quoted(utterance))


def evidence(desk: Desk, utterance: Utterance, asked: Asked) -> Iterator[Sentence]:
    """Findings: those that are named or of the sources in question, else those that the verdict cites."""
    named = [desk.evidence[name] for name in asked.ids if name in desk.evidence]
    if named:
        found = [item for item in named if item.utterance == utterance.id]
    elif asked.sources:
        found = [item for item in desk.of(utterance) if item.modality in asked.sources]
        found = sorted(found, key=lambda item: -item.reliability)[: FINDINGS * len(asked.sources)]
        if not found:
            names = " and ".join(SPOKEN[source] for source in asked.sources)
            yield Sentence(f"{desk.title(utterance)}: there is no evidence of the {names}.", desk.quoted(utterance))
    else:
        found = [desk.evidence[cite] for cite in desk.stands_on(utterance)]
    for item in found:
        yield Sentence(f"{item.finding.rstrip('.')} (reliability {percent(item.reliability)}).", (item.id,))
    if asked.sources and found:
        yield from _alone(desk, utterance, asked)


def alternatives(desk: Desk, utterance: Utterance, asked: Asked) -> Iterator[Sentence]:
    """The other labels; for one in question, who suggests it and how strongly."""
    yield from verdict_of(desk, utterance, asked)
    verdict, cites = desk.verdicts.get(utterance.id), desk.stands_on(utterance)
    if verdict is None or not verdict.distribution:
        return
    if not asked.labels:
        yield Sentence(f"The likeliest labels are: {_ranked(verdict)}.", cites)
    for label in asked.labels:
        for opinion in desk.opinions(utterance):
            if opinion.cites:
                share = percent(opinion.distribution.get(label, 0.0))
                yield Sentence(f"The {SPOKEN[opinion.modality]} alone would give {label} {share}.", opinion.cites)


def valence(desk: Desk, utterance: Utterance, asked: Asked) -> Iterator[Sentence]:
    """Valence and arousal."""
    verdict = desk.verdicts.get(utterance.id)
    told = [f"{name} {value:+.2f}".replace("-", "−") for name, value in _plane(verdict) if value is not None]
    if told:
        yield Sentence(f"{desk.title(utterance)}: {' and '.join(told)}, each from −1 to 1.", desk.stands_on(utterance))


def _plane(verdict: Verdict | None) -> tuple[tuple[str, float | None], ...]:
    return (("valence", verdict.valence), ("arousal", verdict.arousal)) if verdict else ()


def counts(desk: Desk, found: Sequence[Utterance], asked: Asked) -> Iterator[Sentence]:
    """How many utterances, by label where none is in question."""
    cites = tuple(dict.fromkeys(cite for utterance in found[:50] for cite in desk.quoted(utterance)))
    total = len(desk.trace.utterances)
    if asked.whoever:
        tally = Counter(desk.name(utterance.person) for utterance in found)
        told = ", ".join(f"{name} ({number})" for name, number in tally.most_common())
        people = "person" if len(tally) == 1 else "people"
        yield Sentence(f"{len(tally)} {people}, with so many of the utterances in question: {told}.", cites)
        return
    if asked.labels:
        yield Sentence(f"{len(found)} of {total} utterances express {' or '.join(asked.labels)}.", cites)
        return
    tally = Counter(desk.label(utterance) or "no label" for utterance in found)
    told = ", ".join(f"{label} {number}" for label, number in tally.most_common())
    yield Sentence(f"{len(found)} of {total} utterances: {told}.", cites)


def _alone(desk: Desk, utterance: Utterance, asked: Asked) -> Iterator[Sentence]:
    for source in asked.sources:
        opinion = next((o for o in desk.opinions(utterance) if o.modality == source and o.cites), None)
        if opinion is None:
            text = (
                f"{desk.title(utterance)}: the {SPOKEN[source]} alone suggest{'' if source == 'text' else 's'} nothing."
            )
            yield Sentence(text, desk.quoted(utterance))
            continue
        ranked = sorted(opinion.distribution.items(), key=lambda pair: -pair[1])[:SHOWN]
        told = ", ".join(f"{label} {percent(share)}" for label, share in ranked)
        yield Sentence(f"{desk.title(utterance)}: from the {SPOKEN[source]} alone: {told}.", opinion.cites)


def _conflict(desk: Desk, utterance: Utterance, conflict: Conflict) -> Iterator[Sentence]:
    names = " and ".join(SPOKEN.get(part, part) for part in conflict.kind.split("-"))
    said = "; ".join(f"the {SPOKEN[h.modality]}: {h.label} ({percent(h.probability)})" for h in conflict.hypotheses)
    cites = tuple(dict.fromkeys(cite for h in conflict.hypotheses for cite in h.cites))
    yield Sentence(f"{names.capitalize()} disagree: {said}.", cites or desk.stands_on(utterance))


def _ranked(verdict: Verdict) -> str:
    ranked = sorted(verdict.distribution.items(), key=lambda pair: -pair[1])[:SHOWN]
    return ", ".join(f"{label} {percent(share)}" for label, share in ranked)


def _audited(mark: ClaimAudit | None) -> str:
    if mark is None:
        return ""
    if mark.supported is False:
        return f" (not supported: {(mark.reason or 'no reason given').rstrip('.')})"
    return " (without this evidence the label changes)" if mark.flipped else ""


def _finding(finding: str, flipped: bool) -> str:
    if finding == "not-tested":
        return "it was not tested whether the verdict stands on the evidence that it cites"
    if finding == "decoration":
        return "the verdict stays without the evidence that it cites, so the explanation does not carry it"
    return f"without the evidence that it cites, the verdict {'changes' if flipped else 'becomes less sure'}"


def _lower(title: str) -> str:
    return title if not title.startswith("An unknown") else f"a{title[1:]}"
