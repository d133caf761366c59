"""The chat in the terminal: what a person reads, what a program reads, and what the model's server is sent."""

from __future__ import annotations

import io
import json
import os
import pty
import select
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from chat_server import Raw, serving
from conftest import SAMPLE
from documented import programs
from rich.console import Console

from emoagent import TurnAnalyzer
from emoagent.commands.chat import Chat, run
from emoagent.commands.chat_bot import Bot, Embedded, Model, bot_of
from emoagent.commands.chat_clip import clip_turn, wanted
from emoagent.commands.chat_view import Lines, Words
from emoagent.errors import BackendUnreachable, MediaError, UsageError
from emoagent.settings import Settings

HAPPY, SAD = "I got the job! This is wonderful!", "But I have to leave all my friends. I am so sad."
CHAT = [sys.executable, "-P", "-m", "emoagent", "chat"]


@pytest.fixture(scope="module")
def analyzer() -> Iterator[TurnAnalyzer]:
    with TurnAnalyzer(deadline=30.0) as analyzer:
        yield analyzer


def shown(analyzer: TurnAnalyzer, lines: Sequence[str], bot: Bot | None = None, *, terminal: bool = False) -> str:
    """What is written when these lines are typed or piped."""
    out = io.StringIO()
    console = Console(file=out, width=80, highlight=False, force_terminal=False)
    Chat(analyzer, None, bot or Embedded(), Words(console, terminal=terminal), None).talk(iter(lines))
    return out.getvalue()


def objects(
    analyzer: TurnAnalyzer, lines: Sequence[str], capsys: pytest.CaptureFixture[str], bot: Bot | None = None
) -> list[dict[str, Any]]:
    """The same with `--json`."""
    Chat(analyzer, None, bot or Embedded(), Lines(), None).talk(iter(lines))
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_turn_shows_what_it_expresses_and_how_it_came_there(analyzer: TurnAnalyzer) -> None:
    lines = shown(analyzer, [HAPPY, "", SAD]).splitlines()
    assert lines[0] == f"you:  {HAPPY}"
    assert lines[1].startswith("[1]   joy ")
    assert lines[2].startswith("bot:  To me that expresses joy")
    assert lines[3] == ""
    assert lines[4] == f"you:  {SAD}"
    assert lines[5].startswith("[2]   sadness ")
    assert "before: joy; more unpleasant than the last turn" in lines[5]
    assert lines[6] == "      joy → sadness"
    assert "\x1b" not in "".join(lines)


def test_the_timeline_and_the_reasons(analyzer: TurnAnalyzer) -> None:
    told = shown(analyzer, ["/timeline", "/why", HAPPY, SAD, "/timeline", "/why 1"])
    assert "nothing has been said yet" in told
    assert "error: nothing has been said yet" in told
    before, _, why = told.partition("you:  /why 1\n")
    table = before.rpartition("you:  /timeline\n")[2]
    assert [line[:3] for line in table.splitlines()[:2]] == ["[1]", "[2]"]
    assert f"“{SAD}”" in table
    names = [line[:10].strip() for line in why.splitlines()]
    assert names[:4] == ["turn 1", "said", "for", "votes"]
    assert {"evidence", "time"} <= set(names)
    assert "[t1.transcript.1]" in why
    assert "voice abstained: not given" in why


def test_a_terminal_has_a_table_and_does_not_say_again_what_was_typed(analyzer: TurnAnalyzer) -> None:
    told = shown(analyzer, [SAD, "/timeline"], terminal=True)
    assert "you:" not in told
    assert "Emotion" in told
    assert max(map(len, told.splitlines())) <= 80


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("/nope", "to say it, write //nope"), ("/why 2", "/why 1 to /why 1"), ("/why x", "/why 1 to /why 1"),
        ("/clip", "/clip PATH"), ("/clip 'a", "/clip PATH"), ("/clip nowhere.mp4", "give the path"),
        (f"/clip {SAMPLE} 5-2", "/clip PATH"), (f"/clip {SAMPLE} 900-901", "a part that is in it"),
        ("x" * 4001, "at most 4000"),
    ],
    ids=["command", "number", "word", "clip", "quotation", "file", "backwards", "beyond", "long"],
)  # fmt: skip
def test_what_cannot_be_done_is_told_and_the_chat_goes_on(analyzer: TurnAnalyzer, line: str, hint: str) -> None:
    told = shown(analyzer, [HAPPY, line, SAD])
    assert told.count("error: ") == 1
    assert hint in told
    assert "[2]   sadness" in told


