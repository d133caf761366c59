"""What `emoagent chat` shows: colour and a table on a terminal, plain lines elsewhere, or one JSON object a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any, Protocol

from rich.console import Console
from rich.table import Table
from rich.text import Text

from emoagent.affect import AffectTurn, TurnRecord
from emoagent.bridges import wording
from emoagent.errors import EmoagentError
from emoagent.summary import STYLES
from emoagent.tools.plain_text import one_line
from emoagent.viewer.visible import visible
from emoagent.viewer.wording import percent

MARGIN = 6  # columns of names and numbers before the text
STRIP = 8  # labels of the line of the last turns
SHORT = 60  # characters of a turn's words in the plain timeline
NOTHING = "—"
NOT_GIVEN = "not given"  # the reason of a vote for which there was nothing


class View(Protocol):
    """What happens in a chat: `said`, then `aside`, `turn`, and `reply` or `error`; or one of the others.

    `terminal`: a person sits in front of it.
    """

    @property
    def terminal(self) -> bool: ...

    def said(self, text: str) -> None:
        """A line of the person, which a terminal shows already."""

    def turn(self, affect: AffectTurn, so_far: Sequence[AffectTurn]) -> None:
        """What it expresses. `so_far`: all turns, this one at the end."""

    def reply(self, text: str, by: str) -> None:
        """What the bot says; `by` is empty for the reply without a model."""

    def aside(self, text: str) -> None:
        """Something to know about the turn that comes."""

    def timeline(self, records: Sequence[TurnRecord]) -> None:
        """All turns."""

    def why(self, record: TurnRecord) -> None:
        """One turn, explained."""

    def remark(self, text: str) -> None:
        """Something else that the person should know."""

    def error(self, error: EmoagentError) -> None:
        """Something that could not be done; the chat goes on."""


class Words:
    """For people. Nothing depends on colour. `terminal`: the person's own lines stand there already."""

    def __init__(self, console: Console, *, terminal: bool) -> None:
        self.console, self.terminal, self._begun = console, terminal, False

    def said(self, text: str) -> None:
        """`you:` and the line, where it would be missing."""
        if not self.terminal:
            self.console.print("\n" * self._begun + "you:".ljust(MARGIN) + visible(text), soft_wrap=True, markup=False)
            self._begun = True

    def turn(self, affect: AffectTurn, so_far: Sequence[AffectTurn]) -> None:
        """A line for the label, then those of sources, conflict, earlier turns and what came late, where they are."""
        self._row(f"[{affect.turn}]", _headline(affect))
        given = [vote for vote in affect.votes if vote.reason != NOT_GIVEN]
        if len(given) > 1:
            self._row("", Text(" · ".join(map(wording.vote_line, given)), "dim"))
        if affect.conflict is not None:
            self._row("", Text(f"⚡ {wording.conflict_line(affect.conflict)}", "yellow"))
        if len(so_far) > 1:
            self._row("", _strip(so_far))
        for revision in affect.late:
            self._row("", Text(wording.revision_line(revision), "dim"))

    def reply(self, text: str, by: str) -> None:
        """`bot:` and what it says."""
        self._row("bot:", text, "bold")

    def aside(self, text: str) -> None:
        """A line above it."""
        self._row("", Text(visible(text), "dim"))

    def timeline(self, records: Sequence[TurnRecord]) -> None:
        """A table on a terminal, a line a turn elsewhere."""
        if not records:
            self.remark("nothing has been said yet")
        elif self.terminal:
            self.console.print(_table(records))
        else:
            for record in records:
                words, label, valence, why = _cells(record, SHORT)
                self._row(f"[{record.affect.turn}]", f"{label:<14} {valence:>5}  {words}  {why}")

    def why(self, record: TurnRecord) -> None:
        """The label with its rivals, the claims with their evidence, the votes, and what the evidence says."""
        for name, text in explained(record):
            self._row(name, text, width=10)

    def remark(self, text: str) -> None:
        """A line by itself."""
        self._row("", Text(text, "dim"), width=0)

    def error(self, error: EmoagentError) -> None:
        """What happened and what to do."""
        self._row("error:", visible(error.message), width=7)
        if error.hint:
            self._row("", f"hint: {visible(error.hint)}", width=7)

    def _row(self, name: str, text: str | Text, style: str = "", width: int = MARGIN) -> None:
        shown = text if isinstance(text, Text) else Text(visible(text), style)
        if not self.terminal or not width:  # not broken: a line is what programs and people look for elsewhere
            lines = shown.split("\n") or [Text()]
            names = [Text(name.ljust(width)), *[Text(" " * width)] * (len(lines) - 1)]
            self.console.print(
                Text("\n").join(a + b for a, b in zip(names, lines, strict=True)), soft_wrap=not self.terminal
            )
            return
        grid = Table.grid(padding=0)
        grid.add_column(width=width, no_wrap=True, style="cyan")
        grid.add_column(overflow="fold")
        grid.add_row(name, shown)
        self.console.print(grid)


