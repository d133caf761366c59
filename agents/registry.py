"""The kinds of agents and how they are found: a decorated function in a file of this folder, or in another package
that names its module under the entry-point group `emoagent.agents`. There is no other registration.

    @hearer     (Clip) -> the utterances, or None where it has nothing to go by
    @perceiver  (Clip, utterances) -> findings; it is shown no text unless it asks for it
    @opiner     (Utterance, its evidence of one modality, the utterances before) -> what this modality alone suggests
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from typing import Generic, Literal, TypeVar

from emoagent.schema import Clip, Evidence, Measure, Modality, Model, Opinion, Person, Producer, Span, Utterance
from emoagent.tools.progress import stop_if_asked

GROUP = "emoagent.agents"
Need = Literal["audio", "video", "faces", "text", "vision"]
Role = Literal["hearer", "perceiver", "opiner"]


@dataclass(frozen=True)
class Heard:
    """What a hearer found: utterances in time order, and the people it could name. `models`: which it used, where those
    are not the same in every run; `note`: what a reader should know of how it was heard."""

    utterances: tuple[Utterance, ...]
    people: tuple[Person, ...] = ()
    models: tuple[Model, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Finding:
    """What a perceiver yields: evidence before it has an id. `measures` maps a name to (value, unit). `revision`: a
    fingerprint of the model and the prompts, where a generative model said it."""

    utterance: Utterance
    kind: str
    text: str
    reliability: float
    measures: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    span: Span | None = None
    person: str | None = None
    media_ref: str | None = None
    revision: str | None = None


Hear = Callable[[Clip], Heard | None]
Perceive = Callable[[Clip, Sequence[Utterance]], Iterator[Evidence]]
Opine = Callable[[Utterance, Sequence[Evidence], Sequence[Utterance]], Opinion]
F = TypeVar("F")


@dataclass(frozen=True)
class Agent(Generic[F]):
    """A named function with what it needs and costs. `summary` is the first line of its docstring."""

    role: Role
    name: str
    run: F
    producer: Producer
    summary: str
    needs: frozenset[Need] = frozenset()
    cost: str = ""
    modality: Modality = "text"


@dataclass(frozen=True)
class Perceiver(Agent[Callable[[Clip, Sequence[Utterance]], Iterable[Finding]]]):
    """A perception agent. Calling it yields evidence with ids; without the need `text` it sees no text."""

    def __call__(self, clip: Clip, utterances: Sequence[Utterance]) -> Iterator[Evidence]:
        shown = utterances if "text" in self.needs else [blind(u) for u in utterances]
        yield from self.evidence(self.run(clip, shown))

    def evidence(self, findings: Iterable[Finding]) -> Iterator[Evidence]:
        """The findings of this agent as evidence: each gets the id `UTTERANCE.AGENT.NUMBER`."""
        counts: dict[str, int] = {}
        for finding in findings:
            stop_if_asked()
            number = counts[finding.utterance.id] = counts.get(finding.utterance.id, 0) + 1
            yield _evidence(self, finding, f"{finding.utterance.id}.{self.name}.{number}", "text" in self.needs)


def hearer(name: str, *, needs: Iterable[Need] = (), cost: str = "") -> Callable[[Hear], Agent[Hear]]:
    """Makes a function `(Clip) -> Heard | None` a way to get utterances, chosen by `--transcript NAME`."""

    def decorate(run: Hear) -> Agent[Hear]:
        return Agent("hearer", name, run, _producer(run, name), _summary(run), frozenset(needs), cost)

    return decorate


def perceiver(
    *, modality: Modality, needs: Iterable[Need] = (), cost: str = ""
) -> Callable[[Callable[[Clip, Sequence[Utterance]], Iterable[Finding]]], Perceiver]:
    """Makes a generator `(Clip, utterances) -> findings` a perception agent, named after the function.

    `needs`: `audio`, `video`, `faces` (tracked faces) and `vision` (a model that describes pictures) are checked before
    it runs; what is missing masks the agent. `text` lets it see the transcript.
    `cost`: a plain phrase for `emoagent agents`, e.g. `0.02 x real time on one core`.
    """

    def decorate(run: Callable[[Clip, Sequence[Utterance]], Iterable[Finding]]) -> Perceiver:
        name = run.__name__
        return Perceiver("perceiver", name, run, _producer(run, name), _summary(run), frozenset(needs), cost, modality)

    return decorate


def opiner(*, modality: Modality, cost: str = "") -> Callable[[Opine], Agent[Opine]]:
    """Makes a function `(Utterance, evidence of this modality, utterances before it) -> Opinion` the voice of one
    modality. The utterances before are in time order; none after is ever shown."""

    def decorate(run: Opine) -> Agent[Opine]:
        name = f"{modality}-opinion"
        return Agent("opiner", name, run, _producer(run, name), _summary(run), cost=cost, modality=modality)

    return decorate


@cache
def agents() -> tuple[Agent[object], ...]:
    """All agents: those of this folder, then those of other packages; each list in alphabetical order."""
    own = [m.name for m in pkgutil.iter_modules(importlib.import_module("emoagent.agents").__path__)]
    modules = [importlib.import_module(f"emoagent.agents.{name}") for name in sorted(own)]
    points = sorted(metadata.entry_points(group=GROUP), key=lambda point: point.name)
    found = [value for module in modules for value in _declared(module)]
    found += [value for point in points for value in _loaded(point)]
    return tuple(dict.fromkeys(found))


def perceivers() -> tuple[Perceiver, ...]:
    """The perception agents."""
    return tuple(agent for agent in agents() if isinstance(agent, Perceiver))


def opiners() -> tuple[Agent[Opine], ...]:
    """One agent for each modality that has an opinion."""
    return tuple(agent for agent in agents() if agent.role == "opiner")  # type: ignore[misc]


def hearers() -> dict[str, Agent[Hear]]:
    """The ways to get utterances, by name."""
    return {agent.name: agent for agent in agents() if agent.role == "hearer"}  # type: ignore[misc]


def _declared(module: object) -> list[Agent[object]]:
    return [v for v in vars(module).values() if isinstance(v, Agent)]


def _loaded(point: metadata.EntryPoint) -> list[Agent[object]]:
    value = point.load()
    return [value] if isinstance(value, Agent) else _declared(value)


def blind(utterance: Utterance) -> Utterance:
    """The utterance without its words, but with their times."""
    words = tuple(word.model_copy(update={"text": ""}) for word in utterance.words)
    return utterance.model_copy(update={"text": "", "words": words})


def _evidence(agent: Perceiver, finding: Finding, number: str, saw_text: bool) -> Evidence:
    return Evidence(
        id=number,
        utterance=finding.utterance.id,
        person=finding.person,
        modality=agent.modality,
        kind=finding.kind,
        span=finding.span or finding.utterance.span,
        finding=finding.text,
        measures={k: Measure(value=round(float(v), 4), unit=unit) for k, (v, unit) in finding.measures.items()},
        reliability=round(min(1.0, max(0.0, finding.reliability)), 4),
        saw_text=saw_text,
        producer=agent.producer.model_copy(update={"revision": finding.revision or agent.producer.revision}),
        media_ref=finding.media_ref,
    )


def _producer(run: Callable[..., object], name: str) -> Producer:
    package = run.__module__.partition(".")[0]
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError:
        version = "0"
    source = inspect.getsource(inspect.getmodule(run) or run)
    return Producer(name=name, version=version, revision=hashlib.sha256(source.encode()).hexdigest()[:12])


def _summary(run: Callable[..., object]) -> str:
    return (inspect.getdoc(run) or "").partition("\n")[0]
