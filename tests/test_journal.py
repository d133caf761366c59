"""What a model has answered once is not asked again, however the run ended."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from emoagent.schema import Call
from emoagent.tools.language.generation import Answer, Done, Message, Picture, Question, Reply, Unanswered, nobody
from emoagent.tools.language.journal import FILE, Journal, Remembering, calls_in

SCHEMA = {"type": "object"}


class Model:
    """Answers with the question's id, and counts. Where it has no answer, it says so."""

    name, backend = "tiny", "chat-completions"

    def __init__(self, silent: tuple[str, ...] = ()) -> None:
        self.asked, self.silent = list[str](), silent

    def answers(self, questions: Iterable[Question], done: Done = nobody) -> Iterator[Reply]:
        for question in questions:
            self.asked.append(question.id)
            if question.id in self.silent:
                yield Unanswered("not this time")
            else:
                answer = Answer(f"to {question.id}", "length", 5, 2, held=False)
                done(question, answer)
                yield answer


def question(name: str, *parts: str | Picture) -> Question:
    return Question(name, "judge", (Message("user", parts or ("Why?",)),), SCHEMA, utterance="u1", prompts={"p": "f"})


def ask(folder: Path, questions: list[Question], model: Model | None = None) -> tuple[list[str], list[str]]:
    """The answers, and what the model was asked for them."""
    model = model or Model()
    replies = list(Remembering(model, Journal(folder / FILE)).answers(questions))
    return [reply.text if isinstance(reply, Answer) else "-" for reply in replies], model.asked


def test_known_answers_come_in_their_place_and_are_not_asked(tmp_path: Path) -> None:
    ids = [f"u{n}.judge" for n in range(12)]
    some = [question(name) for name in ids[1::3]]
    ask(tmp_path, some)
    answers, asked = ask(tmp_path, [question(name) for name in ids])
    assert answers == [f"to {name}" for name in ids]
    assert asked == [name for name in ids if name not in ids[1::3]]
    assert ask(tmp_path, [question(name) for name in ids]) == (answers, [])


def test_what_was_said_and_how_is_kept(tmp_path: Path) -> None:
    picture = Picture(b"jpeg", "media/captions/u1.1.jpg")
    told = list[tuple[str, Answer]]()
    remembering = Remembering(Model(), Journal(tmp_path / FILE))
    (first,) = remembering.answers([question("u1.judge", "Look:", picture)])
    (call,) = calls_in(tmp_path)
    assert (call.id, call.model, call.answer, call.finish, call.utterance) == (
        "u1.judge", "tiny", "to u1.judge", "length", "u1",
    )  # fmt: skip
    assert [part.text or part.image for part in call.messages[0].parts] == ["Look:", picture.name]
    assert (call.constrained, call.prompts, call.tokens_in) == (False, {"p": "f"}, 5)
    (again,) = remembering.answers([question("u1.judge", "Look:", picture)], lambda q, a: told.append((q.id, a)))
    assert first == again
    assert told == [("u1.judge", again)]


def test_all_that_decides_an_answer_is_part_of_the_key(tmp_path: Path) -> None:
    first = question("u1.judge", "Look:", Picture(b"one", "media/x.jpg"))
    others = [
        question("u1.judge", "Look:", Picture(b"two", "media/x.jpg")),
        question("u1.judge", "Look", Picture(b"one", "media/x.jpg")),
        question("u1.judge", Picture(b"one", "media/x.jpg"), "Look:"),
        replace(first, id="u2.judge"),
        replace(first, seed=8),
        replace(first, most=9),
        replace(first, schema={"type": "array"}),
        replace(first, schema=None),
        replace(first, messages=(replace(first.messages[0], role="system"),)),
    ]
    ask(tmp_path, [first])
    assert len(ask(tmp_path, others)[1]) == len(others)
    renamed = question("u1.judge", "Look:", Picture(b"one", "media/y.jpg"))
    assert ask(tmp_path, [first, renamed])[1] == []
    model = Model()
    model.name = "tiny-adapter"
    assert ask(tmp_path, [first], model)[1] == ["u1.judge"]


