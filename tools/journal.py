"""Every question to a generative model and its answer, written down as they come: what a run that was interrupted has
been told already is not asked again, and the trace can show it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock

from emoagent.schema import Call, Part, Shown
from emoagent.tools.generation import Answer, Done, Generator, Message, Picture, Question, Reply, nobody

FILE = "calls.jsonl"


class Journal:
    """A file with one line for each finished call. A last line that was cut off does not count."""

    def __init__(self, path: Path) -> None:
        self.path, self._lock = path, Lock()
        kept, whole = _lines(path)
        self._known = kept
        if path.exists() and path.stat().st_size > whole:
            with path.open("r+b") as file:
                file.truncate(whole)

    def calls(self) -> tuple[Call, ...]:
        """All finished calls, in the order of their ids."""
        return tuple(sorted(self._known.values(), key=lambda call: call.id))

    def find(self, key: str) -> Call | None:
        """The finished call with this key."""
        return self._known.get(key)

    def add(self, key: str, call: Call) -> None:
        """Writes one line."""
        line = json.dumps({"key": key, "call": call.model_dump(mode="json")}).encode() + b"\n"
        with self._lock, self.path.open("ab") as file:
            file.write(line)
            self._known[key] = call


def calls_in(folder: Path) -> tuple[Call, ...]:
    """All finished calls of the run in `folder`, in the order of their ids."""
    return Journal(folder / FILE).calls()


@dataclass(frozen=True)
class Remembering:
    """A generator that looks into the journal first, and writes there what is new."""

    inner: Generator
    journal: Journal

    @property
    def name(self) -> str:
        """That of the model."""
        return self.inner.name

    @property
    def backend(self) -> str:
        """That of the model."""
        return self.inner.backend

    def answers(self, questions: Iterable[Question], done: Done = nobody) -> Iterator[Reply]:
        """As the model's own, but what the journal knows is not asked."""
        waiting = deque[tuple[Question, Call | None]]()

        def unknown() -> Iterator[Question]:
            for question in questions:
                found = self.journal.find(self._key(question))
                waiting.append((question, found))
                if found is None:
                    yield question

        def finished(question: Question, answer: Answer) -> None:
            self.journal.add(self._key(question), _call(question, answer, self.inner))
            done(question, answer)

        for reply in self.inner.answers(unknown(), finished):
            yield from _known(waiting)
            waiting.popleft()
            yield reply
        yield from _known(waiting)

    def _key(self, question: Question) -> str:
        asked = (self.name, self.backend, question.id, question.most, question.seed, question.schema)
        shown = [
            [m.role, [p if isinstance(p, str) else sha256(p.jpeg).hexdigest() for p in m.parts]]
            for m in question.messages
        ]
        return sha256(json.dumps([*asked, shown], sort_keys=True).encode()).hexdigest()


def _known(waiting: deque[tuple[Question, Call | None]]) -> Iterator[Answer]:
    while waiting and (call := waiting[0][1]) is not None:
        waiting.popleft()
        yield Answer(call.answer, call.finish, call.tokens_in, call.tokens_out)


def _call(question: Question, answer: Answer, model: Generator) -> Call:
    return Call(
        id=question.id,
        utterance=question.utterance,
        purpose=question.purpose,
        model=model.name,
        backend=model.backend,
        prompts=dict(question.prompts),
        messages=tuple(_shown(message) for message in question.messages),
        constrained=question.schema is not None,
        seed=question.seed,
        answer=answer.text,
        finish=answer.finish,
        tokens_in=answer.tokens_in,
        tokens_out=answer.tokens_out,
    )


def _shown(message: Message) -> Shown:
    parts = (Part(image=p.name) if isinstance(p, Picture) else Part(text=p) for p in message.parts)
    return Shown(role=message.role, parts=tuple(parts))


def _lines(path: Path) -> tuple[dict[str, Call], int]:
    """The calls by their keys, and how many bytes of the file are whole lines."""
    found, whole = dict[str, Call](), 0
    if not path.exists():
        return found, whole
    for line in path.read_bytes().splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        read = json.loads(line)
        found[read["key"]] = Call.model_validate_json(json.dumps(read["call"]))
        whole += len(line)
    return found, whole
