"""Beside a language model's verdict: the embedded one, what a second model says, and what each source adds."""

from __future__ import annotations

from emoagent.schema import Contribution, Utterance, Verdict
from emoagent.viewer.charts import stack, swatch
from emoagent.viewer.index import Index
from emoagent.viewer.markup import Markup, said, tag
from emoagent.viewer.wording import SOURCES, percent, silence, verdict_name, without_source


def second_look(verdict: Verdict | None) -> Markup | None:
    """Whether a second model agrees, where it was asked."""
    if verdict is None or verdict.verified is None:
        return None
    told = "A second model agrees." if verdict.verified else "A second model disagrees."
    return tag("p", told, class_="small" if verdict.verified else "small doubt")


def baseline(index: Index, utterance: Utterance) -> Markup | None:
    """The verdict of the embedded reasoner, where a language model gave the one above."""
    other = index.baseline.get(utterance.id)
    if other is None:
        return None
    verdict = index.verdicts.get(utterance.id)
    return tag("section", tag("h4", "Without the language model"), _line(other), _agreement(verdict, other),
               class_="baseline")  # fmt: skip


def _line(verdict: Verdict) -> Markup:
    name = tag("strong", verdict_name(verdict), class_="name")
    if verdict.label is None:
        return tag("p", swatch(None), name, " ", said(silence(verdict)), class_="label small")
    sure = f" {percent(verdict.confidence)}" if verdict.confidence is not None else None
    spread = tag("span", stack(verdict.distribution), class_="spread") if verdict.distribution else None
    return tag("div", tag("p", swatch(verdict.label), name, tag("span", sure, class_="n"), class_="label"), spread)


def _agreement(verdict: Verdict | None, other: Verdict) -> Markup | None:
    if verdict is None or verdict.label is None or other.label is None:
        return None
    same = verdict.label == other.label
    told = "Both reasoners give the same label." if same else f"The language model says {verdict.label} instead."
    return tag("p", told, class_="muted small")


def contributions(index: Index, utterance: Utterance) -> Markup | None:
    """What the language model says without each source."""
    found = index.contributions.get(utterance.id, ())
    if not found:
        return None
    rows = (_contribution(each) for each in found)
    return tag("section", tag("h4", "What each source adds"), tag("ul", *rows, class_="contributions"))


def _contribution(each: Contribution) -> Markup:
    name = tag("span", SOURCES[each.modality].capitalize(), class_="k")
    return tag("li", name, swatch(each.label), without_source(each), class_="doubt" if each.flipped else None)
