"""A trace in which every text is an attack on whoever shows it: names, words, findings, answers of models, even ids."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Any

from example_trace import example_trace

from emoagent.schema import Trace

ATTACKS = (
    "<script>window.ran=1;alert(1)</script>",
    "</script><script>window.ran=1;alert(1)</script>",
    '"]]><svg onload="window.ran=1;alert(1)">',
    "'\"><img src=x onerror=window.ran=1;alert(1)>",
    "</style><style>@import 'https://attacker.invalid/a.css';*{background:url(https://attacker.invalid/b.png)}",
    '<meta http-equiv="refresh" content="0;url=https://attacker.invalid/">',
    '<a href="javascript:window.ran=1">click</a><iframe src="https://attacker.invalid/">',
    "<!--<script>", "<![CDATA[<b>]]>", "&lt;script&gt;window.ran=1&lt;/script&gt;",
    "=cmd|' /C calc'!A0", '@SUM(1+1)*cmd|\' /C calc\'!A0', '=HYPERLINK("https://attacker.invalid/","x")',
    "\u202egnp.exe\u202c", "\u2066\u2067\u2069abc\u200f",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 abc 123",
    "a\u2028b\u2029c\x00d\x1b[31me\ufeff", "__proto__", "constructor", "toString", "${window.ran=1}{{window.ran=1}}",
    "javascript:window.ran=1", "https://attacker.invalid/", "-->", "w" * 400,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 9,
)  # fmt: skip
FREE = {"text", "finding", "name", "reason", "unit", "kind", "words", "alone", "message", "hint", "source", "code",
        "answer", "model", "backend", "codec", "format", "reasoner", "finish", "licence", "before", "after", "revision",
        "version", "emoagent", "python", "profile", "profile_reason", "open_labels"}  # fmt: skip
KEPT = {"carried", "decoration", "not-tested", "subtitles"}  # of closed sets


def hostile_trace() -> Trace:
    """The example with every free text replaced in turn. Ids, labels and pictures are attacks as well."""
    record = example_trace().model_dump(mode="json")
    record["calls"] = [_call()]
    attacks = cycle(ATTACKS)
    record = {name: _attacked(value, name, attacks) for name, value in record.items()}
    return Trace.model_validate(_renamed(record))


def _attacked(value: Any, field: str, attacks: Iterator[str]) -> Any:
    if isinstance(value, dict):
        items = {key: _attacked(item, key, attacks) for key, item in value.items()}
        free = field in ("measures", "packages", "settings", "prompts")
        return {f"{key} {next(attacks)}": item for key, item in items.items()} if free else items
    if isinstance(value, list):
        return [_attacked(item, field, attacks) for item in value]
    if isinstance(value, str) and field in FREE and value not in KEPT:
        return f"{next(attacks)} {value}" if field == "kind" else next(attacks)
    return value


def _renamed(value: Any) -> Any:
    """With ids that are markup, a label that is, and pictures that lie elsewhere."""
    names = {"u1": "<img src=x onerror=window.ran=1>", "u2": "__proto__", "p2": "constructor",
             "u2.face.1": '"><script>window.ran=1</script>', "u2.face.2": "https://attacker.invalid/e",
             "media/u1.jpg": "https://attacker.invalid/u1.jpg", "media/u2.jpg": "//attacker.invalid/u2.jpg",
             "media/u5.jpg": "javascript:window.ran=1", "sadness": "<b onmouseover=window.ran=1>"}  # fmt: skip
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _call() -> dict[str, Any]:
    parts = [{"text": "Which emotion?", "image": None}, {"text": None, "image": "https://attacker.invalid/frame.jpg"}]
    return {"id": "c1", "utterance": "u2", "purpose": "judge", "model": "m", "backend": "chat-completions",
            "prompts": {"judge.md": "0" * 64}, "messages": [{"role": "user", "parts": parts}], "constrained": True,
            "seed": 7, "answer": "joy", "finish": "stop", "tokens_in": 9, "tokens_out": 3}  # fmt: skip
