"""Who answers in `emoagent chat`: a language model behind an OpenAI-compatible server, or the affect itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from emoagent.affect import AffectTurn
from emoagent.bridges import wording
from emoagent.errors import UsageError
from emoagent.prompts.template import prompt
from emoagent.settings import Settings
from emoagent.tools.language.generation import Generator, Message, Question, ask

KEPT = 20  # messages that go along
MOST = 400  # tokens of an answer
MUTE = "(a clip in which no words were recognised)"


class Bot(Protocol):
    """Answers a turn."""

    @property
    def name(self) -> str:
        """The model; empty where there is none."""
        ...

    def answer(self, words: str, affect: AffectTurn) -> str:
        """What it says. Raises `BackendUnreachable`; then the turn is not remembered."""
        ...

    def forget(self) -> None:
        """All that was said."""


@dataclass(frozen=True)
class Embedded:
    """Says what the turn expresses and why; needs no model."""

    name: str = ""

    def answer(self, words: str, affect: AffectTurn) -> str:
        """Two or three sentences."""
        return wording.reply(affect)

    def forget(self) -> None:
        """It remembers nothing."""


@dataclass
class Model:
    """A language model. It is sent what the person said as it stands; with `note`, also a system note on the affect."""

    generator: Generator
    note: bool = False
    said: list[Message] = field(default_factory=list)
    turns: int = 0

    @property
    def name(self) -> str:
        """By the server's name of it."""
        return self.generator.name

    def answer(self, words: str, affect: AffectTurn) -> str:
        """The model's own words."""
        mine = Message("user", (words or MUTE,))
        self.turns += 1
        question = Question(f"chat.{self.turns}", "ask", (self._system(affect), *self.said[-KEPT:], mine), most=MOST)
        text = ask(self.generator, question).text.strip()
        self.said += [mine, Message("assistant", (text,))]
        return text

    def forget(self) -> None:
        """The conversation begins anew."""
        self.said.clear()

    def _system(self, affect: AffectTurn) -> Message:
        """One message, for some chat templates take no second one of this role."""
        notes = [wording.note(affect)] if self.note else []
        return Message("system", ("\n\n".join([prompt("chat_system").text.strip(), *notes]),))


def bot_of(settings: Settings, *, note: bool) -> Bot:
    """By the server that the settings name. Raises `UsageError`, and `BackendUnreachable` where it must be asked for
    the name of its model and does not answer."""
    if settings.reasoner_url is None:
        if settings.reasoner_model is not None or note:
            raise UsageError(
                "it is not said where the language model is", hint="--reasoner-url http://127.0.0.1:8000/v1"
            )
        return Embedded()
    from emoagent.tools.language.chat_completion import ChatServer

    url, key = settings.reasoner_url.rstrip("/"), settings.api_key.get_secret_value() if settings.api_key else None
    model = settings.adapter or settings.reasoner_model or _only(url, key)
    return Model(ChatServer(model, url, key, timeout=settings.timeout, at_once=1, tries=2), note)


def _only(url: str, key: str | None) -> str:
    """The server's model, where it has just one."""
    from emoagent.tools.language.chat_models import offered

    names: Sequence[str] = [each.name for each in offered(url, key, 10.0).models]
    if len(names) != 1:
        listed = f"it offers {', '.join(names[:8])}" if names else "it lists none"
        raise UsageError(f"it is not said which model answers; {listed}", hint="--reasoner-model NAME")
    return names[0]
