"""Every question to a generative model and its answer, written down as they come: what a run that was interrupted has
been told already is not asked again, and the trace can show it."""

from __future__ import annotations

import errno
import json
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock

from emoagent.schema import Call, Part, Shown
from emoagent.tools.language.generation import (
    Answer,
    Done,
    Generator,
    Message,
    Picture,
    Question,
    Reply,
    Wrapped,
    nobody,
)

FILE = "calls.jsonl"


class Journal:
    """A file with one line for each finished call. A line that was cut off or cannot be read does not count: its
    question is asked again."""

    def __init__(self, path: Path) -> None:
        self.path, self._lock = path, Lock()
        self._known, whole = _lines(path)
        if path.exists() and path.stat().st_size > whole:
            os.truncate(path, whole)

    def calls(self) -> tuple[Call, ...]:
        """All finished calls, in the order of their ids (`u2` before `u10`); of two with one id, the later."""
        latest = {call.id: call for call in self._known.values()}
        return tuple(sorted(latest.values(), key=lambda call: _natural(call.id)))

    def find(self, key: str) -> Call | None:
        """The finished call with this key."""
        return self._known.get(key)

    def add(self, key: str, call: Call) -> None:
        """Writes one line, whole or not at all. Raises `OSError`."""
        line = json.dumps({"key": key, "call": call.model_dump(mode="json")}).encode() + b"\n"
        with self._lock:
            _append(self.path, line)
            self._known[key] = call


def calls_in(folder: Path) -> tuple[Call, ...]:
    """All finished calls of the run in `folder`, in the order of their ids."""
    return Journal(folder / FILE).calls()


@dataclass(frozen=True)
class Remembering(Wrapped):
    """A generator that looks into the journal first, and writes there what is new."""

    journal: Journal

    def answers(self, questions: Iterable[Question], done: Done = nobody) -> Iterator[Reply]:
        """As the model's own, but what the journal knows is not asked; `done` is told of it all the same."""
        waiting = deque[Answer | None]()

        def unknown() -> Iterator[Question]:
            for question in questions:
                found = self.journal.find(self._key(question))
                waiting.append(_answer(found) if found else None)
                if found is None:
                    yield question
                else:
                    done(question, _answer(found))

        def finished(question: Question, answer: Answer) -> None:
            self.journal.add(self._key(question), _call(question, answer, self.inner))
            done(question, answer)

        for reply in self.inner.answers(unknown(), finished):
            yield from _known(waiting)
            waiting.popleft()
            yield reply
        yield from _known(waiting)

    def _key(self, question: Question) -> str:
        """All that the answer depends on; where the server is does not count."""
        schema = None if question.schema is None else dict(question.schema)
        asked = (self.name, self.backend, question.id, question.most, question.seed, schema)
        shown = [
            [m.role, [p if isinstance(p, str) else {"sha256": sha256(p.jpeg).hexdigest()} for p in m.parts]]
            for m in question.messages
        ]
        return sha256(json.dumps([*asked, shown], sort_keys=True).encode()).hexdigest()


def _known(waiting: deque[Answer | None]) -> Iterator[Answer]:
    while waiting and (answer := waiting[0]) is not None:
        waiting.popleft()
        yield answer


def _answer(call: Call) -> Answer:
    return Answer(call.answer, call.finish, call.tokens_in, call.tokens_out, held=call.constrained)


def _call(question: Question, answer: Answer, model: Generator) -> Call:
    return Call(
        id=question.id,
        utterance=question.utterance,
        purpose=question.purpose,
        model=model.name,
        backend=model.backend,
        prompts=dict(question.prompts),
        messages=tuple(_shown(message) for message in question.messages),
        constrained=question.schema is not None and answer.held,
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
    """The calls by their keys, the latest last, and how many bytes of the file are whole lines."""
    found, whole = dict[str, Call](), 0
    if not path.exists():
        return found, whole
    for line in path.read_bytes().splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        whole += len(line)
        try:
            read = json.loads(line)
            key, call = read["key"], Call.model_validate(read["call"])
        except (ValueError, KeyError, TypeError):
            continue
        found.pop(key, None)
        found[key] = call
    return found, whole


def _append(path: Path, line: bytes) -> None:
    """A disk that gets full in the middle leaves no half of a line."""
    with path.open("ab", buffering=0) as file:
        before = file.tell()
        try:
            written = file.write(line)
        except OSError:
            os.truncate(path, before)
            raise
        if written < len(line):
            os.truncate(path, before)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]
