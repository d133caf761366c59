"""The ways to run, and which one is picked."""

from __future__ import annotations

from emoagent.errors import UsageError


def pick_profile(asked: str) -> tuple[str, str]:
    """The profile that runs and why. Raises `UsageError` for one that this version does not have."""
    if asked == "embedded":
        return asked, "asked for"
    if asked == "auto":
        return "embedded", "the only profile of this version; it needs nothing but packages from the index"
    raise UsageError(f"the profile {asked!r} is not in this version", hint="use --profile embedded")
