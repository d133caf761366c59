"""Spans with the real SDK: of a run, its stages, agents and questions to models; and over OTLP to a real receiver."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from chat_server import Server, serving
from conftest import SAMPLE
from result_folder import result_folder
from scripted import Scripted, content

pytest.importorskip("opentelemetry.sdk", reason="needs the extra otel")

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes

from emoagent import TurnAnalyzer, analyze
from emoagent.analysis import trace_json
from emoagent.errors import BackendUnreachable, ExtraMissing, MediaError
from emoagent.schema import Trace
from emoagent.settings import Settings
from emoagent.tools import telemetry as module
from emoagent.tools.language.generation import Message, Question, Unanswered
from emoagent.tools.language.traced_model import CONTENT, Traced
from emoagent.tools.media.sound import sound_of
from emoagent.tools.telemetry import span, telemetry, tracer

WORDS = Settings(agents=("transcript",), otel=True)  # the words alone: quick
COMMAND = [sys.executable, "-P", "-m", "emoagent"]


@contextmanager
def collecting() -> Iterator[InMemorySpanExporter]:
    """Where the spans of a program around us go that has set up OpenTelemetry."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("opentelemetry.trace.get_tracer_provider", lambda: provider)
        yield exporter


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    with collecting() as exporter:
        yield exporter


@pytest.fixture(scope="module")
def traced(brief: Path) -> tuple[Trace, InMemorySpanExporter]:
    """One run with spans."""
    with collecting() as exporter:
        return analyze(brief, settings=WORDS), exporter


