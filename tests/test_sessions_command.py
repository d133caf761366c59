"""`emoagent sessions`: what is listed, deleted and cleaned up, by whom it is found, and what it says otherwise."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from documented import programs
from session_contract import info, record
from typer.testing import CliRunner

from emoagent.affect import Consent
from emoagent.bridges.sessions.sqlite import SqliteStore
from emoagent.cli import app
from emoagent.errors import EmoagentError, NotFound, UsageError


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the server keeps sessions when nothing is said but its folder."""
    monkeypatch.setenv("EMOAGENT_SERVE_DATA", str(tmp_path))
    monkeypatch.delenv("EMOAGENT_SERVE_DATABASE", raising=False)
    return tmp_path / "sessions.sqlite"


@pytest.fixture
def stored(file: Path) -> Path:
    """Three sessions of two owners; the time of one is over."""
    store, today = SqliteStore(file), datetime.now(UTC)
    agreed = Consent(text=True, voice=True, given=today)
    for days, name, owner in ((1, "call-1", "k1"), (2, "call-2", "k1"), (40, "call-3", "k2")):
        made = info(name, owner, keep_days=30, used=today - timedelta(days=days))
        store.create(made.model_copy(update={"consent": agreed}))
    store.append("call-1", record("call-1", 1, "something private"))
    store.close()
    return file


def said(*words: str) -> str:
    """What the command prints. Raises the error that it ends with."""
    done = CliRunner().invoke(app, ["sessions", *words])
    if isinstance(done.exception, EmoagentError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def listed(*words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(said("list", "--json", *words))
    return found


def test_sessions_are_listed(stored: Path) -> None:
    assert [row["session"] for row in listed()] == ["call-1", "call-2", "call-3"]
    assert [row["session"] for row in listed("--owner", "k1", "--limit", "1")] == ["call-1"]
    first = listed()[0]
    assert (first["turns"], first["consent"], first["owner"]) == ("1", "text voice", "k1")
    kept = datetime.fromisoformat(first["kept until"]) - datetime.fromisoformat(first["last used"])
    assert kept == timedelta(days=30)
    assert "something private" not in said("list")


def test_nothing_is_listed_or_made_where_nothing_is_stored(file: Path) -> None:
    assert listed() == []
    assert said("gc") == "0 deleted\n"
    assert not file.exists()
    with pytest.raises(NotFound, match="no such database"):
        said("delete", "call-1")


def test_a_deleted_session_is_gone(stored: Path) -> None:
    assert said("delete", "call-1") == "1 deleted\n"
    assert [row["session"] for row in listed()] == ["call-2", "call-3"]
    assert b"something private" not in b"".join(path.read_bytes() for path in stored.parent.iterdir())


def test_all_of_an_owner_are_deleted(stored: Path) -> None:
    assert said("delete", "--owner", "k1") == "2 deleted\n"
    assert [row["owner"] for row in listed()] == ["k2"]


def test_what_is_there_is_deleted_though_another_is_not(stored: Path) -> None:
    with pytest.raises(NotFound, match="'call-9'"):
        said("delete", "call-9", "call-2")
    assert [row["session"] for row in listed()] == ["call-1", "call-3"]


def test_it_must_be_said_what_to_delete(stored: Path) -> None:
    with pytest.raises(UsageError, match="not said"):
        said("delete")
    assert len(listed()) == 3


def test_sessions_whose_time_is_over_are_cleaned_up(stored: Path) -> None:
    assert said("gc") == "1 deleted\n"
    assert [row["session"] for row in listed()] == ["call-1", "call-2"]


def test_a_database_can_be_named(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOAGENT_SERVE_DATA", "/nowhere")
    assert len(listed("--database", f"sqlite:///{stored}")) == 3
    monkeypatch.setenv("EMOAGENT_SERVE_DATABASE", f"sqlite:///{stored}")
    assert len(listed()) == 3


def test_the_program_of_the_documentation_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (program,) = programs("integrations/storage.md")
    exec(compile(program, "storage.md", "exec"), {"__name__": "__main__"})
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.startswith("1 joy")
    assert last == "0 sessions left"
