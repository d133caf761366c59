"""A report read back as a browser reads it: its elements, what is embedded in it, and what its policy allows."""

from __future__ import annotations

import base64
import gzip
import json
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoagent.schema import Trace
from emoagent.viewer.exports.result import Result
from emoagent.viewer.payload import payload_of
from emoagent.viewer.report import relative, write_report

HOSTILE = (
    "<script>document.title='pwned'</script>", "</script><img src=x onerror=alert(1)>", '"]]>', "=cmd|' /C calc'!A0",
    "\u202egnp.exe\u202c", "'\"><svg onload=alert(1)>", "a\u2028b\x00c\x1b[31m", "&lt;b&gt; {{7*7}} ${x}",
    "</noscript><!--<script>", "__proto__",
)  # fmt: skip
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 64
VOID = {"meta", "img", "input", "br", "link"}


class Page(HTMLParser):
    """Collects elements and text, and fails on tags that do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html = html
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.bodies: list[list[str]] = []  # what stands right inside each element
        self._open: list[tuple[str, int]] = []
        self.feed(html)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.bodies.append([])
        if tag not in VOID:
            self._open.append((tag, len(self.elements) - 1))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.bodies[self._open[-1][1]].append(data)

    def every(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]

    def inside(self, tag: str, **wanted: str) -> str:
        """The text of the one element with this tag and these attributes."""
        [found] = [
            "".join(body)
            for (name, attrs), body in zip(self.elements, self.bodies, strict=True)
            if name == tag and all(attrs.get(key) == value for key, value in wanted.items())
        ]
        return found

    @property
    def policy(self) -> str:
        [found] = [m["content"] for m in self.every("meta") if m.get("http-equiv") == "Content-Security-Policy"]
        return found or ""

    @property
    def rows(self) -> list[list[str]]:
        """The table for whoever runs no script."""
        pairs = zip(self.elements, self.bodies, strict=True)
        cells = ["".join(body) for (name, _), body in pairs if name == "td"]
        width = len(self.every("th"))
        return [cells[start : start + width] for start in range(0, len(cells), width)]

    @property
    def packed(self) -> bytes:
        return base64.b64decode(self.inside("script", id="data"), validate=True)

    @cached_property
    def payload(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(gzip.decompress(self.packed))
        return found

    @cached_property
    def pictures(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.inside("script", id="pictures"))
        return found


def page_of(trace: Trace, folder: Path, video: str | None = None, **more: Any) -> Page:
    """The report of a trace whose run lies in `folder`, written there and read again."""
    payload = payload_of(Result(folder, trace), video=None if video is None else relative(video), **more)
    write_report(payload, folder / "report.html", folder)
    return read(folder / "report.html")


def read(path: Path) -> Page:
    """The page in a file."""
    return Page(path.read_bytes().decode("utf-8"))


def samples(series: dict[str, Any]) -> NDArray[np.float64]:
    """The values of a curve as viewer/front/src/data.ts unpacks them; NaN is a gap."""
    raw = np.frombuffer(base64.b64decode(series["values"], validate=True), "<u2").astype(np.float64)
    scale = (series["high"] - series["low"]) / 65534
    return np.where(raw > 0, series["low"] + (raw - 1) * scale, np.nan)
