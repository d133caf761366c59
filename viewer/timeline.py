"""The strip at the top: who spoke when, and which emotion was expressed."""

from __future__ import annotations

from collections.abc import Iterator

from emoagent.schema import Utterance
from emoagent.viewer.charts import hatching, label_class
from emoagent.viewer.index import Index
from emoagent.viewer.markup import Markup, anchor, join, said, tag
from emoagent.viewer.wording import clock, conflict_title, percent, verdict_name

ROW, AXIS = 40, 24  # pixels
PIXELS_PER_UTTERANCE, WIDEST, NARROWEST_BLOCK = 72, 48_000, 3
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


def timeline(index: Index) -> Markup:
    """A row of blocks for each person; each block is a link to its card."""
    rows = _rows(index)
    width = _width(index)
    drawn = (_block(index, utterance, row) for row, person in enumerate(rows) for utterance in rows[person])
    lines = (tag("line", class_="row", x1="0", x2="100%", y1=y, y2=y) for y in range(ROW, ROW * len(rows) + 1, ROW))
    svg = tag("svg", *_ticks(index, width, ROW * len(rows)), *lines, *drawn, _playhead(),
              width=width, height=ROW * len(rows) + AXIS, class_="strip", role="group",
              aria_label="Utterances over time")  # fmt: skip
    names = tag("ul", *(tag("li", said(index.speaker(person))) for person in rows), class_="who")
    scroll = tag("div", svg, class_="scroll", tabindex=0, role="region", aria_label="Timeline")
    return tag("div", names, scroll, class_="timeline")


def _rows(index: Index) -> dict[str | None, list[Utterance]]:
    rows: dict[str | None, list[Utterance]] = {}
    for utterance in index.trace.utterances:
        rows.setdefault(utterance.person, []).append(utterance)
    known = [p.id for p in index.trace.people if p.id in rows]
    others = [p for p in rows if p not in known]
    return {person: rows[person] for person in [*known, *others]}


def _block(index: Index, utterance: Utterance, row: int) -> Markup:
    duration = max(index.trace.clip.duration, utterance.span.end)
    verdict = index.verdicts.get(utterance.id)
    label = verdict.label if verdict else None
    shortest = duration * NARROWEST_BLOCK / max(900, _width(index))
    mark = "⚡ " if utterance.id in index.conflicts else ""
    text = tag("text", mark + (label or "—"), x=7, y=20, class_=f"on {label_class(label)}")
    inner = tag("svg", hatching(label, width="100%", height="100%", rx=5), text, height=ROW - 10, y=row * ROW + 5,
                x=_share(utterance.span.start, duration),
                width=_share(max(utterance.span.duration, shortest), duration))  # fmt: skip
    return tag("a", tag("title", _description(index, utterance)), inner, href="#" + anchor("u", utterance.id),
               data_u=anchor("u", utterance.id))  # fmt: skip


def _width(index: Index) -> int:
    return min(WIDEST, PIXELS_PER_UTTERANCE * len(index.trace.utterances))


def _description(index: Index, utterance: Utterance) -> str:
    verdict = index.verdicts.get(utterance.id)
    parts = [clock(utterance.span.start), index.speaker(utterance.person), verdict_name(verdict)]
    if verdict and verdict.confidence is not None:
        parts.append(percent(verdict.confidence))
    parts += [conflict_title(conflict) for conflict in index.conflicts.get(utterance.id, ())]
    return " · ".join(parts)


def _ticks(index: Index, width: int, height: int) -> Iterator[Markup]:
    duration = index.trace.clip.duration
    wanted = max(width, 900) / 90
    step = next((s for s in STEPS if duration / s <= wanted), STEPS[-1])
    for i in range(int(duration // step) + 1):
        x = _share(i * step, duration)
        near_end = i * step > duration * 0.96
        label = tag("text", clock(i * step).partition(".")[0], x=x, y=height + 17, dx=-4 if near_end else 4,
                    class_="tick end" if near_end else "tick")  # fmt: skip
        yield join((tag("line", class_="tick", x1=x, x2=x, y1=0, y2=height + AXIS), label))


def _playhead() -> Markup:
    return tag("line", id="playhead", x1="0", x2="0", y1="0", y2="100%", visibility="hidden")


def _share(seconds: float, duration: float) -> str:
    return f"{100 * seconds / duration:.3f}%"
