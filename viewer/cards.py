"""One card for each utterance: what was said, what was expressed, how sure, and why."""

from __future__ import annotations

from collections.abc import Iterator

from emoagent.schema import Audit, Claim, ClaimAudit, Conflict, Modality, Opinion, Utterance, Verdict
from emoagent.viewer.calls import calls_of
from emoagent.viewer.charts import bar as draw_bar
from emoagent.viewer.charts import label_class, ranking, signed_bar, stack, swatch
from emoagent.viewer.evidence import chips, evidence_table
from emoagent.viewer.index import Index, moment, speaker
from emoagent.viewer.judged import baseline, contributions, second_look
from emoagent.viewer.markup import Markup, anchor, join, said, tag
from emoagent.viewer.wording import (
    DISPUTES,
    POLICIES,
    SOURCES,
    audit_sentences,
    claim_audit,
    conflict_title,
    percent,
    rests_on,
    silence,
    verdict_name,
)

EXCERPT = 48  # characters of another utterance
OPEN_UP_TO = 40  # pieces of evidence; beyond that the tables start closed


def cards(index: Index) -> Iterator[Markup]:
    """All cards in the order of the trace."""
    open_ = len(index.trace.evidence) <= OPEN_UP_TO
    for utterance in index.trace.utterances:
        yield _card(index, utterance, open_)


def _card(index: Index, utterance: Utterance, open_: bool) -> Markup:
    verdict = index.verdicts.get(utterance.id)
    conflicts = index.strongest_first(utterance)
    name = anchor("u", utterance.id)
    return tag(
        "article",
        _head(index, utterance),
        _quote(utterance),
        _side(index, utterance, verdict),
        tag(
            "div",
            *(_conflict(index, conflict) for conflict in conflicts),
            _why(index, utterance, verdict),
            _links(index, verdict),
            baseline(index, utterance),
            contributions(index, utterance),
            _opinions(index, utterance),
            _audit(index.audits.get(utterance.id)),
            calls_of(index, utterance),
            class_="body",
        ),
        evidence_table(index, utterance, open_),
        id=name,
        class_="card has-conflict" if conflicts else "card",
        tabindex=-1,
        aria_label=f"Utterance {utterance.id}",
        data_start=f"{utterance.span.start:.2f}",
        data_end=f"{utterance.span.end:.2f}",
    )


def _head(index: Index, utterance: Utterance) -> Markup:
    who = speaker(index, utterance.person, class_="speaker")
    span = tag("p", moment(index, utterance.span.start), "–", moment(index, utterance.span.end), class_="span")
    link = tag("a", utterance.id, href="#" + anchor("u", utterance.id), class_="permalink", title="Link to this card")
    return tag("header", tag("h3", who), span, link)


def _quote(utterance: Utterance) -> Markup:
    if not utterance.text.strip():
        return tag("p", "No words were recognised here.", class_="quote muted")
    return tag("blockquote", tag("p", "“", said(utterance.text), "”"), class_="quote")


def _side(index: Index, utterance: Utterance, verdict: Verdict | None) -> Markup:
    parts = [_label(verdict), second_look(verdict), _picture(index, utterance)]
    if verdict and verdict.distribution:
        parts += [tag("h4", "How probable", class_="sr"), ranking(verdict.distribution)]
    if verdict and verdict.open_labels:
        parts.append(tag("p", "In other words: ", said(", ".join(verdict.open_labels)), class_="muted small"))
    if verdict and (verdict.valence is not None or verdict.arousal is not None):
        parts.append(signed_bar("Valence", "unpleasant", "pleasant", verdict.valence))
        parts.append(signed_bar("Arousal", "calm", "excited", verdict.arousal))
    return tag("aside", *parts, class_="side", aria_label="Verdict")


def _label(verdict: Verdict | None) -> Markup:
    label = verdict.label if verdict else None
    name = tag("strong", verdict_name(verdict), class_="name")
    if verdict is None or label is None:
        why = tag("p", said(silence(verdict)), class_="muted")
        return tag("div", tag("p", swatch(None), name, class_="label"), why)
    title = tag("p", swatch(label), name, class_="label")
    if verdict.confidence is None:
        return title
    sure = tag("p", tag("span", "Confidence"), draw_bar(verdict.confidence, label_class(label)),
               tag("span", percent(verdict.confidence), class_="n"), class_="confidence")  # fmt: skip
    return tag("div", title, sure)


def _picture(index: Index, utterance: Utterance) -> Markup | None:
    shown = (e for e in index.evidence.get(utterance.id, ()) if e.media_ref in index.pictures)
    item = next(shown, None)
    if item is None or item.media_ref is None:
        return None
    who = index.speaker(item.person)
    name = "Frame" if item.kind.startswith("caption") else "Peak frame"
    image = tag("img", src=index.pictures[item.media_ref], alt=f"{name}: {who}. {item.finding}", loading="lazy",
                decoding="async")  # fmt: skip
    return tag("figure", image, tag("figcaption", f"{name}, ", chips([item.id])))


