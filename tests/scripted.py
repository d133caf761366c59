"""A generative model whose answers are written down beforehand: the whole protocol, and no network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from emoagent.labels import labels
from emoagent.tools.language.generation import Answer, Done, Question, Reply, Unanswered, nobody

Script = Callable[[Question], str | Unanswered]


def ids(question: Question) -> list[str]:
    """The ids that may be cited in the answer."""
    assert question.schema is not None
    sentence = question.schema["properties"]["explanation"]["items"]
    found: list[str] = sentence["properties"]["cites"]["items"]["enum"]
    return found


def content(label: str = "joy", cites: Iterable[str] = ("E1",), **other: Any) -> dict[str, Any]:
    """An answer in the form that is asked for, as an object."""
    masses = {name: 70 if name == label else 5 for name in labels()}
    said = [{"text": "The words are warm.", "stance": "supports", "cites": list(cites)}]
    seen = [{"source": "text", "says": "warm words", "cites": list(cites)}]
    found = {"observations": seen, "conflict": "", "explanation": said, "open_labels": ["delight"]}
    return found | {"probabilities": masses, "label": label} | other


def reply(label: str = "joy", cites: Iterable[str] = ("E1",), **other: Any) -> str:
    """The same as text."""
    return json.dumps(content(label, cites, **other))


@dataclass
class Scripted:
    """Answers by `script`, and remembers what it was asked."""

    script: Script = lambda question: reply(cites=ids(question)[:1])
    name: str = "scripted"
    backend: str = "chat-completions"
    asked: list[Question] = field(default_factory=list)

    def answers(self, questions: Iterable[Question], done: Done = nobody) -> Iterator[Reply]:
        """One reply a question, in order."""
        for question in questions:
            self.asked.append(question)
            said = self.script(question)
            if isinstance(said, Unanswered):
                yield said
                continue
            answer = Answer(said)
            done(question, answer)
            yield answer

    def purposes(self) -> list[str]:
        """What was asked for, in order."""
        return [question.purpose for question in self.asked]
