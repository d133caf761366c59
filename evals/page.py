"""Results as tables of strings, for the terminal and for docs/results.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from emoagent.evals.benchmark import benchmarks
from emoagent.evals.result import Figure, Measured, Result, SystemRow

WIDEST = 7  # figures beside one another on the page
HEAD = """# Results

Made by `python docs/generate.py` from the measurements in `evals/results/`, each written by `emoagent eval … --save`.
What each figure means, the data, and the rules for test splits: [evals.md](evals.md). In brackets: 95 % intervals by
bootstrap. An abstention or an invalid answer counts as wrong, but in figures called "selective".
"""


def page(found: Sequence[Measured]) -> str:
    """The page of all measurements, a section for each benchmark; newest first within a split."""
    known = benchmarks()
    parts, last = [HEAD], ""
    for each in sorted(found, key=lambda each: _order(each, found)):
        name = each.result.benchmark
        if name != last:
            summary = f"{known[name].summary} {known[name].source}.\n" if name in known else ""
            parts.append(f"## {name}\n\n{summary}".rstrip("\n") + "\n")
            last = name
        parts.append(_section(each))
    return "\n".join(parts)


def tables(result: Result, widest: int) -> Iterator[tuple[list[str], list[list[tuple[str, str]]]]]:
    """Head and rows of each table, `widest` figures in one; a cell is a value and its interval, which may be empty.
    The first table also tells n, what was invalid or abstained, and the cost."""
    names = list(dict.fromkeys(name for row in result.rows for name in row.figures))
    parts = any(row.part != "all" for row in result.rows)
    for start in range(0, max(1, len(names)), widest):
        chosen, first = names[start : start + widest], start == 0
        head = [
            "system",
            *(["part"] if parts else []),
            *(["n", "invalid", "abstained", "ms"] if first else []),
            *chosen,
        ]
        rows = [row for row in result.rows if first or any(name in row.figures for name in chosen)]
        yield head, [_cells(row, chosen, parts, first) for row in rows]


def facts(result: Result) -> str:
    """What was measured, in one line."""
    how = [result.reasoner, result.mode or "", f"policy {result.policy}" if result.policy else ""]
    judge = f"judge {result.judge}" if result.judge else ""
    models = ", ".join(f"{name} {digest[:12]}" for name, digest in sorted(result.models.items()))
    told = [f"split {result.split}", f"n {result.n}", f"seed {result.seed}", *how, judge, models]
    return " · ".join(fact for fact in told if fact)


def told(figure: Figure | None) -> tuple[str, str]:
    """A figure and its interval in words; a share as a percentage, what has a unit to three places."""
    if figure is None:
        return "", ""
    value, low, high = (None if x is None else _number(x, figure.unit) for x in (figure.value, figure.low, figure.high))
    return f"{value} {figure.unit or '%'}", "" if low is None or high is None else f"{low} to {high}"


def _number(value: float, unit: str) -> str:
    if unit == "":
        return f"{100 * value:.1f}"
    return f"{value:+.1f}" if unit == "points" else f"{value:.3f}"


def _cells(row: SystemRow, names: Sequence[str], parts: bool, first: bool) -> list[tuple[str, str]]:
    cost = "" if row.milliseconds is None else f"{row.milliseconds:.2f}"
    rates = (f"{100 * row.invalid_rate:.1f} %", f"{100 * row.abstention_rate:.1f} %")
    plain = [row.system, *([row.part] if parts else []), *([str(row.n), *rates, cost] if first else [])]
    return [*((cell, "") for cell in plain), *(told(row.figures.get(name)) for name in names)]


def _order(each: Measured, found: Sequence[Measured]) -> tuple[str, str, int, int]:
    day = int(each.date.replace("-", ""))
    return each.result.benchmark, each.result.split, -day, found.index(each)


def _section(each: Measured) -> str:
    result = each.result
    revision = f", revision {each.revision}" if each.revision else ""
    lines = [f"### {result.split}, {each.date}", "", f"    {each.command}", "", facts(result), ""]
    lines += [f"emoagent {result.emoagent}{revision}; {each.machine}.", ""]
    for head, rows in tables(result, WIDEST):
        lines += [_line(head), _line(["---"] * len(head))]
        lines += [_line([f"{value} [{span}]" if span else value for value, span in row]) for row in rows]
        lines.append("")
    lines += [f"- {note}" for note in result.notes]
    return "\n".join(lines).rstrip() + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