def _why(index: Index, utterance: Utterance, verdict: Verdict | None) -> Markup | None:
    if verdict is None or not verdict.claims:
        return None
    audit = index.audits.get(utterance.id)
    items = (_claim(index, number, claim, audit) for number, claim in enumerate(verdict.claims))
    return tag("section", tag("h4", "Why"), tag("ul", *items, class_="claims"))


def _claim(index: Index, number: int, claim: Claim, audit: Audit | None) -> Markup:
    stance = {"against": "Speaks against it: ", "context": "Context: "}.get(claim.stance)
    if claim.text.casefold().startswith(("against", "context")):
        stance = None  # the sentence says so itself
    mark = next((c for c in audit.claims if c.claim == number), None) if audit else None
    failed = mark is not None and mark.supported is False
    effect = tag("span", claim_audit(mark), class_="effect doubt" if failed else "effect") if mark else None
    return tag("li", tag("span", stance, class_="stance") if stance else None, said(claim.text), " ",
               chips(cite for cite in claim.cites if mark is None or cite not in mark.unknown), effect, _rests(mark),
               class_=f"{claim.stance} unsupported" if failed else claim.stance)  # fmt: skip


def _rests(mark: ClaimAudit | None) -> Markup | None:
    """Which words carry a claim about the words, or which turns before, with links to their quotations."""
    told = rests_on(mark) if mark else None
    return tag("p", said(told), " ", chips(mark.earlier), class_="muted small") if mark and told else None


def _conflict(index: Index, conflict: Conflict) -> Markup:
    kind = tag("span", f": {DISPUTES[conflict.type]}", class_="kind")
    title = tag("h4", tag("span", "⚡ ", aria_hidden="true"), conflict_title(conflict), kind)
    readings = (
        tag("li", tag("span", SOURCES[h.modality].capitalize(), class_="k"), swatch(h.label),
            tag("b", h.label), f" {percent(h.probability)} ", chips(h.cites))
        for h in conflict.hypotheses
    )  # fmt: skip
    clash = "One suggests something pleasant, the other something unpleasant. " if conflict.valence_clash else ""
    distance = f"Distance {conflict.divergence:.2f} of 1 bit. "
    notes = tag("p", clash, POLICIES[conflict.policy], " ", tag("span", distance, class_="muted"), class_="small")
    return tag("section", title, tag("ul", *readings), notes, class_="conflict")


def _links(index: Index, verdict: Verdict | None) -> Markup | None:
    if verdict is None or not (verdict.shift or verdict.causes):
        return None
    parts = []
    if verdict.shift:
        was = tag("p", tag("span", "Shift", class_="k"), f"from {verdict.shift.before} to {verdict.shift.after} since ",
                  _utterance_link(index, verdict.shift.utterance))  # fmt: skip
        parts.append(was)
    if verdict.causes:
        because = join((_utterance_link(index, cause) for cause in verdict.causes), " ")
        parts.append(tag("p", tag("span", "Caused by", class_="k"), because))
    return tag("section", *parts, class_="links")


def _utterance_link(index: Index, utterance: str) -> Markup:
    link = tag("a", utterance, href="#" + anchor("u", utterance), class_="chip")
    words = index.words.get(utterance, "")
    short = words if len(words) <= EXCERPT else f"{words[:EXCERPT].rstrip()}…"
    return join((link, " ", tag("span", "“", said(short), "”", class_="muted"))) if short else link


def _opinions(index: Index, utterance: Utterance) -> Markup | None:
    if not index.sources:
        return None
    mine = {opinion.modality: opinion for opinion in index.opinions.get(utterance.id, ())}
    seen = {item.modality for item in index.evidence.get(utterance.id, ())}
    rows = (_opinion(source, mine.get(source), source in seen) for source in index.sources)
    return tag("section", tag("h4", "What each source alone suggests"), tag("ul", *rows, class_="opinions"))


def _opinion(source: Modality, opinion: Opinion | None, seen: bool) -> Markup:
    name = tag("span", SOURCES[source].capitalize(), class_="k")
    if opinion is None or not opinion.distribution:
        reason = opinion.reason if opinion else None
        gap = "no opinion" if seen else f"no {source} evidence"
        why = f": {reason}" if reason and reason != gap else None
        return tag("li", name, tag("span", gap, why, class_="gap"))
    top = max(opinion.distribution, key=lambda label: opinion.distribution[label])
    spread = sorted(opinion.distribution.items(), key=lambda item: -item[1])
    shown = ", ".join(f"{label} {percent(share)}" for label, share in spread if share >= 0.01)
    return tag("li", name, tag("span", stack(opinion.distribution), title=shown, role="img"),
               tag("span", f"{top} {percent(opinion.distribution[top])}", class_="n"))  # fmt: skip


def _audit(audit: Audit | None) -> Markup | None:
    if audit is None:
        return None
    heading, sentence = audit_sentences(audit)
    return tag("section", tag("h4", "Check"), tag("p", tag("strong", f"{heading}. "), sentence), class_=audit.finding)
