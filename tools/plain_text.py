"""Text from outside, made fit to be shown anywhere."""

from __future__ import annotations


def one_line(text: str) -> str:
    """On one line, with single blanks, and without what cannot be printed."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
