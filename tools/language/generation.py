"""Questions to a generative model, wherever it runs, and its answers as text. No prompt stands here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from emoagent.errors import BackendUnreachable
from emoagent.schema import Purpose

Role = Literal["system", "user", "assistant"]


class Unanswered(BackendUnreachable):
    """The model is there, but gave no usable answer this time: too slow, too busy, or not what the protocol says."""


@dataclass(frozen=True)
class Picture:
    """A JPEG picture. `name` is where the run folder keeps it, e.g. `media/captions/u3.1.jpg`. `at`: seconds from the
    start of the clip, where it is a frame of one."""

    jpeg: bytes = field(repr=False)
    name: str
    at: float | None = None


@dataclass(frozen=True)
class Message:
    """What one side says: text and pictures, in order."""

    role: Role
    parts: tuple[str | Picture, ...]


@dataclass(frozen=True)
class Question:
    """What is asked. `id` is unique in a run, e.g. `u3.judge`. `schema` is a JSON Schema to which the answer must keep.
    `most`: tokens of the answer. `prompts`: name of a prompt file to its fingerprint. `shows`: ids of the evidence in
    it."""

    id: str
    purpose: Purpose
    messages: tuple[Message, ...]
    schema: Mapping[str, Any] | None = None
    most: int = 512
    seed: int = 7
    utterance: str | None = None
    prompts: Mapping[str, str] = field(default_factory=dict)
    shows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What came back. `finish`: `stop`, or `length` where it was cut off. Token counts are `None` where not told.
    `held`: whether the model could be held to the question's schema, where it has one. Half a character in the text,
    which no file can hold, becomes a question mark."""

    text: str
    finish: str = "stop"
    tokens_in: int | None = None
    tokens_out: int | None = None
    held: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", self.text.encode(errors="replace").decode())


Reply = Answer | Unanswered
Done = Callable[[Question, Answer], None]


def nobody(question: Question, answer: Answer) -> None:
    """Is told of an answer, and does nothing."""


class Generator(Protocol):
    """A model that answers, at temperature 0."""

    @property
    def name(self) -> str:
        """The model, with its adapter if it has one; goes into the trace."""

    @property
    def backend(self) -> str:
        """How it runs: `transformers` or `chat-completions`."""

    def answers(self, questions: Iterable[Question], done: Done = nobody) -> Iterator[Reply]:
        """One reply a question, in their order. Takes only so many questions ahead as it works on at a time, and tells
        `done` of each answer as soon as it is there, from whatever thread. Raises `BackendUnreachable` where the model
        cannot be had at all; one that fails on one question gives `Unanswered`."""


@dataclass(frozen=True)
class Wrapped:
    """What stands around a generator goes by its name."""

    inner: Generator

    @property
    def name(self) -> str:
        """That of the model."""
        return self.inner.name

    @property
    def backend(self) -> str:
        """That of the model."""
        return self.inner.backend


def ask(generator: Generator, question: Question) -> Answer:
    """The answer to one question. Raises `Unanswered` and `BackendUnreachable`."""
    reply = next(iter(generator.answers([question])))
    if isinstance(reply, Unanswered):
        raise reply
    return reply
