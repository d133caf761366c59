"""What every node of a graph has in common: a workspace, progress, a stopwatch, and failures that become faults."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from langgraph.runtime import Runtime

from emoagent.errors import EmoagentError, out_of_space
from emoagent.graphs.state import Environment
from emoagent.schema import Fault
from emoagent.settings import Settings
from emoagent.tools.language.backends import served_by
from emoagent.tools.progress import heard_by
from emoagent.tools.telemetry import Note, Value, ids, span
from emoagent.tools.words.hearing import told_to_hear
from emoagent.tools.workspace import working_in

Update = dict[str, Any]
S = TypeVar("S")


def stage(name: str, work: Callable[[S, Settings], Update]) -> Any:
    """A graph node that runs `work` in the run's workspace. It streams `{"stage", "at"}` (seconds of the clip that are
    done), `{"stage", "fetched", "of"}` (bytes of a model file) and, when it is through, `{"stage", "took"}` (seconds on
    the clock)."""

    def node(state: S, runtime: Runtime[Environment]) -> Update:
        label = getattr(state, "agent", name)
        write, began = runtime.stream_writer, time.perf_counter()
        write({"stage": label, "at": 0.0})
        space, models, ears = runtime.context.workspace, runtime.context.backends, runtime.context.hearing
        with (
            working_in(space),
            served_by(models),
            told_to_hear(ears),
            heard_by(lambda told: write({"stage": label, **told})),
            span(*_named(name, label)) as note,
        ):
            update = work(state, runtime.context.settings)
            tell(note, update)
        write({"stage": label, "took": time.perf_counter() - began})
        return update

    node.__name__ = name
    return node


@contextmanager
def faults_into(faults: list[Fault], source: str, stops: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Turns what goes wrong inside the `with` block into a `Fault` of `source`; `stops` and a full disk are raised."""
    try:
        yield
    except stops:
        raise
    except OSError as error:
        if full := out_of_space(error):
            raise full from error
        faults.append(unexpected(source, error))
    except EmoagentError as error:
        faults.append(Fault(source=source, code=error.code, message=error.message, hint=error.hint))
    except Exception as error:
        faults.append(unexpected(source, error))


def unexpected(source: str, error: Exception) -> Fault:
    """The fault of an agent that raised what nobody expected."""
    return Fault(source=source, code="agent_failed", message=f"{type(error).__name__}: {error}")


def _named(name: str, label: str) -> tuple[str, dict[str, Value | None]]:
    """The span of a stage, or of one perception agent in it."""
    if label == name:
        return f"stage {name}", {"emoagent.stage": name}
    return f"agent {label}", {"emoagent.stage": name, "emoagent.agent": label}


def tell(note: Note, update: Update) -> None:
    """Adds what a stage gave to its span: evidence and cites by ids, faults by codes; no label and no words."""
    made = tuple(item.id for item in update.get("evidence", ()))
    note.tell({"emoagent.evidence.ids": ids(made) or None, "emoagent.evidence.count": len(made) or None})
    for fault in update.get("faults", ()):
        note.event("emoagent.fault", {"emoagent.fault.source": fault.source, "error.type": fault.code})
    for verdict in update.get("verdicts", ()):
        cited = tuple(dict.fromkeys(cite for claim in verdict.claims for cite in claim.cites))
        told: dict[str, Value | None] = {
            "emoagent.utterance": verdict.utterance, "emoagent.reasoner": verdict.reasoner,
            "emoagent.evidence.cited": cited, "emoagent.verdict.confidence": verdict.confidence,
            "emoagent.verdict.labelled": verdict.label is not None,
        }  # fmt: skip
        note.event("emoagent.verdict", told)
