"""The front door: a media file in, a trace out."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emoagent.errors import MediaError, OutputError, Refused, ResourceLimit
from emoagent.profiles import generators, hearing_of, open_backends
from emoagent.run_folder import RunFolder, fingerprint, only_writer, write_pieces, write_text
from emoagent.run_progress import RunProgress
from emoagent.schema import Trace
from emoagent.settings import FORBIDDEN_CONTEXTS, Settings, load_settings
from emoagent.tools.language.journal import calls_in
from emoagent.tools.progress import interruptible
from emoagent.tools.telemetry import Value, span, telemetry
from emoagent.tools.workspace import Workspace

if TYPE_CHECKING:
    from emoagent.graphs.state import Episode

Listener = Callable[[dict[str, Any]], None]
"""Is told `{"clip": Clip or None}`, `{"stage", "at"}` and `{"stage", "took"}` as the run goes on."""


def analyze(
    source: str | Path,
    out: str | Path | None = None,
    *,
    settings: Settings | None = None,
    resume: bool = False,
    listener: Listener | None = None,
) -> Trace:
    """Analyses one media file and returns its trace.

    With `out`, the folder gets `trace.json`, `report.html`, thumbnails and what is needed to go on after an
    interruption (`resume=True`); an earlier run in it is replaced only when this one is complete.

    Raises `MediaError` (unusable file), `OutputError`, `ResourceLimit`, `Refused`, `UsageError`.
    """
    settings = settings or load_settings()
    generators(settings)  # what the settings lack is said before anything is written
    allow(settings)
    path = Path(source)
    with interruptible(), nullcontext(out) if out is not None else _passing_folder() as folder:
        return _run(path, Path(folder), settings, resume, listener)


@contextmanager
def _passing_folder() -> Iterator[str]:
    try:
        folder = tempfile.TemporaryDirectory(prefix="emoagent-")
    except OSError as error:
        raise OutputError(f"there is no place for temporary files: {error.strerror}", hint="set TMPDIR") from error
    with folder as name:
        yield name


def allow(settings: Settings) -> None:
    """Raises `Refused` where the law forbids what the settings ask for."""
    from emoagent.graphs.episode import chosen

    biometric = [agent.name for agent in chosen(settings) if agent.modality in ("face", "voice", "behavior")]
    if settings.context in FORBIDDEN_CONTEXTS and biometric:
        raise Refused(
            f"in the context {settings.context!r}, emotions must not be inferred from face or voice "
            "(EU AI Act, Article 5(1)(f))",
            hint="run on the words alone: --agents transcript",
        )


def _run(path: Path, out: Path, settings: Settings, resume: bool, listener: Listener | None) -> Trace:
    from emoagent.tools.media.files import check_file

    check_file(path)
    folder = RunFolder(out, fingerprint(path, settings.told(), metadata.version("emoagent")))
    with only_writer(out):
        folder.check()
        try:
            return _run_in(folder, path, settings, resume, listener)
        except (MediaError, Refused):
            folder.discard()
            raise
        except sqlite3.OperationalError as error:
            raise ResourceLimit(f"the checkpoints cannot be written: {error}", hint="free some space") from error


def _run_in(folder: RunFolder, path: Path, settings: Settings, resume: bool, listener: Listener | None) -> Trace:
    if resume and folder.finishing():
        folder.finish()
    if resume and folder.finished():
        return Trace.model_validate_json((folder.path / "trace.json").read_text(encoding="utf-8"))
    from emoagent.assembly import assemble

    work = folder.open(resume=resume)
    space = Workspace(path.resolve(), work, folder.fingerprint["sha256"])
    progress = RunProgress(work, path.name, _earlier_timings(work))

    def hear(message: dict[str, Any]) -> None:
        progress.hear(message)
        if listener:
            listener(message)

    with telemetry(settings.otel), span("analyze", {"emoagent.resumed": resume}) as note, progress.told():
        state = _perform(space, settings, resume, hear)
        trace = assemble(state, settings, calls_in(work))
        note.tell(_facts(trace))
        _write(work, trace, folder.path, path)
    folder.finish()
    return trace


def _facts(trace: Trace) -> dict[str, Value | None]:
    """What the span of a run tells; the file's name is not among it."""
    return {
        "emoagent.clip": trace.clip.id, "emoagent.clip.duration": trace.clip.duration,
        "emoagent.profile": trace.provenance.profile, "emoagent.utterances": len(trace.utterances),
        "emoagent.evidence.count": len(trace.evidence), "emoagent.faults": tuple(f.code for f in trace.faults),
    }  # fmt: skip


def _perform(space: Workspace, settings: Settings, resume: bool, listener: Listener) -> Episode:
    from langsmith.run_helpers import tracing_context

    from emoagent.graphs.checkpoints import checkpoints
    from emoagent.graphs.episode import episode_graph
    from emoagent.graphs.state import Environment, Episode

    work = space.folder
    took = _earlier_timings(work)
    with checkpoints(work) as saver, tracing_context(enabled=False):
        graph = episode_graph(saver)
        config: Any = {"configurable": {"thread_id": "episode"}}
        begun = resume and saver.get_tuple(config) is not None
        stream: Iterator[Any] = graph.stream(
            None if begun else Episode(), config,
            context=Environment(space, settings, open_backends(settings, work), hearing_of(settings)),
            stream_mode=["custom", "values"], durability="sync",
        )  # fmt: skip
        values: dict[str, Any] = {}
        for kind, event in stream:
            if kind == "values":
                values = event
            else:
                _note(event, took, work)
            listener(event if kind == "custom" else {"clip": event.get("clip")})
        return Episode(**(values or graph.get_state(config).values))


def _note(message: dict[str, Any], took: dict[str, float], work: Path) -> None:
    if "took" in message:
        took[message["stage"]] = took.get(message["stage"], 0.0) + message["took"]
        write_text(work / "timings.json", json.dumps(took, indent=1))


def _earlier_timings(work: Path) -> dict[str, float]:
    try:
        earlier: dict[str, float] = json.loads((work / "timings.json").read_text())
    except (OSError, ValueError):
        return {}
    return earlier


def _write(work: Path, trace: Trace, place: Path, source: Path) -> None:
    from emoagent.viewer.exports.result import Result
    from emoagent.viewer.payload import payload_of
    from emoagent.viewer.report import address_of, write_report

    write_pieces(work / "trace.json", trace_pieces(trace))
    payload = payload_of(Result(work, trace), video=address_of(source, place))
    untimed = replace(payload, timings={})  # so that a run that was interrupted gives the same page
    write_report(untimed, work / "report.html", work)


def trace_json(trace: Trace) -> bytes:
    """The trace as it stands in `trace.json`: one line of UTF-8, the same bytes for the same run."""
    return b"".join(trace_pieces(trace))


def trace_pieces(trace: Trace) -> Iterator[bytes]:
    """The same, record by record, so that a long trace need not stand in memory a second time."""
    from pydantic_core import to_json

    for place, (name, value) in enumerate(trace):
        yield (b"," if place else b"{") + to_json(name) + b":"
        if isinstance(value, tuple):
            yield b"["
            yield from (b"," * bool(number) + to_json(record) for number, record in enumerate(value))
            yield b"]"
        else:
            yield to_json(value)
    yield b"}\n"