def named(spans: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {each.name: each for each in spans.get_finished_spans()}


def told(each: ReadableSpan) -> dict[str, Any]:
    return dict(each.attributes or {})


def everything(spans: InMemorySpanExporter) -> str:
    return "".join(each.to_json() for each in spans.get_finished_spans())


def test_a_run_its_stages_and_its_agents(traced: tuple[Trace, InMemorySpanExporter]) -> None:
    trace, spans = traced
    found = named(spans)
    root = found["analyze"]
    assert root.parent is None
    stages = ("probe", "hear", "watch", "bind", "opine", "judge", "audit")
    assert set(found) == {"analyze", "agent transcript", *(f"stage {name}" for name in stages)}
    for name, each in found.items():
        assert name == "analyze" or (each.parent and root.context and each.parent.span_id == root.context.span_id), name
        assert each.status.is_unset
    assert told(root)["emoagent.clip"] == trace.clip.id
    assert told(root)["emoagent.utterances"] == len(trace.utterances)
    agent = told(found["agent transcript"])
    assert agent["emoagent.agent"] == "transcript"
    made = tuple(item.id for item in trace.evidence if item.modality == "text")
    assert agent["emoagent.evidence.ids"] == made
    assert agent["emoagent.evidence.count"] == len(made)
    events = [event for event in found["stage judge"].events if event.name == "emoagent.verdict"]
    for event, verdict in zip(events, trace.verdicts, strict=True):
        attributes = dict(event.attributes or {})
        assert attributes["emoagent.utterance"] == verdict.utterance
        assert set(attributes["emoagent.evidence.cited"]) == {c for claim in verdict.claims for c in claim.cites}  # type: ignore[arg-type]


def test_no_word_of_the_recording_and_no_label_is_in_a_span(
    traced: tuple[Trace, InMemorySpanExporter], brief: Path
) -> None:
    trace, spans = traced
    text = everything(spans)
    for utterance in trace.utterances:
        assert utterance.text not in text
    for word in (brief.name, str(brief.parent), "Grace", "Eileen", "neutral", "surprise", "countdown"):
        assert word not in text, word


def test_the_result_is_the_same_without(
    traced: tuple[Trace, InMemorySpanExporter], brief: Path, spans: InMemorySpanExporter
) -> None:
    assert trace_json(analyze(brief, settings=Settings(agents=("transcript",)))) == trace_json(traced[0])
    assert not spans.get_finished_spans()


def test_a_run_that_fails(tmp_path: Path, brief: Path, spans: InMemorySpanExporter) -> None:
    broken = tmp_path / "private name.mp4"
    broken.write_bytes(brief.read_bytes()[:1000])
    with pytest.raises(MediaError):
        analyze(broken, settings=WORDS)
    for name in ("analyze", "stage probe"):
        each = named(spans)[name]
        assert not each.status.is_ok
        assert told(each)["error.type"] == "bad_media"
        assert each.status.description is None
    assert "private" not in everything(spans)


def question(name: str = "u3.judge") -> Question:
    return Question(
        id=name, purpose="judge", messages=(Message("system", ("rules",)), Message("user", ("a secret",))),
        schema={"type": "object"}, most=99, seed=3, utterance="u3", prompts={"judge": "abc"}, shows=("u3.face.1",),
    )  # fmt: skip


def test_a_question_is_a_chat_span_by_the_conventions(spans: InMemorySpanExporter) -> None:
    model = Traced(Scripted(script=lambda asked: "an answer"))
    with telemetry(True), span("stage judge", {}):
        assert [reply.text for reply in model.answers([question()])] == ["an answer"]  # type: ignore[union-attr]
    chat, parent = named(spans)["chat scripted"], named(spans)["stage judge"]
    assert chat.kind.name == "CLIENT"
    assert chat.parent is not None
    assert parent.context is not None
    assert chat.parent.span_id == parent.context.span_id
    attributes = told(chat)
    assert attributes == {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "scripted",
        "gen_ai.request.max_tokens": 99, "gen_ai.request.seed": 3, "gen_ai.request.temperature": 0.0,
        "gen_ai.output.type": "json", "gen_ai.response.finish_reasons": ("stop",),
        "emoagent.question": "u3.judge", "emoagent.purpose": "judge", "emoagent.utterance": "u3",
        "emoagent.evidence.ids": ("u3.face.1",), "emoagent.prompts": ("judge abc",),
    }  # fmt: skip
    known = {value for name, value in vars(gen_ai_attributes).items() if name.startswith("GEN_AI_")}
    assert {name for name in attributes if name.startswith("gen_ai.")} <= known


def test_prompts_and_answers_only_where_they_are_asked_for(
    spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Traced(Scripted(script=lambda asked: "an answer"))
    with telemetry(True):
        list(model.answers([question()]))
    assert "secret" not in everything(spans)
    assert "an answer" not in everything(spans)
    spans.clear()
    monkeypatch.setenv(CONTENT, "true")
    with telemetry(True):
        list(model.answers([question()]))
    attributes = told(named(spans)["chat scripted"])
    asked = json.loads(attributes["gen_ai.input.messages"])
    assert asked[1] == {"role": "user", "parts": [{"type": "text", "content": "a secret"}]}
    answered = json.loads(attributes["gen_ai.output.messages"])
    assert answered == [
        {"role": "assistant", "parts": [{"type": "text", "content": "an answer"}], "finish_reason": "stop"}
    ]


def test_questions_that_fail(spans: InMemorySpanExporter) -> None:
    replies: Iterator[Any] = iter(["fine", Unanswered("not now, secret")])
    model = Traced(Scripted(script=lambda asked: next(replies)))
    with telemetry(True):
        list(model.answers([question("a"), question("b")]))
    good, bad = spans.get_finished_spans()
    assert good.status.is_unset
    assert told(bad)["error.type"] == "backend_unreachable"
    assert "secret" not in everything(spans)
    spans.clear()

    def gone(asked: Question) -> str:
        raise BackendUnreachable("gone")

    with telemetry(True), pytest.raises(BackendUnreachable):
        list(Traced(Scripted(script=gone)).answers([question()]))
    assert told(spans.get_finished_spans()[0])["error.type"] == "backend_unreachable"


def test_whoever_stops_asking_leaves_no_span_open(spans: InMemorySpanExporter) -> None:
    answers = Traced(Scripted(script=lambda asked: "x")).answers([question(str(n)) for n in range(3)])
    with telemetry(True):
        next(answers)
        answers.close()  # type: ignore[attr-defined]
    assert len(spans.get_finished_spans()) == 1


def test_turns_of_a_conversation(spans: InMemorySpanExporter) -> None:
    with TurnAnalyzer(settings=Settings(otel=True)) as analyzer:
        session = analyzer.open("maria.schmidt")
        with telemetry(True), span("the caller", {}):
            session.turn("Private words, and I am so happy!")
            affect = asyncio.run(session.aturn("Another secret.", sound_of(SAMPLE), deadline=0))
        session.turn("Without a caller.")
    found = spans.get_finished_spans()
    turns = [each for each in found if each.name == "turn"]
    (caller,) = (each.context for each in found if each.name == "the caller")
    assert caller
    assert [each.parent and each.parent.span_id for each in turns] == [caller.span_id, caller.span_id, None]
    assert [told(each)["emoagent.turn"] for each in turns] == [1, 2, 3]
    second = told(turns[1])
    assert second["emoagent.senses"] == ("text", "voice")
    assert second["emoagent.senses.late"] == affect.latency.late
    assert second["emoagent.evidence.cited"] == affect.evidence
    assert second["emoagent.verdict.labelled"] == (not affect.abstained)
    senses = [
        each for each in found if each.parent and turns[1].context and each.parent.span_id == turns[1].context.span_id
    ]
    assert sorted(each.name for each in senses) == ["sense text", "sense voice"]
    assert tuple(s for each in senses if told(each)["emoagent.sense.late"] for s in [told(each)["emoagent.sense"]])
    for word in ("secret", "Private", "happy", "joy", "maria"):
        assert word not in everything(spans), word


@pytest.mark.real
def test_a_run_with_a_language_model(brief: Path, spans: InMemorySpanExporter) -> None:
    with serving() as server:
        server.says = _judging(server)
        settings = WORDS.model_copy(update={"reasoner_url": server.url, "reasoner_model": "tiny"})
        trace = analyze(brief, settings=settings)
    chats = [each for each in spans.get_finished_spans() if each.name == "chat tiny"]
    assert len(chats) == len(trace.utterances)
    judge = named(spans)["stage judge"].context
    for chat, utterance in zip(
        sorted(chats, key=lambda c: told(c)["emoagent.question"]), trace.utterances, strict=True
    ):
        attributes = told(chat)
        assert judge
        assert chat.parent
        assert chat.parent.span_id == judge.span_id
        assert attributes["emoagent.utterance"] == utterance.id
        assert f"{utterance.id}.transcript.1" in attributes["emoagent.evidence.ids"]
        assert attributes["gen_ai.usage.input_tokens"] == 11
        assert attributes["server.address"] == "127.0.0.1"


def _judging(server: Server) -> Any:
    def says(request: dict[str, Any]) -> str:
        form = request["response_format"]["json_schema"]["schema"]["properties"]
        cites = form["explanation"]["items"]["properties"]["cites"]["items"]["enum"]
        return json.dumps(content(cites=cites[:1]))

    return says


def test_without_being_asked_nothing_is_imported() -> None:
    script = (
        "import sys; from emoagent.tools.telemetry import span, telemetry\n"
        "with telemetry(False), span('x', {'a': 1}) as note: note.tell({'b': 2}); note.event('c', {})\n"
        "assert not any(name.startswith('opentelemetry') for name in sys.modules), 'imported'"
    )
    subprocess.run([sys.executable, "-P", "-c", script], check=True)


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ExtraMissing, match="opentelemetry-sdk"), telemetry(True):
        pass
    assert tracer() is None
    assert module.tracer() is None


def test_otel_is_a_setting_that_does_not_decide_the_result() -> None:
    assert not Settings().otel
    assert "otel" not in Settings(otel=True).told()


@contextmanager
def receiving() -> Iterator[tuple[str, list[tuple[str, dict[str, str], bytes]]]]:
    """A receiver of OTLP over HTTP: its address, and path, headers and body of what it got."""
    got = list[tuple[str, dict[str, str], bytes]]()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, dict(self.headers), body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", got
        finally:
            server.shutdown()
            thread.join()


def asking(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    command = [*COMMAND, "ask", str(folder), "why sadness at 0:05?"]
    return subprocess.run(command, env=environment | variables, capture_output=True, text=True, check=True)


def test_spans_arrive_at_a_receiver_that_the_usual_variables_name(tmp_path: Path) -> None:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    result_folder(tmp_path / "run")
    with receiving() as (address, got):
        asking(tmp_path / "run", EMOAGENT_OTEL="1", OTEL_EXPORTER_OTLP_ENDPOINT=address,
               OTEL_EXPORTER_OTLP_HEADERS="x-team=speech", OTEL_EXPORTER_OTLP_COMPRESSION="none",
               OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=test")  # fmt: skip
    ((path, headers, body),) = got
    assert path == "/v1/traces"
    assert {name.lower(): value for name, value in headers.items()}["x-team"] == "speech"
    found = ExportTraceServiceRequest.FromString(body)
    resource = {each.key: each.value.string_value for each in found.resource_spans[0].resource.attributes}
    assert resource["service.name"] == "emoagent"
    assert resource["deployment.environment.name"] == "test"
    scope = found.resource_spans[0].scope_spans[0]
    assert scope.scope.name == "emoagent"
    (ask,) = scope.spans
    assert ask.name == "ask"
    cited = next(each for each in ask.attributes if each.key == "emoagent.evidence.cited")
    assert "u2.face.2" in [value.string_value for value in cited.value.array_value.values]
    assert b"Oh wow" not in body


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No variable of OpenTelemetry is set."""
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    return monkeypatch


def test_off_where_the_variables_say_so(bare: pytest.MonkeyPatch) -> None:
    with receiving() as (address, got):
        bare.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        with telemetry(False), span("x", {}):
            pass
        for name, value in (("OTEL_TRACES_EXPORTER", "none"), ("OTEL_SDK_DISABLED", "true")):
            with bare.context() as patch:
                patch.setenv(name, value)
                with telemetry(True), span("x", {}):
                    pass
        assert not got
        with telemetry(True), span("x", {}):
            pass
        assert len(got) == 1


def test_a_receiver_that_is_not_there_fails_nothing(bare: pytest.MonkeyPatch) -> None:
    with receiving() as (address, _):
        pass
    bare.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
    bare.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    with telemetry(True), span("x", {}) as note:
        note.tell({"a": 1})


def test_spans_on_the_terminal(bare: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    bare.setenv("OTEL_TRACES_EXPORTER", "console")
    with telemetry(True), span("x", {"a": 1, "b": None}):
        pass
    told = capsys.readouterr()
    assert '"name": "x"' in told.err
    assert not told.out
