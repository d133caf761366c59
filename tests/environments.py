"""Where the environments are that the large engines need."""

from __future__ import annotations

import os

import pytest


def python_of(variable: str, what: str) -> str:
    """The interpreter that an environment variable names; skips the test where it is not set."""
    found = os.environ.get(variable)
    if not found:
        pytest.skip(f"no environment with {what} (set {variable} to its python)")
    return found
