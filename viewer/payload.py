"""What the page is given, as one JSON document made piece by piece: `Payload` of viewer/front/src/model.ts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json

from emoagent.labels import LABEL_SETS
from emoagent.schema import Trace
from emoagent.tools.sight.face_contours import CONTOURS
from emoagent.viewer.compare import baseline
from emoagent.viewer.corrections import Layer, layers
from emoagent.viewer.curves import curves
from emoagent.viewer.exports.result import Result
from emoagent.viewer.peaks import peaks
from emoagent.viewer.visible import all_visible

FORMAT = 1
# What `visible` spells out, as it stands in JSON: some as escapes, the others as UTF-8.
_SUSPECT = re.compile(
    rb"\\u|\\b|\\f|\\r|\x7f|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81|\xef\xbb|\xef\xbf"
)


@dataclass(frozen=True)
class Payload:
    """`video`: its address as seen from the page; `live`: the page is served by `emoagent inspect`."""

    trace: Trace
    video: str | None = None
    series: Iterable[Mapping[str, Any]] = ()
    peaks: Sequence[Mapping[str, Any]] = ()
    contours: Sequence[Sequence[int]] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    layers: Sequence[Layer] = ()
    others: Sequence[Mapping[str, Any]] = ()
    live: bool = False

    def pieces(self) -> Iterator[bytes]:
        """The JSON document. Text of strangers in it is as `visible` makes it."""
        lead = {"format": FORMAT, "trace": self.trace, "labels": LABEL_SETS.get(self.trace.label_set, ())}
        yield from _object({**lead, **{name: value for name, value in vars(self).items() if name != "trace"}})


def payload_of(result: Result, *, video: str | None = None, others: Sequence[Mapping[str, Any]] = ()) -> Payload:
    """What the folder of a run gives; what is not there is left empty. `others`: see `emoagent.viewer.compare`."""
    return Payload(
        result.trace,
        video=video,
        series=curves(result),
        peaks=peaks(result.folder, result.trace),
        contours=CONTOURS,
        timings=_timings(result.folder),
        layers=layers(result.folder, result.trace),
        others=[*baseline(result.trace), *others],
    )


def _timings(folder: Path) -> dict[str, float]:
    """Seconds that each stage took, where the run kept them."""
    try:
        found = json.loads((folder / "timings.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    pairs = found.items() if isinstance(found, dict) else ()
    return {name: float(took) for name, took in pairs if isinstance(took, int | float) and isfinite(took)}


def _object(items: Mapping[str, Any]) -> Iterator[bytes]:
    yield b"{"
    for place, (name, value) in enumerate(items.items()):
        yield b"," * bool(place) + to_json(name) + b":"
        yield from _value(value)
    yield b"}"


def _value(value: Any) -> Iterator[bytes]:
    """The trace field by field and lists record by record, so that they need not stand in memory a second time."""
    if isinstance(value, Trace):
        yield from _object(dict(value))
    elif isinstance(value, str | Mapping | BaseModel) or not isinstance(value, Iterable):
        yield _harmless(value)
    else:
        yield b"["
        yield from (b"," * bool(place) + _harmless(item) for place, item in enumerate(value))
        yield b"]"


def _harmless(value: Any) -> bytes:
    """JSON that a browser reads, which knows no NaN, with the text in it as `visible` makes it."""
    document = to_json(value, inf_nan_mode="null")
    return to_json(all_visible(json.loads(document))) if _SUSPECT.search(document) else document
