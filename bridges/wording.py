"""The expressed emotion of a turn in words: for the terminal, for a reply without a model, for a note to a model.

What is told names modalities, labels and figures of closed sets. Only `reply`, which goes back to the person who spoke,
repeats the explanation, for that quotes what was said.
"""

from __future__ import annotations

from collections.abc import Sequence

from emoagent.affect import AffectTurn, Revision, Vote
from emoagent.prompts.template import prompt
from emoagent.schema import Conflict
from emoagent.viewer.wording import SOURCES, conflict_title, percent

FLAT = 0.15  # of valence or arousal, up to which neither side is named
MOVED = 0.1  # of valence, up to which a trend is called level


def headline(affect: AffectTurn) -> str:
    """`sadness 71 %`, or `abstained: no words were given`."""
    return labelled(affect.label, affect.confidence, affect.reason)


def labelled(label: str | None, confidence: float | None, reason: str | None) -> str:
    """A label with how sure it is; without one, why there is none."""
    if label is None:
        return f"abstained: {reason}" if reason else "abstained"
    return label if confidence is None else f"{label} {percent(confidence)}"


def mood(affect: AffectTurn) -> str:
    """`unpleasant, calm`; empty where neither is known or stands out."""
    pairs = ((affect.valence, ("unpleasant", "pleasant")), (affect.arousal, ("calm", "excited")))
    return ", ".join(names[value > 0] for value, names in pairs if value is not None and abs(value) > FLAT)


def vote_line(vote: Vote) -> str:
    """`voice: anger 62 %`, or `face abstained: no face was seen`."""
    source = SOURCES.get(vote.modality, vote.modality)
    if vote.label is None:
        return f"{source} abstained: {vote.reason}" if vote.reason else f"{source} abstained"
    share = vote.distribution.get(vote.label)
    return f"{source}: {vote.label}" if share is None else f"{source}: {vote.label} {percent(share)}"


def conflict_line(conflict: Conflict) -> str:
    """`Words and face disagree: words joy 62 %, face anger 55 %`."""
    sides = (f"{SOURCES.get(h.modality, h.modality)} {h.label} {percent(h.probability)}" for h in conflict.hypotheses)
    return f"{conflict_title(conflict)}: {', '.join(sides)}"


def trend_line(affect: AffectTurn) -> str:
    """`before: joy; more unpleasant than the last 3 turns`; empty where there is nothing to compare."""
    if (trend := affect.trend) is None:
        return ""
    parts = [f"before: {trend.before}"] if trend.changed else []
    if trend.valence is not None and abs(trend.valence) > MOVED:
        before = f"the last {trend.turns} turns" if trend.turns > 1 else "the last turn"
        parts.append(f"more {'pleasant' if trend.valence > 0 else 'unpleasant'} than {before}")
    return "; ".join(parts)


def revision_line(revision: Revision) -> str:
    """`turn 2, judged again with the face: joy 60 % (was neutral)`."""
    found = labelled(revision.label, revision.confidence, None)
    was = "" if revision.label == revision.before else f" (was {revision.before or 'abstained'})"
    return f"turn {revision.turn}, judged again with the {_and(revision.arrived)}: {found}{was}"


def reply(affect: AffectTurn) -> str:
    """What a bot without a language model answers: what the turn seems to express, why, and what speaks against it."""
    if affect.label is None:
        return f"I cannot tell what that expresses: {affect.reason}."
    sure = "" if affect.confidence is None else f" ({percent(affect.confidence)} sure)"
    said = "is neutral" if affect.label == "neutral" else f"expresses {affect.label}"
    parts = [f"To me that {said}{sure}."]
    if affect.trend is not None and affect.trend.changed:
        parts.append(f"Before, it was {affect.trend.before}.")
    parts += [affect.explanation] if affect.explanation else []
    if affect.conflict is not None:
        parts.append(f"{conflict_line(affect.conflict)}. Which of them is it?")
    return " ".join(parts)


def note(affect: AffectTurn) -> str:
    """A short message for the role `system`. None of the user's words are in it: they would gain its authority."""
    return prompt("affect_note").filled(affect=" ".join(_facts(affect))).strip()


def _facts(affect: AffectTurn) -> list[str]:
    if affect.label is None:
        return ["What it expresses is not known."]
    sure = "" if affect.confidence is None else f", with a calibrated confidence of {percent(affect.confidence)}"
    facts = [f"Expressed emotion: {affect.label}{sure}."]
    facts += [f"It is {mood(affect)}."] if mood(affect) else []
    facts += [f"{conflict_line(affect.conflict)}."] if affect.conflict else []
    if affect.trend is not None and affect.trend.changed:
        facts.append(f"The turn before expressed {affect.trend.before}.")
    return facts


def _and(names: Sequence[str]) -> str:
    told = [SOURCES.get(name, name) for name in names]
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
