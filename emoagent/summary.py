"""The short answer on a terminal: one row for each utterance. What people said is shown as text and does nothing."""

from __future__ import annotations

from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from emoagent.schema import Audit, Conflict, Trace, Utterance, Verdict
from emoagent.tools.plain_text import clock
from emoagent.viewer.visible import visible
from emoagent.viewer.wording import conflict_title, one_line, percent, silence, verdict_name

LONGEST = 120  # characters of a cell
STYLES = {
    "neutral": "default", "joy": "yellow", "anger": "red", "surprise": "cyan", "sadness": "blue", "disgust": "green",
    "fear": "magenta",
}  # fmt: skip


@dataclass(frozen=True)
class _Judged:
    """A trace, looked up by utterance."""

    verdicts: dict[str, Verdict]
    baseline: dict[str, Verdict]
    audits: dict[str, Audit]
    conflicts: dict[str, list[Conflict]]
    names: dict[str, str]

    @classmethod
    def of(cls, trace: Trace) -> _Judged:
        conflicts = dict[str, list[Conflict]]()
        for conflict in trace.conflicts:
            conflicts.setdefault(conflict.utterance, []).append(conflict)
        return cls(
            verdicts={v.utterance: v for v in trace.verdicts},
            baseline={v.utterance: v for v in trace.baseline},
            audits={a.utterance: a for a in trace.audits},
            conflicts=conflicts,
            names={p.id: p.name or p.id for p in trace.people},
        )

    def strongest(self, utterance: str) -> Conflict | None:
        """The conflict that the verdict names, else the widest."""
        verdict = self.verdicts.get(utterance)
        named = verdict.conflict if verdict else None
        return max(self.conflicts.get(utterance, ()), key=lambda c: (c.id == named, c.divergence), default=None)


def summary_table(trace: Trace) -> Table:
    """Time, speaker, text, expressed emotion, confidence and one line of why; fits 80 columns and uses more."""
    table = Table(box=SIMPLE_HEAD, expand=True, pad_edge=False, padding=(0, 1), collapse_padding=True, show_edge=False)
    table.add_column("Time", no_wrap=True, style="dim")
    table.add_column("Speaker", max_width=12, overflow="ellipsis", no_wrap=True)
    table.add_column("Text", ratio=5, overflow="fold")
    table.add_column("Emotion", no_wrap=True)
    table.add_column("Conf.", no_wrap=True, justify="right")
    table.add_column("Why", ratio=6, overflow="fold")
    judged = _Judged.of(trace)
    for utterance in trace.utterances:
        table.add_row(*(Text(cell, style=style) for cell, style in _cells(judged, utterance)))
    return table


def summary_lines(trace: Trace) -> list[str]:
    """The same as plain lines, one for each utterance, e.g. for a log file."""
    judged = _Judged.of(trace)
    return [_line(judged, utterance) for utterance in trace.utterances]


def _cells(judged: _Judged, utterance: Utterance) -> list[tuple[str, str]]:
    verdict = judged.verdicts.get(utterance.id)
    label = verdict.label if verdict else None
    sure = verdict.confidence if verdict else None
    return [
        (clock(utterance.span.start), ""),
        (_speaker(judged, utterance), "bold"),
        (_short(utterance.text) or "…", ""),
        (_short(label) if label else "—", STYLES.get(label or "", "") if label else "dim"),
        ("—" if sure is None else percent(sure), ""),
        (_why(judged, utterance), "" if label else "dim"),
    ]


def _line(judged: _Judged, utterance: Utterance) -> str:
    time, speaker, text, label, sure, why = (cell for cell, _ in _cells(judged, utterance))
    verdict = label if sure == "—" else f"{label} {sure}"
    return f"{time}  {speaker}: “{text}”  {verdict}  {why}"


def _speaker(judged: _Judged, utterance: Utterance) -> str:
    return "?" if utterance.person is None else _short(judged.names.get(utterance.person, utterance.person))


def _why(judged: _Judged, utterance: Utterance) -> str:
    verdict = judged.verdicts.get(utterance.id)
    conflict = judged.strongest(utterance.id)
    sign = f"⚡ {conflict_title(conflict)}. " if conflict else ""
    if verdict is None or verdict.label is None:
        return _short(f"{sign}{verdict_name(verdict)}: {silence(verdict)}{_beside(judged, utterance)}")
    return _short(sign + one_line(verdict, judged.audits.get(utterance.id)))


def _beside(judged: _Judged, utterance: Utterance) -> str:
    """What the embedded reasoner says, where the language model has no label."""
    found = judged.baseline.get(utterance.id)
    return f" (embedded: {found.label} {percent(found.confidence or 0)})" if found and found.label else ""


def _short(text: str) -> str:
    flat = " ".join(visible(text).split())
    return flat if len(flat) <= LONGEST else f"{flat[: LONGEST - 1].rstrip()}…"
