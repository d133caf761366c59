"""Where the environments are that large engines and voice frameworks need, and programs that run in them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

NOWHERE = "http://127.0.0.1:9"  # a proxy that is not there: whoever wants to get out cannot
QUIET = {"HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE, "NO_PROXY": "127.0.0.1,localhost"}


def python_of(variable: str, what: str) -> str:
    """The interpreter that an environment variable names; skips the test where it is not set."""
    found = os.environ.get(variable)
    if not found:
        pytest.skip(f"no environment with {what} (set {variable} to its python)")
    return found


def printed(command: list[str], folder: Path) -> str:
    """What a program prints that runs in a folder, without the network; it has to end well within five minutes."""
    ran = subprocess.run(command, cwd=folder, env=os.environ | QUIET, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr[-4000:]
    return ran.stdout
