"""The utterances as files of data: a flat table as CSV and Parquet, whole records as JSON Lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from emoagent.viewer.exports.cleaning import clean
from emoagent.viewer.exports.lines import Line
from emoagent.viewer.exports.records import record
from emoagent.viewer.exports.registry import exporter
from emoagent.viewer.exports.result import Result

VERSION = "1"
WORDS, NUMBER, TRUTH = "text", "number", "true or false"
# Name, type, unit of every column but the probabilities, which follow the label set.
COLUMNS = (
    ("utterance", WORDS, "id in the trace"), ("start", NUMBER, "s"), ("end", NUMBER, "s"),
    ("person", WORDS, "id in the trace, or new:NAME"), ("speaker", WORDS, "name"), ("text", WORDS, ""),
    ("label", WORDS, "after corrections"), ("label_by", WORDS, "machine or person"), ("machine_label", WORDS, ""),
    ("confidence", NUMBER, "0-1, of machine_label"), ("alternatives", WORDS, "most probable first"),
    ("open_labels", WORDS, "outside the label set"), ("valence", NUMBER, "-1 to 1"), ("arousal", NUMBER, "-1 to 1"),
    ("conflict", WORDS, "the two sources"), ("divergence", NUMBER, "bits, of the conflict"),
    ("shift_from", WORDS, "the person's label before"), ("causes", WORDS, "ids of utterances"),
    ("explanation", WORDS, ""), ("evidence", WORDS, "ids that the explanation cites"), ("reason", WORDS, "of no label"),
    ("reasoner", WORDS, ""), ("causal", TRUTH, "nothing later was looked at"),
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
Row = dict[str, Any]


@exporter("utterances", suffix=".parquet", package="pyarrow")
def utterances(result: Result, path: Path) -> None:
    """Parquet of the utterances: who says what when, the label, its probability, the explanation."""
    pa, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    kinds = {WORDS: pa.string(), NUMBER: pa.float64(), TRUTH: pa.bool_()}
    fields = [pa.field(name, kinds[kind], metadata={"unit": unit}) for name, kind, unit in columns(result)]
    schema = pa.schema(fields, metadata={"emoagent": json.dumps(about(result))})
    parquet.write_table(pa.Table.from_pylist(list(rows(result)), schema=schema), path, compression="zstd")


@exporter("utterances-csv", suffix=".csv")
def utterances_csv(result: Result, path: Path) -> None:
    """The same table as CSV; text that a spreadsheet would take for a formula begins with an apostrophe."""
    names = [name for name, _, _ in columns(result)]
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(names)
        table.writerows([_cell(row[name]) for name in names] for row in rows(result))


@exporter("utterances-jsonl", suffix=".jsonl")
def utterances_jsonl(result: Result, path: Path) -> None:
    """JSON Lines: one object an utterance with the verdict, its claims and the evidence they cite."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(record(result, line), ensure_ascii=False) + "\n" for line in result.transcript.lines)


def columns(result: Result) -> list[tuple[str, str, str]]:
    """Name, type and unit of each column."""
    return [*COLUMNS, *((f"p_{label}", NUMBER, "probability") for label in result.transcript.labels)]


def about(result: Result) -> dict[str, str]:
    """What a reader of the table needs to know about the whole of it."""
    trace = result.trace
    told = {"schema_version": VERSION, "clip": clean(trace.clip.name), "sha256": trace.clip.sha256}
    return told | {"label_set": trace.label_set, "emoagent": trace.provenance.emoagent}


def rows(result: Result) -> Iterator[Row]:
    """One row an utterance; None where there is nothing."""
    for line in result.transcript.lines:
        yield _row(line, result.transcript.labels)


def _row(line: Line, labels: tuple[str, ...]) -> Row:
    row: Row = dict.fromkeys(name for name, _, _ in COLUMNS)
    row |= {"utterance": line.id, "start": line.start / 1000, "end": line.end / 1000, "speaker": line.speaker}
    row |= {"person": line.person and clean(line.person), "text": line.text, "label": line.label}
    row |= {"label_by": "person" if line.by_person else "machine"}
    if line.conflict:
        row |= {"conflict": clean(line.conflict.kind), "divergence": line.conflict.divergence}
    spread = line.machine.distribution if line.machine else {}
    return row | _judged(line) | {f"p_{label}": spread.get(label) for label in labels}


def _judged(line: Line) -> Row:
    verdict = line.machine
    if verdict is None:
        return {}
    cited = dict.fromkeys(name for claim in verdict.claims for name in claim.cites)
    return {
        "machine_label": verdict.label, "confidence": verdict.confidence, "valence": verdict.valence,
        "arousal": verdict.arousal, "alternatives": _listed(verdict.alternatives),
        "open_labels": _listed(verdict.open_labels), "causes": _listed(verdict.causes), "evidence": _listed(cited),
        "shift_from": verdict.shift and verdict.shift.before, "reason": verdict.reason and clean(verdict.reason),
        "explanation": " ".join(clean(claim.text) for claim in verdict.claims) or None,
        "reasoner": clean(verdict.reasoner), "causal": verdict.mode == "causal",
    }  # fmt: skip


def _listed(items: Any) -> str | None:
    return ", ".join(clean(item) for item in items) or None


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    if isinstance(value, float):
        return f"{value:.12g}"
    return "" if value is None else str(value).lower()
