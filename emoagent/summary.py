"""The short answer on a terminal: one row for each utterance. What people said is shown as text and does nothing."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from emoagent.schema import Trace, Utterance
from emoagent.viewer.index import Index, index
from emoagent.viewer.markup import visible
from emoagent.viewer.wording import clock, conflict_title, one_line, percent, silence, verdict_name

LONGEST = 120  # characters of a cell
STYLES = {
    "neutral": "default", "joy": "yellow", "anger": "red", "surprise": "cyan", "sadness": "blue", "disgust": "green",
    "fear": "magenta",
}  # fmt: skip


def summary_table(trace: Trace) -> Table:
    """Time, speaker, text, expressed emotion, confidence and one line of why; fits 80 columns and uses more."""
    table = Table(box=SIMPLE_HEAD, expand=True, pad_edge=False, padding=(0, 1), collapse_padding=True, show_edge=False)
    table.add_column("Time", no_wrap=True, style="dim")
    table.add_column("Speaker", max_width=12, overflow="ellipsis", no_wrap=True)
    table.add_column("Text", ratio=5, overflow="fold")
    table.add_column("Emotion", no_wrap=True)
    table.add_column("Conf.", no_wrap=True, justify="right")
    table.add_column("Why", ratio=6, overflow="fold")
    looked_up = index(trace, pictures={}, video=None)
    for utterance in trace.utterances:
        table.add_row(*(Text(cell, style=style) for cell, style in _cells(looked_up, utterance)))
    return table


def summary_lines(trace: Trace) -> list[str]:
    """The same as plain lines, one for each utterance, e.g. for a log file."""
    looked_up = index(trace, pictures={}, video=None)
    return [_line(looked_up, utterance) for utterance in trace.utterances]


def _cells(looked_up: Index, utterance: Utterance) -> list[tuple[str, str]]:
    verdict = looked_up.verdicts.get(utterance.id)
    label = verdict.label if verdict else None
    sure = verdict.confidence if verdict else None
    return [
        (clock(utterance.span.start), ""),
        (_speaker(looked_up, utterance), "bold"),
        (_short(utterance.text) or "…", ""),
        (_short(label) if label else "—", STYLES.get(label or "", "") if label else "dim"),
        ("—" if sure is None else percent(sure), ""),
        (_why(looked_up, utterance), "" if label else "dim"),
    ]


def _line(looked_up: Index, utterance: Utterance) -> str:
    time, speaker, text, label, sure, why = (cell for cell, _ in _cells(looked_up, utterance))
    judged = label if sure == "—" else f"{label} {sure}"
    return f"{time}  {speaker}: “{text}”  {judged}  {why}"


def _speaker(looked_up: Index, utterance: Utterance) -> str:
    return "?" if utterance.person is None else _short(looked_up.speaker(utterance.person))


def _why(looked_up: Index, utterance: Utterance) -> str:
    verdict = looked_up.verdicts.get(utterance.id)
    conflicts = looked_up.strongest_first(utterance)
    sign = f"⚡ {conflict_title(conflicts[0])}. " if conflicts else ""
    if verdict is None or verdict.label is None:
        return _short(f"{sign}{verdict_name(verdict)}: {silence(verdict)}{_beside(looked_up, utterance)}")
    return _short(sign + one_line(verdict, looked_up.audits.get(utterance.id)))


def _beside(looked_up: Index, utterance: Utterance) -> str:
    """What the embedded reasoner says, where the language model has no label."""
    found = next((v for v in looked_up.trace.baseline if v.utterance == utterance.id and v.label), None)
    return f" (embedded: {found.label} {percent(found.confidence or 0)})" if found else ""


def _short(text: str) -> str:
    flat = " ".join(visible(text).split())
    return flat if len(flat) <= LONGEST else f"{flat[: LONGEST - 1].rstrip()}…"
