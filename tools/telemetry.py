"""Spans for OpenTelemetry, where they are asked for; else nothing happens and nothing is imported.

A span tells what ran, how long, with which evidence ids, and how it failed. What was said, seen or answered, and the
words of errors, which may hold paths, are not told.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from importlib import metadata
from typing import TYPE_CHECKING, Any

from emoagent.errors import EmoagentError, ExtraMissing
from emoagent.tools.context import holding

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

SCOPE = "emoagent"
MOST_IDS = 1000  # evidence ids in one attribute
Value = str | int | float | bool | tuple[str, ...]

_tracer: ContextVar[Tracer | None] = ContextVar("tracer", default=None)


def tracer() -> Tracer | None:
    """What makes spans in the run that is going on; `None` where nobody wants any."""
    return _tracer.get()


@contextmanager
def telemetry(wanted: bool) -> Iterator[None]:
    """Makes spans inside the `with` block if they are `wanted`, and sends what is left at its end.

    Where the program around us has set up OpenTelemetry, its provider is used; else spans go by OTLP over HTTP to where
    the usual `OTEL_*` variables say. A receiver that is not there fails nothing. Raises `ExtraMissing`.
    """
    if not wanted or tracer() is not None:
        yield
        return
    tracing = Tracing(True)
    try:
        with tracing.here():
            yield
    finally:
        tracing.close()


class Tracing:
    """The spans of something that lasts: they are sent as they come, and what is left when it is closed.

    As for `telemetry`. Raises `ExtraMissing`.
    """

    def __init__(self, wanted: bool) -> None:
        self._made: Tracer | None = None
        self.close: Callable[[], None] = lambda: None
        if wanted:
            provider, self.close = _provider()
            self._made = provider.get_tracer(SCOPE, metadata.version("emoagent"))

    def here(self) -> AbstractContextManager[object]:
        """Makes spans inside the `with` block, whichever thread it is in."""
        return holding(_tracer, self._made)


@contextmanager
def span(name: str, attributes: Mapping[str, Value | None]) -> Iterator[Note]:
    """A span around the `with` block; attributes that are `None` are left out."""
    if (made := tracer()) is None:
        yield Note(None)
        return
    with made.start_as_current_span(name, record_exception=False, set_status_on_exception=False) as current:
        note = Note(current)
        note.tell(attributes)
        try:
            yield note
        except BaseException as error:
            failed(current, error)
            raise


class Note:
    """What is added to a span while it lasts."""

    def __init__(self, current: Span | None) -> None:
        self._span = current

    def tell(self, attributes: Mapping[str, Value | None]) -> None:
        """Adds attributes."""
        if self._span is not None:
            self._span.set_attributes({name: value for name, value in attributes.items() if value is not None})

    def event(self, name: str, attributes: Mapping[str, Value | None]) -> None:
        """Adds something that happened at this moment."""
        if self._span is not None:
            self._span.add_event(name, {key: value for key, value in attributes.items() if value is not None})


def failed(current: Span, error: BaseException) -> None:
    """Marks a span as failed, by the kind of the error and without its words."""
    from opentelemetry.trace import StatusCode

    kind = error.code if isinstance(error, EmoagentError) else type(error).__name__
    current.set_attribute("error.type", kind)
    current.set_status(StatusCode.ERROR)


def ids(found: tuple[str, ...]) -> tuple[str, ...]:
    """So many evidence ids as one attribute may hold."""
    return found[:MOST_IDS]


def _provider() -> tuple[TracerProvider, Callable[[], None]]:
    try:
        from opentelemetry import trace
        from opentelemetry.sdk.trace import TracerProvider
    except ImportError as error:
        raise ExtraMissing("opentelemetry-sdk", "otel") from error
    around = trace.get_tracer_provider()
    if isinstance(around, TracerProvider):
        return around, lambda: None
    provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
    if os.environ.get("OTEL_TRACES_EXPORTER", "otlp").strip() != "none":
        provider.add_span_processor(_processor())
    return provider, provider.shutdown


def _resource() -> Any:
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource

    named = OTELResourceDetector().detect().attributes
    return Resource.create({} if "service.name" in named else {"service.name": SCOPE})


def _processor() -> Any:
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

    if os.environ.get("OTEL_TRACES_EXPORTER", "").strip() == "console":
        import sys

        return BatchSpanProcessor(ConsoleSpanExporter(out=sys.stderr))
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError as error:
        raise ExtraMissing("opentelemetry-exporter-otlp-proto-http", "otel") from error
    return BatchSpanProcessor(OTLPSpanExporter())