def test_words_that_begin_with_a_slash_and_words_that_look_like_markup(analyzer: TurnAnalyzer) -> None:
    told = shown(analyzer, ["//shrug [bold]who[/bold] cares \x1b[31m"])
    assert "“/shrug [bold]who" in shown(analyzer, ["//shrug [bold]who[/bold] cares", "/why"])
    assert "[bold]who[/bold] cares ␛[31m" in told
    assert "\x1b" not in told


def test_forgetting_deletes_what_was_stored(analyzer: TurnAnalyzer) -> None:
    chat = Chat(analyzer, "to-forget", Embedded(), Words(Console(file=io.StringIO()), terminal=False), None)
    chat.talk(iter([HAPPY]))
    assert analyzer.store.get("to-forget").turns == 1
    chat.talk(iter(["/forget"]))
    assert analyzer.store.get("to-forget").turns == 0
    assert chat.talk(iter(["/why", "/timeline", "/quit", "/nope"])) == 1


def test_a_program_gets_one_object_for_each_line(analyzer: TurnAnalyzer, capsys: pytest.CaptureFixture[str]) -> None:
    found = objects(analyzer, [HAPPY, "/nope", "/timeline", "/why", "/help", "/forget"], capsys)
    assert [sorted(each) for each in found] == [
        ["affect", "by", "reply"], ["error"], ["timeline"], ["why"], ["remark"], ["remark"],
    ]  # fmt: skip
    assert (found[0]["affect"]["label"], found[0]["by"]) == ("joy", "embedded")
    assert found[1]["error"]["code"] == "usage"
    assert found[3]["why"]["affect"]["turn"] == 1


def test_the_model_is_sent_the_words_as_they_are_and_a_note_only_where_that_is_wanted(analyzer: TurnAnalyzer) -> None:
    with serving() as server:
        server.listing = Raw(body=b'{"data": [{"id": "tiny"}]}')
        server.replies += ["How\nnice! \x1b[31m", "Oh.", "Oh!"]
        settings = Settings(reasoner_url=server.url)
        told = shown(analyzer, [HAPPY, SAD], bot_of(settings, note=False))
        shown(analyzer, [HAPPY], bot_of(settings, note=True))
    assert "bot:  How\n      nice! ␛[31m\n" in told
    assert [each["model"] for each in server.asked] == ["tiny"] * 3
    second, noted = server.asked[1]["messages"], server.asked[2]["messages"]
    assert [(m["role"], m["content"]) for m in second[1:]] == [
        ("user", HAPPY), ("assistant", "How\nnice! \x1b[31m"), ("user", SAD),
    ]  # fmt: skip
    assert "Expressed emotion" not in json.dumps(second)
    assert [m["role"] for m in noted] == ["system", "user"]
    assert "Expressed emotion: joy" in noted[0]["content"]
    assert HAPPY not in noted[0]["content"]


def test_a_model_that_does_not_answer_leaves_the_affect(
    analyzer: TurnAnalyzer, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving() as server:
        server.replies += [400, "Well."]
        bot = bot_of(Settings(reasoner_url=server.url, reasoner_model="m"), note=False)
        found = objects(analyzer, [HAPPY, SAD], capsys, bot)
    assert found[0]["error"]["code"] == "backend_unreachable"
    assert found[0]["affect"]["label"] == "joy"
    assert (found[1]["reply"], found[1]["affect"]["turn"], found[1]["by"]) == ("Well.", 2, "m")
    assert [m["role"] for m in server.asked[1]["messages"]] == ["system", "user"]


def test_which_model_answers_must_be_known() -> None:
    assert isinstance(bot_of(Settings(), note=False), Embedded)
    with pytest.raises(UsageError, match="where the language model is"):
        bot_of(Settings(), note=True)
    with pytest.raises(UsageError, match="not the address"):
        bot_of(Settings(reasoner_url="nonsense", reasoner_model="m"), note=False)
    with serving() as server:
        server.listing = Raw(body=b'{"data": [{"id": "a"}, {"id": "b"}]}')
        with pytest.raises(UsageError, match="it offers a, b"):
            bot_of(Settings(reasoner_url=server.url), note=False)
        named = bot_of(Settings(reasoner_url=server.url, reasoner_model="b"), note=False)
        assert isinstance(named, Model)
    with pytest.raises(BackendUnreachable):
        bot_of(Settings(reasoner_url=server.url), note=False)


def test_no_clip_is_even_opened_at_the_workplace() -> None:
    with TurnAnalyzer(settings=Settings(context="workplace")) as analyzer:
        told = shown(analyzer, ["/clip nowhere.mp4", HAPPY])
    assert "error: in the context 'workplace'" in told
    assert "there is no such file" not in told
    assert "[1]   joy" in told


def test_a_part_of_a_clip_brings_its_sound_its_frames_and_its_subtitles() -> None:
    read = clip_turn(wanted(f'"{SAMPLE}" 2.7-5.4'))
    assert read.words == "Today? Wow, I did not expect that!"
    assert read.sound is not None
    assert read.sound.seconds == pytest.approx(2.7, abs=0.05)
    assert [round(b.time - a.time, 1) for a, b in pairwise(read.frames)] == [0.2] * 13
    assert max(read.frames[0].rgb.shape) <= 640


def test_a_clip_is_no_longer_than_a_turn_and_may_be_sound_alone(tmp_path: Path) -> None:
    import wave

    long = tmp_path / "long.wav"
    with wave.open(str(long), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * 8000 * 70))
    read = clip_turn(wanted(f"{long} so it is"))
    assert (read.words, read.frames) == ("so it is", ())
    assert read.sound is not None
    assert read.sound.seconds == 60
    assert read.remarks == ("only 0:00.0 to 1:00.0 of 1:10.0; `emoagent analyze` takes it all",)
    (tmp_path / "text.mp4").write_text("no media")
    with pytest.raises(MediaError):
        clip_turn(wanted(str(tmp_path / "text.mp4")))


