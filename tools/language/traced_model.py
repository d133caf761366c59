"""Questions to a generative model as spans, by OpenTelemetry's conventions for generative AI (`chat MODEL`,
`gen_ai.*`). Prompts and answers are told only where OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT says so."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from emoagent.tools.language.generation import (
    Answer,
    Done,
    Generator,
    Picture,
    Question,
    Reply,
    Unanswered,
    Wrapped,
    nobody,
)
from emoagent.tools.telemetry import failed, ids, tracer

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
PROVIDERS = {"chat-completions": "openai", "transformers": "huggingface"}  # whose interface it is


@dataclass(frozen=True)
class Traced(Wrapped):
    """A generator each of whose answers is a span, in runs that want spans."""

    def answers(self, questions: Iterable[Question], done: Done = nobody) -> Iterator[Reply]:
        """As the model's own. A span lasts from when the model takes the question until its answer is there."""
        made = tracer()
        if made is None:
            yield from self.inner.answers(questions, done)
            return
        yield from _Spans(self.inner, made).answers(questions, done)


class _Spans:
    def __init__(self, inner: Generator, made: Tracer) -> None:
        self.inner, self.tracer = inner, made
        self.open: dict[int, Span] = {}
        self.waiting = deque[Question]()

    def answers(self, questions: Iterable[Question], done: Done) -> Iterator[Reply]:
        from opentelemetry import context

        around = context.get_current()

        def begun() -> Iterator[Question]:
            for question in questions:
                self._begin(question, around)
                yield question

        def finished(question: Question, answer: Answer) -> None:
            self._answered(question, answer)
            done(question, answer)

        try:
            for reply in self.inner.answers(begun(), finished):
                question = self.waiting.popleft()
                if isinstance(reply, Unanswered):
                    self._failed(question, reply)
                else:
                    self._answered(question, reply)
                yield reply
        except Exception as error:
            for question in self.waiting:
                self._failed(question, error)
            raise
        finally:
            for span in self.open.values():
                span.end()

    def _begin(self, question: Question, around: Any) -> None:
        from opentelemetry.trace import SpanKind

        self.waiting.append(question)
        self.open[id(question)] = self.tracer.start_span(
            f"chat {self.inner.name}", context=around, kind=SpanKind.CLIENT, attributes=_asked(self.inner, question)
        )

    def _answered(self, question: Question, answer: Answer) -> None:
        if (span := self.open.pop(id(question), None)) is None:
            return
        told = {
            "gen_ai.usage.input_tokens": answer.tokens_in,
            "gen_ai.usage.output_tokens": answer.tokens_out,
            "gen_ai.response.finish_reasons": (answer.finish,),
            "gen_ai.output.messages": json.dumps([_answered_with(answer)]) if _content() else None,
        }
        span.set_attributes({name: value for name, value in told.items() if value is not None})
        span.end()

    def _failed(self, question: Question, error: Exception) -> None:
        if span := self.open.pop(id(question), None):
            failed(span, error)
            span.end()


def _asked(model: Generator, question: Question) -> dict[str, Any]:
    address = urlsplit(getattr(model, "url", ""))
    told = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": PROVIDERS.get(model.backend, model.backend),
        "gen_ai.request.model": model.name,
        "gen_ai.request.max_tokens": question.most,
        "gen_ai.request.seed": question.seed,
        "gen_ai.request.temperature": 0.0,
        "gen_ai.output.type": "text" if question.schema is None else "json",
        "server.address": address.hostname,
        "server.port": address.port,
        "emoagent.question": question.id,
        "emoagent.purpose": question.purpose,
        "emoagent.utterance": question.utterance,
        "emoagent.evidence.ids": ids(question.shows) or None,
        "emoagent.prompts": tuple(f"{name} {digest}" for name, digest in sorted(question.prompts.items())) or None,
    }
    if _content():
        told["gen_ai.input.messages"] = json.dumps([_message(each.role, each.parts) for each in question.messages])
    return {name: value for name, value in told.items() if value is not None}


def _message(role: str, parts: tuple[str | Picture, ...]) -> dict[str, Any]:
    """One message as the conventions have it; of a picture only its name."""
    texts = (part if isinstance(part, str) else f"(picture {part.name})" for part in parts)
    return {"role": role, "parts": [{"type": "text", "content": text} for text in texts]}


def _answered_with(answer: Answer) -> dict[str, Any]:
    return _message("assistant", (answer.text,)) | {"finish_reason": answer.finish}


def _content() -> bool:
    return os.environ.get(CONTENT, "").strip().lower() in ("true", "1")
