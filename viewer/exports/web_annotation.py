"""W3C Web Annotation (JSON-LD): verdicts and findings as annotations of stretches of the clip (`clip.mp4#t=1.2,3.4`,
a Media Fragment), as a collection of one page. Ids are relative to wherever the file is put."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from emoagent.schema import Evidence, Verdict
from emoagent.viewer.exports.cleaning import clean
from emoagent.viewer.exports.lines import Line, milliseconds
from emoagent.viewer.exports.registry import exporter, stands_in
from emoagent.viewer.exports.result import Result

CONTEXT = "http://www.w3.org/ns/anno.jsonld"
Node = dict[str, Any]


@exporter("web-annotation", suffix=".jsonld")
def web_annotation(result: Result, path: Path) -> None:
    """W3C Web Annotation: each verdict and each finding, with a media fragment of the clip as its target."""
    source = result.video_seen_from(stands_in(path))
    items = [*_verdicts(result, source), *_findings(result, source)]
    page: Node = {"id": "#page", "type": "AnnotationPage", "partOf": "#annotations", "startIndex": 0, "items": items}
    collection: Node = {
        "@context": CONTEXT, "id": "#annotations", "type": "AnnotationCollection",
        "label": f"Expressed emotions in {clean(result.trace.clip.name)}", "total": len(items), "first": page,
    }  # fmt: skip
    text = json.dumps(collection, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def _verdicts(result: Result, source: str) -> Iterator[Node]:
    for line in result.transcript.lines:
        target = _target(result, source, line.start, line.end)
        lead: Node = {"id": _address("utterance", line.id), "type": "Annotation", "motivation": "classifying"}
        yield lead | {"generator": _software(result), "body": list(_bodies(line)), "target": target}


def _bodies(line: Line) -> Iterator[Node | str]:
    yield _text(line.text, "describing")
    yield _text(line.speaker, "identifying")
    if line.label is not None:
        person: Node = {"type": "Person"} | ({"name": line.by} if line.by else {})
        yield _text(line.label, "classifying") | ({"creator": person} if line.by_person else {})
    if line.machine is not None:
        yield from _explanation(line.machine)


def _explanation(verdict: Verdict) -> Iterator[Node | str]:
    if verdict.claims:
        yield _text(" ".join(clean(claim.text) for claim in verdict.claims), "commenting")
    yield from dict.fromkeys(_address("evidence", name) for claim in verdict.claims for name in claim.cites)


def _findings(result: Result, source: str) -> Iterator[Node]:
    for item in result.trace.evidence:
        lead: Node = {"id": _address("evidence", item.id), "type": "Annotation", "motivation": "describing"}
        target = _target(result, source, *milliseconds(item.span))
        yield lead | {"generator": _agent(item), "body": _text(clean(item.finding), "describing"), "target": target}


def _target(result: Result, source: str, start: int, end: int) -> Node:
    kind = {"type": "Video"} if result.trace.clip.video else {}
    return {"id": f"{source}#t={start / 1000:.12g},{end / 1000:.12g}"} | kind


def _text(value: str, purpose: str) -> Node:
    return {"type": "TextualBody", "value": value, "format": "text/plain", "purpose": purpose}


def _software(result: Result) -> Node:
    return {"type": "Software", "name": f"emoagent {result.trace.provenance.emoagent}"}


def _agent(item: Evidence) -> Node:
    return {"type": "Software", "name": clean(f"emoagent agent {item.producer.name} {item.producer.version}")}


def _address(kind: str, name: str) -> str:
    return f"#{kind}-{quote(clean(name), safe='.')}"
