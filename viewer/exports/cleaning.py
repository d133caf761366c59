"""The one cleaning that text gets before it leaves in another program's format (docs/design/exports.md)."""

from __future__ import annotations

import re

# Embeddings, overrides and isolates: left open they turn round what follows. The marks (200E, 200F, 061C) stay.
_BIDI = "\u202a-\u202e\u2066-\u2069"
# Byte order mark, interlinear annotation, deprecated format characters, language tag: nothing of it is text.
_FORMAT = "\ufeff\ufff9-\ufffb\u206a-\u206f\U000e0001"
# Half a pair and what Unicode calls noncharacters: no XML or UTF-8 file may hold them.
_NEVER = "\ud800-\udfff\ufdd0-\ufdef" + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}"
                                                for plane in range(0, 0x110000, 0x10000))  # fmt: skip
_DROPPED = re.compile(f"[{_BIDI}{_FORMAT}{_NEVER}]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def clean(text: str) -> str:
    """On one line with single blanks, without control characters, bidirectional embeddings, overrides and isolates,
    and what no file may hold. Letters of every script, joiners and emoji stay as they are."""
    return " ".join(_DROPPED.sub("", _CONTROL.sub(" ", text)).split())
