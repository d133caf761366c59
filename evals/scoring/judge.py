"""Who reads free text. A judge is named on the command line and in every result:

    overlap             counts shared words; no model, no network (`overlap.py`)
    openai:MODEL@URL    a language model behind an OpenAI-compatible server, e.g. openai:qwen2.5-7b@http://127.0.0.1:8000/v1

A rating that a model's answer does not hold is `None`: it is told as "not judged", and is neither a zero nor an answer
of the system's. The key of a server, if it wants one, is taken from EMOAGENT_JUDGE_KEY.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from emoagent.errors import BackendUnreachable, UsageError
from emoagent.evals.scoring import overlap
from emoagent.prompts.template import fingerprint, prompt
from emoagent.tools.language.chat_completion import ChatServer
from emoagent.tools.language.generation import Message, Question, Unanswered, ask
from emoagent.tools.language.json_answer import closed

_REMOTE = re.compile(r"openai:(?P<model>[^\s@]+(?:@[^\s@]+)*?)@(?P<url>https?://[^\s@?#]+)")
PROMPTS = ("judge_clues", "judge_labels", "judge_steps", "extract_steps")
LOWEST, HIGHEST = 1, 10
MOST = 2048  # tokens of one answer
TIMEOUT, TRIES = 60.0, 2  # seconds for one try, of which there are so many
PATIENCE = 5  # questions in a row without an answer, after which the server counts as gone


@dataclass(frozen=True)
class Reasoned:
    """An answer in steps, of which the last names labels, and what is known of the clip."""

    steps: tuple[str, ...]
    truth: tuple[str, ...]
    choices: tuple[str, ...]
    clues: str


class Judge(Protocol):
    """Reads free text. Each rating is `None` where there is none."""

    @property
    def id(self) -> str:
        """What stands in the result: the judge's name and the fingerprint of what it is asked."""

    @property
    def unit(self) -> str:
        """The scale of `clues` and `emotions`."""

    @property
    def lowest(self) -> float:
        """The lowest rating of `clues` and `emotions`, which an answer gets that says nothing."""

    def clues(self, truth: str, said: str) -> float | None:
        """How far two descriptions agree in the signs and the emotional state they name (clue overlap)."""

    def emotions(self, truth: str, said: str) -> float | None:
        """How far two descriptions agree in the emotions they name (label overlap)."""

    def split(self, text: str) -> tuple[str, ...] | None:
        """A free answer as steps, of which the last names the label."""

    def steps(self, answer: Reasoned) -> tuple[float, ...] | None:
        """A rating of every step, 0 to 1."""


@dataclass(frozen=True)
class Overlap:
    """The judge that counts words; see `overlap.py` for what it cannot see."""

    id: str = "overlap"
    unit: str = "F1 of words"
    lowest: float = 0.0

    def clues(self, truth: str, said: str) -> float | None:
        """F1 of shared lemmas, 0 to 1."""
        return overlap.shared_words(truth, said)

    def emotions(self, truth: str, said: str) -> float | None:
        """F1 of shared groups of emotion words, 0 to 1."""
        return overlap.shared_emotions(truth, said)

    def split(self, text: str) -> tuple[str, ...] | None:
        """The sentences of the answer."""
        return overlap.sentences(text) or None

    def steps(self, answer: Reasoned) -> tuple[float, ...] | None:
        """By shared lemmas with the clues, and by the labels named."""
        return overlap.rated_steps(answer.steps, answer.truth, answer.choices, answer.clues)


@dataclass
class Remote:
    """A language model behind a server, asked with the prompts of `prompts/` at temperature 0."""

    server: ChatServer
    unit: str = "rating 1-10"
    lowest: float = float(LOWEST)
    _silent: int = field(default=0, init=False)

    @property
    def id(self) -> str:
        """The model, where it is asked, and the first 12 digits of the prompts' fingerprint."""
        return f"openai:{self.server.model}@{self.server.url} prompts:{fingerprint(*PROMPTS)[:12]}"

    def clues(self, truth: str, said: str) -> float | None:
        """A rating from 1 to 10."""
        return self._score("judge_clues", truth, said)

    def emotions(self, truth: str, said: str) -> float | None:
        """A rating from 1 to 10."""
        return self._score("judge_labels", truth, said)

    def split(self, text: str) -> tuple[str, ...] | None:
        """The model's short version of the answer."""
        found = self._asked("extract_steps", {"steps": _list_of("string")}, answer=_quoted(text))
        steps = found.get("steps")
        if not isinstance(steps, list) or not steps or not all(isinstance(s, str) and s.strip() for s in steps):
            return None
        return tuple(steps)

    def steps(self, answer: Reasoned) -> tuple[float, ...] | None:
        """The model's ratings; `None` unless there is one from 0 to 1 for each step."""
        found = self._asked(
            "judge_steps", {"ratings": _list_of("number")},
            truth=_quoted(list(answer.truth)), clues=_quoted(answer.clues), steps=_quoted(list(answer.steps)),
            count=str(len(answer.steps)),
        )  # fmt: skip
        ratings = found.get("ratings")
        if not isinstance(ratings, list) or len(ratings) != len(answer.steps):
            return None
        return tuple(ratings) if all(_within(rating, 0, 1) for rating in ratings) else None

    def _score(self, name: str, truth: str, said: str) -> float | None:
        fields = {"score": {"type": "number"}, "reason": {"type": "string"}}
        score = self._asked(name, fields, truth=_quoted(truth), answer=_quoted(said)).get("score")
        return float(score) if _within(score, LOWEST, HIGHEST) else None  # type: ignore[arg-type]

    def _asked(self, name: str, fields: Mapping[str, object], **values: str) -> dict[str, object]:
        messages = (Message("user", (prompt(name).filled(**values),)),)
        try:
            answer = ask(self.server, Question(name, "judge", messages, closed(fields), most=MOST)).text
        except Unanswered as error:
            self._silent += 1
            if self._silent >= PATIENCE:
                raise BackendUnreachable(f"the judge gave no answer {PATIENCE} times in a row: {error}") from error
            return {}
        self._silent = 0
        return _object(answer)


def judge(name: str) -> Judge:
    """The judge of that name. Raises `UsageError` for a name that is none."""
    if name == "overlap":
        return Overlap()
    if match := _REMOTE.fullmatch(name):
        key = os.environ.get("EMOAGENT_JUDGE_KEY") or None
        return Remote(ChatServer(match["model"], match["url"].rstrip("/"), key, timeout=TIMEOUT, tries=TRIES))
    raise UsageError(f"there is no judge {name!r}", hint="--judge is overlap or openai:MODEL@http://HOST:PORT/v1")


def _object(answer: str) -> dict[str, object]:
    """The JSON object of an answer, also in a fence; empty where there is none."""
    fenced = re.fullmatch(r"\s*```(?:json)?\s*(.*?)\s*```\s*", answer, re.DOTALL)
    try:
        found = json.loads(fenced[1] if fenced else answer)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _within(value: object, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _quoted(value: str | Sequence[str]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _list_of(kind: str) -> dict[str, object]:
    return {"type": "array", "items": {"type": kind}}
