"""Small cases for the tests of opinions, judgement and audit."""

from __future__ import annotations

from collections.abc import Sequence

from emoagent.agents.case import Case, Judgement, Turn
from emoagent.agents.dialogue import recall
from emoagent.agents.opinion import opine
from emoagent.agents.reasoner import embedded
from emoagent.schema import Evidence, Measure, Modality, Policy, Producer, Span, Utterance

MAKER = Producer(name="test", version="0", revision="0")
AU = "intensity 0-5"


def said(text: str, name: str = "u1", person: str | None = "p1", start: float = 0.0) -> Utterance:
    """An utterance of two seconds."""
    return Utterance(id=name, person=person, span=Span(start=start, end=start + 2), text=text, source="subtitles")


def item(
    utterance: Utterance,
    number: int,
    modality: Modality,
    kind: str,
    measures: dict[str, tuple[float, str]] | None = None,
    reliability: float = 0.8,
    person: str | None = None,
) -> Evidence:
    """A piece of evidence about `utterance`, of its speaker unless another person is given."""
    return Evidence(
        id=f"{utterance.id}.{modality}.{number}",
        utterance=utterance.id,
        person=person or utterance.person,
        modality=modality,
        kind=kind,
        span=utterance.span,
        finding=f"Something about the {modality}.",
        measures={k: Measure(value=v, unit=unit) for k, (v, unit) in (measures or {}).items()},
        reliability=reliability,
        saw_text=modality == "text",
        producer=MAKER,
    )


def heard(utterance: Utterance, reliability: float = 0.95) -> Evidence:
    """The quotation of an utterance."""
    return item(utterance, 1, "text", "quotation", reliability=reliability)


def seen(utterance: Utterance, person: str | None = None, reliability: float = 0.8, **units: float) -> list[Evidence]:
    """Action units, one piece of evidence each: `seen(u, AU12=3.0)`."""
    return [
        item(utterance, i, "face", "action_unit", {name: (value, AU)}, reliability, person)
        for i, (name, value) in enumerate(units.items(), start=1)
    ]


def voiced(utterance: Utterance, reliability: float = 0.8, **cues: float) -> list[Evidence]:
    """Voice cues in standard deviations: `voiced(u, pitch=2.0)`."""
    return [
        item(utterance, i, "voice", kind, {"z": (z, "standard deviations")}, reliability)
        for i, (kind, z) in enumerate(cues.items(), start=1)
    ]


def case_of(
    utterance: Utterance,
    evidence: Sequence[Evidence],
    history: Sequence[Turn] = (),
    policy: Policy = "reliability-weighted",
) -> Case:
    """The case as the graph makes it: opinions from the evidence; what the dialogue recalls is only shown."""
    known = list(evidence)
    if memory := recall(utterance, history):
        known.append(memory[0])
    return Case(utterance, tuple(known), opine(utterance, evidence), tuple(history), "meld7", policy, "causal")


def judged(turns: Sequence[tuple[Utterance, Sequence[Evidence]]]) -> list[Judgement]:
    """A dialogue judged in order."""
    history, judgements = list[Turn](), list[Judgement]()
    for utterance, evidence in turns:
        judgements.append(embedded(case_of(utterance, evidence, history)))
        history.append(Turn(utterance, judgements[-1].verdict))
    return judgements
