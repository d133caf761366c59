"""A prompt is a file of this folder, `NAME.md`, in which `{{variable}}` stands for a value. What is missing or unknown
is refused, and the fingerprint of the file goes wherever an answer to it goes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_VARIABLE = re.compile(r"\{\{([a-z_]+)\}\}")


@dataclass(frozen=True)
class Prompt:
    """The text of a prompt as it stands in its file."""

    name: str
    text: str

    def __post_init__(self) -> None:
        rest = _VARIABLE.sub("", self.text)
        if "{{" in rest or "}}" in rest:
            raise ValueError(f"prompt {self.name!r} has braces that are no variable like {{{{name}}}}")

    @property
    def variables(self) -> frozenset[str]:
        """The names that must be given."""
        return frozenset(_VARIABLE.findall(self.text))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the text, 64 hexadecimal digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def filled(self, **values: str) -> str:
        """The text with all values put in, in one pass: braces inside a value stay as they are. Raises `ValueError`
        where the given names are not just those of the prompt."""
        if wrong := self.variables ^ values.keys():
            missing, unknown = sorted(wrong & self.variables), sorted(wrong - self.variables)
            raise ValueError(f"prompt {self.name!r}: missing {missing}, unknown {unknown}")
        return _VARIABLE.sub(lambda match: values[match[1]], self.text)


@cache
def prompt(name: str) -> Prompt:
    """The prompt in `NAME.md`. Raises `ValueError` where there is none or its braces are broken."""
    file = Path(__file__).parent / f"{name}.md"
    if not re.fullmatch(r"[a-z_]+", name) or not file.is_file():
        raise ValueError(f"there is no prompt {name!r}")
    return Prompt(name, file.read_text("utf-8"))


def fingerprint(*names: str) -> str:
    """One SHA-256 for several prompts, 64 hexadecimal digits; their order does not matter."""
    joined = "\n".join(f"{name} {prompt(name).fingerprint}" for name in sorted(names))
    return hashlib.sha256(joined.encode()).hexdigest()