def test_what_was_not_answered_is_asked_again(tmp_path: Path) -> None:
    both = [question("u1.judge"), question("u2.judge"), question("u3.judge")]
    assert ask(tmp_path, both, Model(silent=("u2.judge",)))[0] == ["to u1.judge", "-", "to u3.judge"]
    assert ask(tmp_path, both) == (["to u1.judge", "to u2.judge", "to u3.judge"], ["u2.judge"])


@pytest.mark.parametrize("left", [1, 40, -1])
def test_a_last_line_that_was_cut_off_is_asked_again(tmp_path: Path, left: int) -> None:
    questions = [question("u1.judge"), question("u2.judge")]
    ask(tmp_path, questions)
    file = tmp_path / FILE
    whole, last = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(whole + last[:left])
    assert [call.id for call in calls_in(tmp_path)] == ["u1.judge"]
    assert ask(tmp_path, questions)[1] == ["u2.judge"]
    assert file.read_bytes() == whole + last


def test_a_line_that_cannot_be_read_costs_only_itself(tmp_path: Path) -> None:
    questions = [question("u1.judge"), question("u2.judge"), question("u3.judge")]
    ask(tmp_path, questions)
    lines = (tmp_path / FILE).read_bytes().splitlines(keepends=True)
    (tmp_path / FILE).write_bytes(lines[0] + b"\x00\x00\n" + b'{"key": "x"}\n' + lines[2])
    assert ask(tmp_path, questions)[1] == ["u2.judge"]
    assert len(calls_in(tmp_path)) == 3


def test_calls_are_in_the_order_of_their_ids_and_the_later_counts(tmp_path: Path) -> None:
    ask(tmp_path, [question("u10.judge"), question("u2.judge", "then"), question("u2.caption")])
    ask(tmp_path, [question("u2.judge", "now")])
    found = [(call.id, call.messages[0].parts[0].text) for call in calls_in(tmp_path)]
    assert found == [("u2.caption", "Why?"), ("u2.judge", "now"), ("u10.judge", "Why?")]


def test_many_threads_write_whole_lines(tmp_path: Path) -> None:
    journal = Journal(tmp_path / FILE)
    call = Call(id="x", purpose="judge", model="m", backend="b", messages=(), seed=7, answer="y" * 20_000)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: journal.add(str(n), call.model_copy(update={"id": f"u{n}"})), range(200)))
    assert [call.id for call in calls_in(tmp_path)] == [f"u{n}" for n in range(200)]


def test_a_disk_that_gets_full_leaves_no_half_line(tmp_path: Path) -> None:
    ask(tmp_path, [question("u1.judge")])
    size = (tmp_path / FILE).stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, hard))
    try:
        with pytest.raises(OSError):  # noqa: PT011
            ask(tmp_path, [question("u2.judge")])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / FILE).stat().st_size == size
    assert ask(tmp_path, [question("u1.judge"), question("u2.judge")])[1] == ["u2.judge"]


WRITER = """
import sys
from pathlib import Path
from emoagent.schema import Call
from emoagent.tools.language.journal import Journal
journal, number = Journal(Path(sys.argv[1])), len(Journal(Path(sys.argv[1])).calls())
while True:
    call = Call(id=f"u{number}", purpose="judge", model="m", backend="b", messages=(), seed=7, answer="y" * 300_000)
    journal.add(str(number), call)
    print(number, flush=True)
    number += 1
"""


def test_killed_while_it_writes_nothing_finished_is_lost(tmp_path: Path) -> None:
    for _ in range(2):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / FILE)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(10)]
        os.kill(writer.pid, signal.SIGKILL)
        said += writer.stdout.readlines()
        writer.communicate()
        finished = [int(line) for line in said if line.endswith("\n")]
        kept = [call.id for call in calls_in(tmp_path)]
        assert kept == [f"u{n}" for n in range(len(kept))]
        assert len(kept) in (finished[-1] + 1, finished[-1] + 2)
    assert all(json.loads(line) for line in (tmp_path / FILE).read_bytes().splitlines())