def test_a_conversation_with_a_name_goes_on(analyzer: TurnAnalyzer) -> None:
    for line, turn in ((HAPPY, 1), (SAD, 2)):
        chat = Chat(analyzer, "named", Embedded(), Lines(), 7.0)
        assert chat.talk(iter([line])) == 0
        assert chat.so_far[-1].turn == turn
    assert chat.so_far[-1].trend is not None
    assert chat.so_far[-1].trend.before == "joy"
    assert analyzer.store.get("named").keep_days == 7


def test_the_program_of_the_page_and_the_command_piped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The real command; what it is given, besides, stays in the environment that is set here."""
    monkeypatch.setenv("EMOAGENT_SERVE_DATA", str(tmp_path / "data"))
    [program] = programs("integrations/chat.md")
    exec(compile(program, "chat.md", "exec"), {"__name__": "__main__"})
    told = capsys.readouterr().out
    assert told.startswith("joy because: ")
    assert "sadness after joy" in told
    assert not (tmp_path / "data").exists()


def test_piped_lines_that_cannot_be_answered_and_where_it_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{HAPPY}\n/nope\n".encode() + b"\xff\n")))
    monkeypatch.setenv("EMOAGENT_SERVE_DATA", str(tmp_path / "data"))
    status = run(Settings(), session="mine", database=None, note=False, as_json=True)
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert status == 3
    assert [each.get("affect", {}).get("turn") for each in found] == [1, None, 2]
    [file] = (tmp_path / "data").glob("*.sqlite")
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
def test_the_command_on_a_terminal() -> None:
    """Prompt, answer, Ctrl-C that leaves only the line, and the way out."""
    process, terminal = pty.fork()
    if process == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored where the tests run in the background
        os.environ.update(TERM="dumb", COLUMNS="80")
        os.execv(CHAT[0], CHAT)
    try:
        told = _until(terminal, "you:")
        assert "kept in memory until you leave" in " ".join(told.split())
        os.write(terminal, HAPPY.encode() + b"\n")
        assert "To me that expresses joy" in _until(terminal, "you:")
        assert "leaves" in _interrupted(terminal)
        os.write(terminal, b"/quit\n")
        assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    finally:
        os.close(terminal)


def _interrupted(terminal: int) -> str:
    """What Ctrl-C brings. One that falls between Python's prompt and its wait for keys is noticed with the next key."""
    told, end = "", time.monotonic() + 60
    while "you:" not in told:
        assert time.monotonic() < end, told
        os.write(terminal, b"\x03")
        told += _shown(terminal, "you:", 5)
    return told


def _until(terminal: int, word: str) -> str:
    """What the terminal shows until the word has come, within a minute."""
    told = _shown(terminal, word, 60)
    assert word in told
    return told


def _shown(terminal: int, word: str, seconds: float) -> str:
    told, end = "", time.monotonic() + seconds
    while word not in told and time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            told += os.read(terminal, 65536).decode("utf-8", "replace")
    return told
