"""HTML from Python values. What is not `Markup` is text, and text can neither become markup nor reorder the page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from html import escape
from urllib.parse import quote

Value = str | int | float | bool | None

_VOID = frozenset({"br", "img", "input", "link", "meta"})
_EMPTY = frozenset({"circle", "line", "path", "rect"})  # of SVG, where the short form is allowed
_QUIET = re.compile("[\u200e\u200f\u061c]")  # marks of direction: harmless where text is isolated, useless to see
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2060\u2066-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]")
_HARMLESS = re.compile(r"[\w #%(),./:;=+-]*", re.ASCII)  # most text of a page; the rest takes the long way


class Markup(str):
    """A piece of HTML that is safe to put into a page as it is."""

    __slots__ = ()


Child = Markup | str | None


def visible(text: str) -> str:
    """`text` with control characters and overrides of the writing direction spelt out, e.g. `␛` or `⟦U+202E⟧`."""
    return _UNSEEN.sub(_spelt, _QUIET.sub("", text))


def tag(name: str, /, *children: Child, **attributes: Value) -> Markup:
    """One element. `class_`, `data_u` become `class`, `data-u`; `True` is a bare attribute, `None`/`False` is none."""
    opened = f"<{name}{''.join(_attribute(k, v) for k, v in attributes.items())}>"
    if name in _EMPTY:
        return Markup(f"{opened[:-1]}/>")
    return Markup(opened if name in _VOID else f"{opened}{join(children)}</{name}>")


def join(children: Iterable[Child], between: str = "") -> Markup:
    """The children one after the other; what is not markup is escaped."""
    return Markup(escape(between).join(_child(child) for child in children if child is not None))


def said(text: str, name: str = "bdi", **attributes: Value) -> Markup:
    """Text that a stranger wrote, isolated so that its writing direction stays its own."""
    return tag(name, text, dir=None if name == "bdi" else "auto", **attributes)


def anchor(kind: str, identifier: str) -> str:
    """The id of an element that can be linked to, e.g. `u=u3` or `e=u3.face.2`: also the fragment of its address."""
    return f"{kind}={quote(identifier, safe='._-', errors='replace')}"


def _child(child: Markup | str) -> str:
    return child if isinstance(child, Markup) else _escaped(child, False)


def _escaped(text: str, quotes: bool) -> str:
    return text if _HARMLESS.fullmatch(text) else escape(visible(text), quote=quotes)


def _attribute(name: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    key = _attribute_name(name)
    if value is True:
        return f" {key}"
    shown = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f' {key}="{_escaped(shown, True)}"'


@cache
def _attribute_name(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _spelt(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code in {0x0B, 0x0C, 0x0D, 0x2028, 0x2029}:
        return " "
    return chr(0x2400 + code) if code < 0x20 else f"⟦U+{code:04X}⟧"
