"""`emoagent chat`: a conversation in the terminal that shows what each turn expresses, and why.

On a terminal it asks line by line; piped, it takes a line for a turn and ends with the input.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from rich.console import Console

from emoagent.affect import AffectTurn
from emoagent.commands.chat_bot import Bot, bot_of
from emoagent.commands.chat_view import Lines, View, Words
from emoagent.errors import EXIT_OK, EXIT_PARTIAL, EmoagentError, UsageError
from emoagent.settings import Settings

if TYPE_CHECKING:
    from emoagent.bridges.session import Session
    from emoagent.bridges.turns import TurnAnalyzer

PATIENCE = 60.0  # seconds for a clip: nobody waits for a recording to answer
HELP = """/clip PATH      a turn out of an audio or video file; PATH 3.5-8: a part of it, in seconds
/clip PATH …    the same, with the words that are said, where you know them
/timeline       all turns so far
/why [N]        why turn N, or the last one, has its label
/forget         delete this conversation for good
/quit           leave"""


class Leave(Exception):
    """The person wants to."""


def run(settings: Settings, *, session: str | None, database: str | None, note: bool, as_json: bool) -> int:
    """Talks until the input ends. The exit status is 3 where piped lines could not be answered.

    Without `session`, nothing is stored. Raises `UsageError`, and what opening the database raises.
    """
    from emoagent.bridges.http.config import load_config
    from emoagent.bridges.turns import TurnAnalyzer

    logging.getLogger("emoagent").addHandler(logging.NullHandler())  # what failed is told by its vote
    bot, asked = bot_of(settings, note=note), sys.stdin.isatty()
    config = load_config(host="127.0.0.1")
    address = database or (config.address if session else None)
    with TurnAnalyzer(address, settings=settings) as analyzer:
        console = Console(highlight=False)
        view: View = Lines() if as_json else Words(console, terminal=asked and console.is_terminal)
        chat = Chat(analyzer, session, bot, view, config.keep_days if address else None)
        with _busy(console, "loading the models", shown=asked and not as_json):
            analyzer.warm()
        if asked and not as_json:
            chat.greet(stored=address is not None)
        failed = chat.talk(_asked(console) if asked else _piped())
    return EXIT_PARTIAL if failed and not asked else EXIT_OK


class Chat:
    """One conversation, until it is forgotten and begun anew."""

    def __init__(self, analyzer: TurnAnalyzer, name: str | None, bot: Bot, view: View, keep_days: float | None) -> None:
        self.analyzer, self.name, self.bot, self.view, self.keep_days = analyzer, name, bot, view, keep_days
        self._begin()
        self.commands: dict[str, Callable[[str], None]] = {
            "/clip": self._clip, "/timeline": self._timeline, "/why": self._why, "/forget": self._forget,
            "/help": self._help, "/quit": self._quit, "/exit": self._quit,
        }  # fmt: skip

    def talk(self, lines: Iterator[str]) -> int:
        """Answers line after line; how many could not be."""
        failed = 0
        try:
            for line in lines:
                failed += not self._answered(line.strip())
        except Leave:
            pass
        return failed

    def greet(self, *, stored: bool) -> None:
        """What a person should know before the first word."""
        who = f"{self.bot.name} answers" if self.bot.name else "no language model: the reply shows the affect"
        kept = "kept in memory until you leave"
        if stored:
            days = self.session.info.keep_days
            until = f"{days:g} days after its last use" if days else "it is deleted"
            kept = f"kept as session {self.session.id} until {until}"
        self.view.remark(f"emoagent chat; {who}. Analysed on this machine, {kept}. /help lists the commands.")
        if self.so_far:
            forgotten = f", of which {self.bot.name} knows nothing" if self.bot.name else ""
            self.view.remark(f"It goes on after turn {self.so_far[-1].turn}{forgotten}; /timeline shows it.")

    def _begin(self) -> None:
        self.session: Session = self.analyzer.open(self.name, keep_days=self.keep_days)
        self.so_far: list[AffectTurn] = self.session.timeline()

    def _answered(self, line: str) -> bool:
        if not line:
            return True
        try:
            self.view.said(line)
            if line.startswith("/") and not line.startswith("//"):
                self._command(line)
            else:
                self._turn(line.removeprefix("/") if line.startswith("//") else line)
        except EmoagentError as error:
            self.view.error(error)
            return False
        except KeyboardInterrupt:
            if not self.view.terminal:
                raise
            self.view.remark("stopped")
        return True

    def _command(self, line: str) -> None:
        name, _, rest = line.partition(" ")
        if name not in self.commands:
            hint = f"{', '.join(self.commands)}; to say it, write //{name[1:]}"
            raise UsageError(f"there is no command {name}", hint=hint)
        self.commands[name](rest.strip())

    def _turn(self, words: str) -> None:
        self._reply(self.session.turn(words), words)

    def _clip(self, rest: str) -> None:
        from emoagent.bridges.turn_input import refuse_media
        from emoagent.commands.chat_clip import clip_turn, wanted

        refuse_media(self.analyzer.settings, ("voice", "face"))
        with self._working("reading the clip"):
            read = clip_turn(wanted(rest))
        for remark in read.remarks:
            self.view.aside(remark)
        with self._working("listening and watching"):
            affect = self.session.turn(read.words, read.sound, read.frames, deadline=PATIENCE)
        heard = self.session.record(affect.turn).utterance.text
        if heard and not read.words:
            self.view.aside(f"words as heard, roughly: “{heard}”")
        self._reply(affect, heard)

    def _reply(self, affect: AffectTurn, words: str) -> None:
        self.so_far = self.session.timeline() if affect.late else [*self.so_far, affect]
        self.view.turn(affect, self.so_far)
        with self._working(f"{self.bot.name} answers") if self.bot.name else nullcontext():
            answer = self.bot.answer(words, affect)
        self.view.reply(answer, self.bot.name)
        if answer and self.bot.name:
            self.session.reply(answer)

    def _timeline(self, rest: str) -> None:
        self.so_far = self.session.timeline()
        self.view.timeline([self.session.record(affect.turn) for affect in self.so_far])

    def _why(self, rest: str) -> None:
        if not self.so_far:
            raise UsageError("nothing has been said yet", hint="say something first")
        last = self.so_far[-1].turn
        if rest and not (rest.isdecimal() and 1 <= int(rest[:9]) <= last):
            raise UsageError(f"there is no turn {rest!r}", hint=f"/why 1 to /why {last}")
        self.view.why(self.session.record(int(rest) if rest else last))

    def _forget(self, rest: str) -> None:
        self.session.delete()
        self.bot.forget()
        self._begin()
        self.view.remark("The conversation has been deleted; this is a new one.")

    def _help(self, rest: str) -> None:
        self.view.remark(HELP)

    def _quit(self, rest: str) -> None:
        raise Leave

    @contextmanager
    def _working(self, what: str) -> Iterator[None]:
        with _busy(Console(), what, shown=self.view.terminal):
            yield


def _asked(console: Console) -> Iterator[str]:
    """Lines of a terminal. Ctrl-C leaves a line, twice in a row the chat; Ctrl-D leaves at once."""
    import readline  # noqa: F401  (the line can be edited, and earlier ones come back)

    given_up = False
    while True:
        try:
            line = input("\nyou:  ")
        except EOFError:
            console.print()
            return
        except KeyboardInterrupt:
            console.print()
            if given_up:
                return
            given_up = True
            console.print("once more Ctrl-C, Ctrl-D or /quit leaves", style="dim")
            continue
        given_up = False
        yield line


def _piped() -> Iterator[str]:
    """Lines of a pipe or a file; what is no UTF-8 shows as such."""
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", "replace")


@contextmanager
def _busy(console: Console, what: str, *, shown: bool) -> Iterator[None]:
    if not shown:
        yield
        return
    with console.status(f"{what} …", spinner="line"):
        yield
