"""`emoagent ask`: a question about a result, answered from its trace alone, each sentence with its evidence."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from emoagent.agents.ask.answer import Answer, answer
from emoagent.errors import UsageError
from emoagent.run_folder import read_trace, trace_file
from emoagent.schema import Trace
from emoagent.settings import Settings
from emoagent.tools.language.generation import Generator
from emoagent.tools.language.traced_model import Traced
from emoagent.tools.telemetry import span, telemetry

SHOWN = 8  # evidence ids of a sentence, on a terminal


def run(source: Path, question: str, settings: Settings, *, as_json: bool) -> None:
    """Prints the answer. Raises `UsageError` where there is no trace or no question."""
    if not question.strip():
        raise UsageError("there is no question", hint='emoagent ask RUN "why anger at 02:13?"')
    trace = read_trace(trace_file(source))
    with telemetry(settings.otel), span("ask", {"emoagent.clip": trace.clip.id}) as note:
        found = answered(question, trace, _reasoner(settings), settings)
        cited = tuple(dict.fromkeys(cite for each in found.sentences for cite in each.cites))
        note.tell({"emoagent.evidence.cited": cited, "emoagent.understood": found.understood})
    sys.stdout.write(json.dumps(asdict(found)) + "\n" if as_json else _plain(found))
    sys.stdout.flush()


def answered(question: str, trace: Trace, model: Generator | None, settings: Settings) -> Answer:
    """By the language model where there is one and something to show it; else the embedded answer."""
    from emoagent.agents.ask.language import answer_by_language

    first = answer(question, trace)
    if model is None or not trace.evidence:
        return first
    return answer_by_language(first, trace, model, settings.prompt_tokens, settings.seed)


def _reasoner(settings: Settings) -> Generator | None:
    from emoagent.profiles import generators

    found = None if settings.reasoner == "embedded" else generators(settings)[0]
    return None if found is None else Traced(found)


def _plain(found: Answer) -> str:
    """A sentence a line with its evidence in brackets, then the notes. What strangers said does nothing here."""
    from emoagent.viewer.visible import visible

    lines = [f"{each.text} [{_listed(each.cites)}]" for each in found.sentences]
    lines += [f"note: {note}" for note in found.notes]
    if found.by != "embedded":
        lines.append(f"answered by {found.by}")
    return "".join(f"{visible(line)}\n" for line in lines)


def _listed(cites: tuple[str, ...]) -> str:
    more = f" and {len(cites) - SHOWN} more" if len(cites) > SHOWN else ""
    return ", ".join(cites[:SHOWN]) + more
