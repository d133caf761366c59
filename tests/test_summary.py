"""The terminal summary: what a reader must see, at two widths, and what a hostile transcript must not do."""

from __future__ import annotations

import io
from typing import Literal

import pytest
from example_trace import example_trace
from rich.cells import cell_len
from rich.console import Console

from emoagent.schema import ClaimAudit, Trace
from emoagent.summary import summary_lines, summary_table

HOSTILE = "\x1b[31mred\x1b]8;;http://x\x07 [bold red]loud[/] \u202eevil\u202c\r\n\x9b2J"


def _printed(trace: Trace, width: int, *, terminal: bool = False) -> str:
    out = io.StringIO()
    colours: Literal["truecolor"] | None = "truecolor" if terminal else None
    Console(file=out, width=width, force_terminal=terminal, color_system=colours).print(summary_table(trace))
    return out.getvalue()


def _saying(text: str) -> Trace:
    trace = example_trace()
    first = trace.utterances[0].model_copy(update={"text": text})
    person = trace.people[0].model_copy(update={"name": text})
    return trace.model_copy(update={"utterances": (first, *trace.utterances[1:]), "people": (person, trace.people[1])})


@pytest.mark.parametrize("width", [80, 140])
def test_table_fits_and_tells_all(width: int) -> None:
    printed = _printed(example_trace(), width)
    assert max(cell_len(line) for line in printed.splitlines()) <= width
    flat = " ".join(printed.split())
    for word in ("0:00.8", "Anna", "Ben", "joy", "sadness", "neutral", "84 %", "46 %", "—", "⚡", "abstained:"):
        assert word in flat
    assert "feel" not in flat


def test_wide_table_keeps_a_row_on_a_line() -> None:
    lines = _printed(example_trace(), 140).splitlines()
    row = next(line for line in lines if "0:00.8" in line)
    assert "I got the job! They called this morning." in row
    assert "The words announce good news." in row


def test_lines_are_one_per_utterance_and_state_conflict_and_abstention() -> None:
    lines = summary_lines(example_trace())
    assert len(lines) == 5
    assert lines[0].startswith("0:00.8  Anna: “I got the job! They called this morning.”  joy 84 %  ")
    assert "⚡ Words and face disagree." in lines[1]
    assert "—  abstained: only one weak source" in lines[3]


def test_conflict_stays_visible_where_the_verdict_abstains() -> None:
    trace = example_trace()
    moved = trace.conflicts[0].model_copy(update={"utterance": "u4"})
    lines = summary_lines(trace.model_copy(update={"conflicts": (moved,)}))
    assert "⚡ Words and face disagree. abstained:" in lines[3]


def test_a_claim_that_is_not_supported_says_so_and_gives_way_to_one_that_is() -> None:
    trace = example_trace()
    failed = ClaimAudit(claim=0, divergence=0, flipped=False, supported=False, reason="the verdict stays")
    audit = trace.audits[0].model_copy(update={"claims": (failed, *trace.audits[0].claims[1:])})
    doubted = trace.model_copy(update={"audits": (audit, *trace.audits[1:])})
    assert "Lip corners and cheeks go up together while she speaks." in summary_lines(doubted)[0]
    alone = trace.verdicts[0].model_copy(update={"claims": trace.verdicts[0].claims[:1]})
    bare = doubted.model_copy(update={"verdicts": (alone, *trace.verdicts[1:])})
    assert "The words announce good news. (not supported: the verdict stays)" in summary_lines(bare)[0]


@pytest.mark.parametrize("terminal", [True, False])
def test_hostile_text_is_shown_and_does_nothing(terminal: bool) -> None:
    trace = _saying(HOSTILE)
    plain = _printed(trace, 200, terminal=False)
    for forbidden in ("\x1b", "\x07", "\x9b", "\u202e", "\r"):
        assert forbidden not in plain
        assert all(forbidden not in line for line in summary_lines(trace))
    assert "␛[31mred" in plain
    assert "[bold red]loud[/]" in plain
    printed = _printed(trace, 200, terminal=terminal)
    assert "\x1b[31m" not in printed
    assert "\x1b]8" not in printed


def test_long_text_is_cut_and_missing_text_is_not_invented() -> None:
    assert len(summary_lines(_saying("word " * 400))[0]) < 500
    assert "“…”" in summary_lines(_saying("  "))[0]


def test_trace_without_utterances_gives_an_empty_table() -> None:
    empty = example_trace().model_copy(update={"utterances": (), "verdicts": (), "audits": ()})
    assert summary_lines(empty) == []
    assert "Speaker" in _printed(empty, 80)
