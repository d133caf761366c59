"""Evidence: the chips that cite it and the table that holds it."""

from __future__ import annotations

from collections.abc import Iterable

from emoagent.schema import Evidence, Measure, Utterance
from emoagent.viewer.charts import bar
from emoagent.viewer.index import Index, moment
from emoagent.viewer.markup import Markup, anchor, join, said, tag
from emoagent.viewer.wording import SOURCES, count

HEADINGS = ("Evidence", "Source", "When", "Finding", "Measures", "Reliability")


def chips(cites: Iterable[str]) -> Markup:
    """One link for each cited id, to its row in the table."""
    return join((tag("a", cited, class_="chip", href="#" + anchor("e", cited)) for cited in cites), " ")


def evidence_table(index: Index, utterance: Utterance, open_: bool) -> Markup:
    """All evidence of one utterance, behind a line that opens it."""
    items = index.evidence.get(utterance.id, ())
    if not items:
        return tag("p", "No evidence was found for this utterance.", class_="muted evidence")
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in HEADINGS)))
    body = tag("tbody", *(_row(index, item, utterance.person) for item in items))
    summary = tag("summary", "Evidence ", tag("span", count(len(items), "item"), class_="muted"))
    table = tag("table", head, body, aria_label=f"Evidence of {utterance.id}")
    return tag("details", summary, tag("div", table, class_="tablewrap"), open=open_, class_="evidence")


def _row(index: Index, item: Evidence, speaker: str | None) -> Markup:
    producer = f"{item.producer.name} {item.producer.version}"
    note = " · saw the text" if item.saw_text and item.modality != "text" else None
    cells = (
        tag("th", item.id, scope="row"),
        tag("td", SOURCES[item.modality], " ", tag("i", item.kind.replace("_", " "), note), title=producer),
        tag("td", moment(index, item.span.start), "–", moment(index, item.span.end)),
        tag("td", said(item.finding), _whose(index, item, speaker), _frame(index, item)),
        tag("td", *(_measure(name, measure) for name, measure in item.measures.items())),
        tag("td", bar(item.reliability), f"{item.reliability:.2f}"),
    )  # fmt: skip
    return tag("tr", *cells, id=anchor("e", item.id))


def _frame(index: Index, item: Evidence) -> Markup | None:
    """The frame that a caption describes: a link to it where the question shows it, else the picture itself."""
    ref = item.media_ref
    if ref is None or not item.kind.startswith("caption"):
        return None
    if ref in index.first_shown:
        return join((" ", tag("a", "frame", href="#" + anchor("f", ref), class_="chip")))
    if ref not in index.pictures:
        return None
    return tag("img", src=index.pictures[ref], alt=f"Frame of {item.id}", loading="lazy", class_="thumb")


def _whose(index: Index, item: Evidence, speaker: str | None) -> Markup | None:
    if item.person in {None, speaker}:
        return None
    return tag("span", " Of ", said(index.speaker(item.person)), ".", class_="muted")


def _measure(name: str, measure: Measure) -> Markup:
    value = f"{measure.value:.3g}".replace("-", "−")
    return tag("p", f"{name.replace('_', ' ')} ", tag("b", value), " ", tag("i", measure.unit))
