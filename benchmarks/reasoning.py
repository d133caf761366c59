"""What reasoning costs on one core: opinions, verdict and explanation of each utterance, and the audit, against a bare
onnxruntime call of the same text model on the same tokens in the same run.

    python -m benchmarks.reasoning [RUN] [--runs 5] [--json]

RUN is a result folder of `emoagent analyze`; without it the sample is analysed first. Nothing is read twice from a
cache: the text model's memory is emptied before every round. Processor time of one process, one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clips import SAMPLE
from emoagent.agents import text_opinion
from emoagent.graphs.judgement import audit_all, judge_all, opine_all
from emoagent.graphs.state import Episode
from emoagent.schema import Trace
from emoagent.settings import Settings
from emoagent.tools.words.text_input import TURNS, Said, encode
from emoagent.tools.words.text_model import text_model


def main() -> None:
    """Runs the benchmark and prints its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", nargs="?", type=Path, help="a result folder")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    trace = _trace(arguments.run)
    rounds = [measured(trace) for _ in range(arguments.runs + 1)][1:]  # the first one warms up
    result = {"utterances": len(trace.utterances), "evidence": len(trace.evidence), "runs": rounds, **summary(rounds)}
    sys.stdout.write(json.dumps(result, indent=1) + "\n" if arguments.json else table(result))


def measured(trace: Trace) -> dict[str, float]:
    """Milliseconds an utterance: the bare model, opinions + verdict, and the audit on top."""
    count = len(trace.utterances)
    rows = [_fed(trace, place) for place in range(count)]
    session = text_model().session
    bare = _milliseconds(lambda: [session.run(None, row) for row in rows]) / count
    text_opinion._read.cache_clear()
    state = _episode(trace)
    judged = _milliseconds(lambda: _judge(state)) / count
    audited = _milliseconds(lambda: audit_all(state, Settings())) / count
    return {"bare model": bare, "opine and judge": judged, "audit": audited, "ratio": judged / bare}


def summary(rounds: list[dict[str, float]]) -> dict[str, Any]:
    """Median, least and greatest of every figure."""
    names = list(rounds[0])
    found = {name: [each[name] for each in rounds] for name in names}
    return {n: {"median": statistics.median(v), "min": min(v), "max": max(v)} for n, v in found.items()}


def table(result: dict[str, Any]) -> str:
    """The summary for people."""
    lines = [f"{result['utterances']} utterances, {result['evidence']} pieces of evidence, {len(result['runs'])} runs"]
    for name in result["runs"][0]:
        unit = "x" if name == "ratio" else "ms an utterance"
        told = result[name]
        lines.append(f"{name:16} {told['median']:6.2f} ({told['min']:.2f}-{told['max']:.2f}) {unit}")
    return "\n".join(lines) + "\n"


def _judge(state: Episode) -> None:
    """Opinions and verdicts, as the graph's nodes add them."""
    _merge(state, opine_all(state, Settings()))
    _merge(state, judge_all(state, Settings()))


def _merge(state: Episode, update: dict[str, Any]) -> None:
    for name, value in update.items():
        grows = isinstance(getattr(state, name), list)
        setattr(state, name, [*getattr(state, name), *value] if grows else value)


def _episode(trace: Trace) -> Episode:
    """The state of the graph when perception is through."""
    perceived = [item for item in trace.evidence if item.modality != "dialogue"]
    return replace(Episode(), clip=trace.clip, utterances=trace.utterances, people=trace.people, evidence=perceived)


def _fed(trace: Trace, place: int) -> dict[str, Any]:
    said = [Said(turn.text, turn.person) for turn in trace.utterances[max(0, place - TURNS) : place + 1]]
    row = encode(said[-1], said[:-1])
    return {"ids": np.array([row.ids]), "types": np.array([row.types]), "mask": np.ones((1, len(row.ids)), np.int64)}


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return 1000 * (time.process_time() - began)


def _trace(run: Path | None) -> Trace:
    if run is not None:
        return Trace.model_validate_json((run / "trace.json").read_text("utf-8"))
    from emoagent.analysis import analyze

    with tempfile.TemporaryDirectory() as folder:
        return analyze(SAMPLE, folder)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
