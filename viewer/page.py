"""The page around the cards: header, legend, faults, provenance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from emoagent.labels import LABEL_SETS
from emoagent.schema import Clip, Fault, Provenance, Trace
from emoagent.viewer.calls import calls_of_none
from emoagent.viewer.cards import cards
from emoagent.viewer.charts import patterns, swatch
from emoagent.viewer.index import Index
from emoagent.viewer.markup import Child, Markup, join, said, tag
from emoagent.viewer.timeline import timeline
from emoagent.viewer.wording import clock, count

CAVEAT = (
    "Labels name the expressed emotion, as a viewer would label it. They are estimates with stated reasons, not "
    "measurements of an inner state, and must not be the only ground for a decision about a person."
)


CARDS = "\0cards\0"  # no text of a trace can hold it: control characters are spelt out


@dataclass(frozen=True)
class Assets:
    """The inline style and script, and the content security policy that allows these two and nothing else."""

    style: str
    script: str
    policy: str


def page(index: Index, assets: Assets) -> Iterator[str]:
    """The whole document, piece by piece: one card at a time is held in memory."""
    frame = tag("html", _head(index.trace.clip, assets), _body(index, assets), lang="en")
    before, after = frame.split(CARDS)
    yield f"<!doctype html>\n{before}"
    yield from cards(index)
    yield f"{after}\n"


def _head(clip: Clip, assets: Assets) -> Markup:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=assets.policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{clip.name}: expressed emotions"),
        tag("style", Markup(assets.style)),
    )


def _body(index: Index, assets: Assets) -> Markup:
    trace = index.trace
    utterances = tag("section", tag("h2", "Utterances"), Markup(CARDS), id="utterances")
    return tag(
        "body",
        tag("a", "Skip to the utterances", href="#utterances", class_="skip"),
        patterns(),
        _header(index),
        tag("main", _overview(index), utterances, calls_of_none(index), _faults(trace.faults), _provenance(trace)),
        tag("footer", tag("p", CAVEAT), tag("p", f"emoagent {trace.provenance.emoagent}")),
        tag("script", Markup(assets.script)),
    )


def _header(index: Index) -> Markup:
    trace = index.trace
    clip = trace.clip
    facts = _facts(
        ("Duration", clock(clip.duration)),
        ("Picture", _picture(clip)),
        ("Sound", _sound(clip)),
        ("People", join((_person(index, person) for person in trace.people), ", ") if trace.people else "none found"),
        ("Transcript", ", ".join(sorted({u.source for u in trace.utterances})) or "none"),
        ("Profile", join((tag("b", trace.provenance.profile), f": {trace.provenance.profile_reason}"))),
    )
    titles = tag("div", tag("p", "Expressed emotions, with evidence", class_="kicker"), said(clip.name, "h1"),
                 _tally(trace), facts, class_="titles")  # fmt: skip
    return tag("header", titles, _video(index), class_="top with-video" if index.video else "top")


def _video(index: Index) -> Markup | None:
    if index.video is None:
        return None
    video = tag("video", src=index.video, controls=True, preload="metadata", id="video", aria_label="The clip")
    return tag("div", video, class_="stage")


def _tally(trace: Trace) -> Markup:
    judged = sum(v.label is not None for v in trace.verdicts)
    parts: list[Child] = [
        count(len(trace.utterances), "utterance"),
        f"{judged} with a label",
        count(len(trace.conflicts), "conflict"),
    ]
    if trace.faults:
        parts.append(tag("a", count(len(trace.faults), "fault"), href="#faults", class_="warn"))
    return tag("p", join(parts, " · "), class_="tally")


def _overview(index: Index) -> Markup:
    if not index.trace.utterances:
        return tag("section", tag("h2", "Timeline"), tag("p", "No utterance was found in this clip."))
    number = len({c.utterance for c in index.trace.conflicts})
    box = tag("input", type="checkbox", id="only-conflicts")
    choice = tag("label", box, f" Conflicts only ({number} of {len(index.trace.utterances)})", class_="choice")
    status = tag("span", role="status", id="status", class_="sr")
    bar = tag("div", _legend(index.trace), choice, status, class_="controls")
    return tag("section", tag("h2", "Timeline"), timeline(index), bar, class_="overview")


def _legend(trace: Trace) -> Markup:
    labels = LABEL_SETS.get(trace.label_set, ())
    used = {v.label for v in trace.verdicts}
    shown = [label for label in labels if label in used]
    shown += sorted(label for label in used if label is not None and label not in labels)
    items = [tag("li", swatch(label), label) for label in shown]
    if None in used:
        items.append(tag("li", swatch(None), "no label"))
    items.append(tag("li", tag("span", "⚡", aria_hidden="true"), "sources disagree"))
    return tag("ul", *items, class_="legend", aria_label="Key")


def _picture(clip: Clip) -> str:
    if clip.video is None:
        return "none"
    video = clip.video
    return f"{video.width} × {video.height}, {video.fps:.4g} frames/s, {video.codec}"


def _sound(clip: Clip) -> str:
    if clip.audio is None:
        return "none"
    return f"{clip.audio.rate / 1000:g} kHz, {count(clip.audio.channels, 'channel')}, {clip.audio.codec}"


def _person(index: Index, person: object) -> Markup:
    identifier = getattr(person, "id", None)
    number = sum(u.person == identifier for u in index.trace.utterances)
    return join((said(index.speaker(identifier)), tag("span", f" ({number})", class_="muted")))


def _faults(faults: tuple[Fault, ...]) -> Markup | None:
    if not faults:
        return None
    items = (
        tag("li", tag("p", tag("b", fault.source), ": ", said(fault.message)),
            tag("p", tag("span", "What to do: ", class_="muted"), tag("code", fault.hint)) if fault.hint else None,
            tag("p", tag("code", fault.code), class_="muted small"))
        for fault in faults
    )  # fmt: skip
    note = tag("p", "These parts failed; the rest of the analysis went on without them.", class_="muted")
    return tag("section", tag("h2", "Faults"), note, tag("ul", *items), id="faults", class_="faults")


def _provenance(trace: Trace) -> Markup:
    origin = trace.provenance
    reasoners = sorted({f"{v.reasoner} ({v.mode})" for v in trace.verdicts})
    facts = _facts(
        ("Clip", join((f"{trace.clip.bytes:,} bytes, {trace.clip.format}, sha256 ", tag("code", trace.clip.sha256)))),
        ("emoagent", f"{origin.emoagent} on Python {origin.python}"),
        ("Reasoner", ", ".join(reasoners) or "none"),
        ("Label set", trace.label_set),
        ("Packages", ", ".join(f"{name} {version}" for name, version in sorted(origin.packages.items()))),
        ("Schema", trace.schema_version),
    )
    return tag("section", tag("h2", "Provenance"), facts, _settings(origin), _agents(origin), _models(origin),
               class_="provenance")  # fmt: skip


def _settings(origin: Provenance) -> Markup | None:
    return _table("Settings", ("Setting", "Value"), ([k, v] for k, v in sorted(origin.settings.items())))


def _agents(origin: Provenance) -> Markup | None:
    return _table("Agents", ("Name", "Version", "Revision"), ([a.name, a.version, a.revision] for a in origin.agents))


def _models(origin: Provenance) -> Markup | None:
    rows: Iterable[list[Child]] = ([m.name, m.licence, m.source, tag("code", m.sha256)] for m in origin.models)
    return _table("Models", ("Name", "Licence", "Source", "sha256"), rows)


def _table(caption: str, headings: tuple[str, ...], rows: Iterable[list[Child]] | Iterable[list[str]]) -> Markup | None:
    body = [tag("tr", *(tag("td", cell) for cell in row)) for row in rows]
    if not body:
        return None
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in headings)))
    table = tag("table", tag("caption", caption), head, tag("tbody", *body))
    return tag("div", table, class_="tablewrap")


def _facts(*facts: tuple[str, Child]) -> Markup:
    return tag("dl", *(tag("div", tag("dt", term), tag("dd", value)) for term, value in facts), class_="facts")