class Lines:
    """For programs: one JSON object for each line that was given, `{"affect": …, "reply": …}` for a turn."""

    terminal = False

    def __init__(self) -> None:
        self._waiting = dict[str, Any]()

    def said(self, text: str) -> None:
        """Is not repeated."""

    def turn(self, affect: AffectTurn, so_far: Sequence[AffectTurn]) -> None:
        """Waits for the reply."""
        self._waiting["affect"] = affect.model_dump(mode="json")

    def reply(self, text: str, by: str) -> None:
        """The turn as a whole."""
        self._write({**self._held(), "reply": text, "by": by or "embedded"})

    def aside(self, text: str) -> None:
        """One of its `remarks`."""
        self._waiting.setdefault("remarks", []).append(text)

    def timeline(self, records: Sequence[TurnRecord]) -> None:
        """`{"timeline": [AffectTurn, …]}`."""
        self._write({"timeline": [record.affect.model_dump(mode="json") for record in records]})

    def why(self, record: TurnRecord) -> None:
        """`{"why": TurnRecord}`."""
        self._write({"why": record.model_dump(mode="json")})

    def remark(self, text: str) -> None:
        """`{"remark": …}`."""
        self._write({"remark": text})

    def error(self, error: EmoagentError) -> None:
        """`{"error": {code, message, hint, where}}`, with the affect where only the reply is missing."""
        self._write({**self._held(), "error": error.envelope()})

    def _held(self) -> dict[str, Any]:
        held, self._waiting = self._waiting, {}
        return held

    def _write(self, found: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


def explained(record: TurnRecord) -> list[tuple[str, str]]:
    """The rows of `/why`: a name and a text."""
    verdict, affect = record.verdict, record.affect
    rivals = ", ".join(f"{name} {percent(verdict.distribution.get(name, 0.0))}" for name in verdict.alternatives[:2])
    rows = [(f"turn {affect.turn}", wording.headline(affect) + (f", then {rivals}" if rivals else ""))]
    rows += [("said", f"“{record.utterance.text}”")] if record.utterance.text else []
    names = {"supports": "for", "against": "against", "context": "besides"}
    rows += [(names[claim.stance], f"{claim.text} [{', '.join(claim.cites)}]") for claim in verdict.claims]
    rows += _named("votes", [wording.vote_line(vote) + _quality(vote.quality) for vote in affect.votes])
    rows += _named("conflict", [wording.conflict_line(conflict) for conflict in record.conflicts])
    rows += _named("evidence", [f"{e.id}: {e.finding}{_quality(e.reliability)}" for e in record.evidence])
    return [*rows, ("time", _time(affect))]


def _named(name: str, texts: Sequence[str]) -> list[tuple[str, str]]:
    return [("" if place else name, text) for place, text in enumerate(texts)]


def _headline(affect: AffectTurn) -> Text:
    told = Text(visible(wording.headline(affect)), f"bold {STYLES.get(affect.label or '', '')}".strip())
    for part in (wording.mood(affect), wording.trend_line(affect)):
        told.append(f"  {part}" if part else "", "dim")
    return told


def _strip(so_far: Sequence[AffectTurn]) -> Text:
    """The labels of the last turns, e.g. `joy → neutral → anger`."""
    told = Text("… → " if len(so_far) > STRIP else "", "dim")
    for place, affect in enumerate(so_far[-STRIP:]):
        told.append(" → " if place else "", "dim")
        told.append(affect.label or NOTHING, STYLES.get(affect.label or "", "") if affect.label else "dim")
    return told


def _table(records: Sequence[TurnRecord]) -> Table:
    from rich.box import SIMPLE_HEAD

    table = Table(box=SIMPLE_HEAD, expand=True, pad_edge=False, collapse_padding=True, show_edge=False)
    table.add_column("Turn", no_wrap=True, justify="right")
    table.add_column("Words", ratio=5, overflow="fold")
    table.add_column("Emotion", no_wrap=True)
    table.add_column("Valence", no_wrap=True, justify="right")
    table.add_column("Why", ratio=6, overflow="fold")
    for record in records:
        words, *rest = _cells(record, 2 * SHORT)
        cells = (str(record.affect.turn), words, *rest)
        table.add_row(*map(Text, cells), style="" if record.affect.label else "dim")
    return table


def _cells(record: TurnRecord, longest: int) -> tuple[str, str, str, str]:
    """Words, label, valence, explanation."""
    affect, words = record.affect, one_line(visible(record.utterance.text))
    shown = words if len(words) <= longest else f"{words[: longest - 1].rstrip()}…"
    label = wording.labelled(affect.label, affect.confidence, None)
    valence = NOTHING if affect.valence is None else f"{affect.valence:+.2f}"
    why = affect.explanation if affect.label else f"{affect.reason}"
    return f"“{shown}”" if shown else NOTHING, label, valence, one_line(visible(why))


def _quality(share: float | None) -> str:
    return "" if share is None else f" (reliability {share:.2f})"


def _time(affect: AffectTurn) -> str:
    spent = affect.latency
    stages = ", ".join(f"{name} {value:.0f}" for name, value in spent.stages.items())
    return f"{spent.total:.0f} ms of {spent.deadline:.0f}" + (f": {stages}" if stages else "")
