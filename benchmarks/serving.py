"""What our way to a server costs: utterances per second, one question each, against a plain loop that sends the same
requests to the same server in the same run.

    python -m benchmarks.serving URL MODEL [--run FOLDER] [--questions 16] [--tokens 64] [--at-once 1 2 4 8] [--runs 5]

Ours: the client with its retries and its order, and the journal on disk. Plain: threads that post ready-made bytes. The
questions are those of a finished run (`--run`), else made-up cases of the reasoner's. All are asked before, so
that the server's prefix cache helps both alike; then the two take turns, and who begins alternates. At temperature 0
the answers are the same. The ratio is of each pair; its median, lowest and highest are told.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from emoagent.agents.language.question import SYSTEM, form
from emoagent.labels import DEFAULT, labels
from emoagent.prompts.template import prompt
from emoagent.schema import Trace
from emoagent.tools.language.chat_completion import ChatServer
from emoagent.tools.language.chat_wire import Dialect, body_of
from emoagent.tools.language.generation import Answer, Message, Question
from emoagent.tools.language.journal import FILE, Journal, Remembering

Way = Callable[[int], float]


def main() -> None:
    """Runs the benchmark and prints its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="ends in /v1; the key, if it wants one, is taken from EMOAGENT_API_KEY")
    parser.add_argument("model")
    parser.add_argument("--run", type=Path, help="a result folder of `emoagent analyze` with a language model")
    parser.add_argument("--questions", type=int, default=16)
    parser.add_argument("--tokens", type=int, default=64, help="of an answer, at most")
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--runs", type=int, default=5, help="pairs for each number of requests at a time")
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args()
    asked = [replace(q, most=told.tokens) for q in (_recorded(told.run) if told.run else _made(told.questions))]
    rows = measured(told.url.rstrip("/"), told.model, asked[: told.questions], told.at_once, told.runs)
    sys.stdout.write(json.dumps(rows, indent=1) + "\n" if told.json else table(rows))


def measured(url: str, model: str, asked: Sequence[Question], levels: Sequence[int], runs: int) -> list[dict[str, Any]]:
    """One row for each number of requests at a time; rates in utterances per second."""
    key = os.environ.get("EMOAGENT_API_KEY") or None

    def ours(at_once: int) -> float:
        return _ours(ChatServer(model, url, key, timeout=600, at_once=at_once), asked)

    def plain(at_once: int) -> float:
        return _plain(url, key, [body_of(model, question, Dialect()) for question in asked], at_once)

    plain(max(levels))
    ours(max(levels))
    return [_row(at_once, ours, plain, runs) for at_once in levels]


def _row(at_once: int, ours: Way, plain: Way, runs: int) -> dict[str, Any]:
    rates: dict[str, list[float]] = {"ours": [], "plain": []}
    for number in range(runs):
        ways = (("ours", ours), ("plain", plain))
        for name, way in ways if number % 2 else reversed(ways):
            rates[name].append(way(at_once))
    ratios = sorted(mine / bare for mine, bare in zip(rates["ours"], rates["plain"], strict=True))
    medians = {name: statistics.median(found) for name, found in rates.items()}
    spread = {"ratio": statistics.median(ratios), "lowest": ratios[0], "highest": ratios[-1]}
    return {"at_once": at_once, **medians, **spread, "runs": rates}


def _ours(server: ChatServer, asked: Sequence[Question]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        replies = list(Remembering(server, Journal(Path(folder) / FILE)).answers(asked))
        took = time.perf_counter() - began
    assert all(isinstance(reply, Answer) for reply in replies), replies
    return len(asked) / took


def _plain(url: str, key: str | None, bodies: Sequence[bytes], at_once: int) -> float:
    import httpx

    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    with httpx.Client(headers=headers, timeout=600, trust_env=False) as client, ThreadPoolExecutor(at_once) as pool:
        began = time.perf_counter()
        for response in pool.map(lambda body: client.post(f"{url}/chat/completions", content=body), bodies):
            response.raise_for_status()
        return len(bodies) / (time.perf_counter() - began)


def _recorded(folder: Path) -> list[Question]:
    """The questions of a finished run that are text alone."""
    trace = Trace.model_validate_json((folder / "trace.json").read_text(encoding="utf-8"))
    ids = [item.id for item in trace.evidence]
    return [
        Question(
            call.id, call.purpose,
            tuple(Message(m.role, tuple(part.text or "" for part in m.parts)) for m in call.messages),
            form(ids[:8], trace.label_set), seed=call.seed,
        )
        for call in trace.calls
        if all(part.text for m in call.messages for part in m.parts)
    ]  # fmt: skip


def _made(count: int) -> list[Question]:
    told = {"labels": ", ".join(labels(DEFAULT)), "observations": "4", "claims": "3", "open_labels": "3"}
    system = Message("system", (prompt(SYSTEM).filled(**told),))
    line = "e{0} [{0}.0-{0}.5 s] The pitch rises by {0} semitones (reliability 0.7)."
    evidence = "\n".join(line.format(n) for n in range(1, 9))
    return [
        Question(f"u{n}.judge", "judge", (system, Message("user", (f"Utterance {n}:\n{evidence}",))),
                 form([f"e{i}" for i in range(1, 9)], DEFAULT))
        for n in range(count)
    ]  # fmt: skip


def table(rows: Sequence[dict[str, Any]]) -> str:
    """For people."""
    lines = ["at once   ours  plain   ratio  (lowest-highest)        utterances/s, median"]
    for r in rows:
        spread = f"({r['lowest']:.3f}-{r['highest']:.3f})"
        lines.append(f"{r['at_once']:7d} {r['ours']:6.2f} {r['plain']:6.2f}  {r['ratio']:6.3f}  {spread}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
