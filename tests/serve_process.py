"""A real `emoagent serve`, as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Serving:
    """`address`: without a slash at its end."""

    address: str
    process: subprocess.Popen[str]


@contextmanager
def serving(data: Path, *flags: str, **env: str) -> Iterator[Serving]:
    """The server, with its data in a folder, until the end of the `with` block; `env`: without EMOAGENT_SERVE_."""
    command = [sys.executable, "-P", "-m", "emoagent", "serve", "--port", env.pop("PORT", "0"), *flags]
    given = {**os.environ, "EMOAGENT_SERVE_DATA": str(data)}
    given |= {f"EMOAGENT_SERVE_{name}": value for name, value in env.items()}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=given) as process:
        assert process.stdout is not None
        try:
            yield Serving(process.stdout.readline().strip().rstrip("/"), process)
        finally:
            process.terminate()
