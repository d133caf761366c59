"""Text from outside, made fit to be shown anywhere; and times as people read them."""

from __future__ import annotations


def one_line(text: str) -> str:
    """On one line, with single blanks, and without what cannot be printed."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def clock(seconds: float) -> str:
    """`65.25` as `1:05.2`, one hour as `1:00:00.0`."""
    tenths = int(seconds * 10 + 1e-6)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"
