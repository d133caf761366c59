"""A real PostgreSQL cluster of its own, on this machine alone, that can be stopped, killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

USER, PASSWORD = "tester", "not-a-secret-7"
START = 60.0  # seconds until it must answer
SETTINGS = ("listen_addresses=127.0.0.1", "max_connections=50", "shared_buffers=16MB", "log_min_messages=error")


@dataclass
class Postgres:
    """A cluster in `folder`, with the programs of `programs`."""

    programs: Path
    folder: Path
    port: int
    user: str | None = None
    process: subprocess.Popen[bytes] | None = None

    def address(self, database: str = "postgres") -> str:
        """For `open_store`."""
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def make(self) -> None:
        """The files of a new cluster, whose only user needs a password."""
        secret = self.folder / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        self._own(secret)
        command: list[str | Path] = [
            self.programs / "initdb", "-D", self.folder / "data", "-U", USER, "--pwfile", secret,
            "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale",
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, user=self.user, group=self.user)

    def start(self) -> None:
        """Waits until it answers."""
        options = [part for setting in SETTINGS for part in ("-c", setting)]
        command: list[str | Path] = [
            self.programs / "postgres", "-D", self.folder / "data", "-p", str(self.port), "-k", self.folder, *options,
        ]  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                user=self.user,
                group=self.user,
            )
        asked: list[str | Path] = [
            self.programs / "pg_isready",
            "-q",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-d",
            "postgres",
        ]
        end = time.monotonic() + START
        while subprocess.run(asked, check=False).returncode:
            assert time.monotonic() < end, (self.folder / "log").read_text(errors="replace")[-4000:]
            time.sleep(0.1)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends all connections, SIGQUIT at once and without tidying up."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=START)
            self.process = None

    def sql(self, command: str, database: str = "postgres") -> str:
        """What the server's own client prints for it."""
        asked: list[str | Path] = [
            self.programs / "psql",
            "-XAt",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            command,
            self.address(database),
        ]
        done = subprocess.run(asked, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def _own(self, path: Path) -> None:
        if self.user is not None:
            shutil.chown(path, self.user, self.user)


@contextmanager
def postgres(programs: Path) -> Iterator[Postgres]:
    """A cluster that runs; gone afterwards. The server refuses to run as root: there it runs as the user postgres."""
    folder = Path(tempfile.mkdtemp(prefix="emoagent-postgres-"))
    server = Postgres(programs, folder, _free_port(), _other_user())
    server._own(folder)
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.stop(signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


def _other_user() -> str | None:
    return "postgres" if os.geteuid() == 0 else None


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
