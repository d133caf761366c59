"""A model behind an OpenAI-compatible server (`POST URL/chat/completions`): vLLM, Ollama, llama.cpp, or one for hire.

401 403 404 and the like, no connection   BackendUnreachable: nothing can be had from this server
400 413 422                               Unanswered: it refuses this one question, e.g. because it is too long
429                                       all questions wait as long as it says; then it is asked again
408 409 425 5xx, too slow, no protocol    asked again after a growing, random pause; Unanswered after the last try
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from emoagent.errors import BackendUnreachable, UsageError
from emoagent.tools.language.chat_line import Busy, Line, bare
from emoagent.tools.language.chat_wire import Dialect
from emoagent.tools.language.generation import Done, Question, Reply, Unanswered, nobody
from emoagent.tools.language.in_flight import in_order

PATIENCE = 8  # questions in a row without an answer in spite of all tries, after which the server counts as gone


@dataclass(frozen=True)
class ChatServer:
    """A `Generator`. `model`: the server's name of a model or of a LoRA adapter. `url` ends before `/chat/completions`,
    e.g. `http://127.0.0.1:8000/v1`. `timeout`: seconds for one try, of which there are `tries`; `pause`: the longest
    wait after the first, in seconds, which doubles each time. The key is sent as a bearer token and shown nowhere. A
    server that does not know JSON Schemas is asked without one from then on: its answers are not `held`."""

    model: str
    url: str
    key: str | None = field(default=None, repr=False)
    timeout: float = 120.0
    at_once: int = 8
    tries: int = 4
    pause: float = 1.0
    _spoken: list[Dialect] = field(default_factory=lambda: [Dialect()], init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_address(self.url, self.key)

    @property
    def name(self) -> str:
        """The model, or the adapter, by the server's name of it."""
        return self.model

    @property
    def backend(self) -> str:
        """`chat-completions`."""
        return "chat-completions"

    @property
    def dialect(self) -> Dialect:
        """What the server is known to know, as far as it has been asked."""
        return self._spoken[-1]

    def answers(self, questions: Iterable[Question], done: Done = nobody) -> Iterator[Reply]:
        """One reply a question, in their order, at most `at_once` of them under way. `done` is told in another thread.
        Raises `BackendUnreachable` once what is under way has ended; the replies before that are yielded."""
        line = Line(
            self.model, self.url, self.key, timeout=self.timeout, at_once=self.at_once, tries=self.tries,
            pause=self.pause,
        )  # fmt: skip
        batch = _Batch(self, line, done)
        yield from in_order(batch.reply, questions, self.at_once, lambda: line.lost, line.close)


class _Batch:
    """The questions that are asked together."""

    def __init__(self, server: ChatServer, line: Line, done: Done) -> None:
        self.server, self.line, self.done, self.silent = server, line, done, 0

    async def reply(self, question: Question) -> Reply:
        try:
            answer, dialect = await self.line.ask(question, self.server.dialect)
        except Unanswered as error:
            self._missed(error)
            return error
        except BackendUnreachable:
            self.line.lost = True
            raise
        self.silent, self.server._spoken[-1] = 0, dialect
        self.done(question, answer)
        return answer

    def _missed(self, error: Unanswered) -> None:
        """A question that is refused is one thing; a server that answers nothing any more is another."""
        self.silent = self.silent + 1 if isinstance(error, Busy) else 0
        if self.silent >= PATIENCE:
            self.line.lost = True
            message = f"there was no answer {PATIENCE} times in a row: {error.message}"
            raise BackendUnreachable(message, hint="look at the server, then go on with --resume") from error


def check_address(url: str, key: str | None) -> None:
    """Raises `UsageError` for an address or a key that cannot be one."""
    try:
        parts = urlsplit(url)
        fine = (
            parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0 and url.isprintable()
        )
    except ValueError:
        fine = False
    if not fine:
        raise UsageError(f"{bare(url)!r} is not the address of a server", hint="e.g. http://127.0.0.1:8000/v1")
    if key is not None and not (key.isascii() and key.isprintable()):
        raise UsageError("the key holds characters that cannot be sent", hint="set EMOAGENT_API_KEY again")
