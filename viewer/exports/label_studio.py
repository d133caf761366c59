"""Label Studio's import format: one task with the verdicts as a prediction, for the labeling config in
docs/design/exports.md (`CONFIG` but for the labels)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from emoagent.viewer.corrections import NO_LABEL
from emoagent.viewer.exports.cleaning import clean
from emoagent.viewer.exports.lines import Line
from emoagent.viewer.exports.registry import exporter
from emoagent.viewer.exports.result import Result

LOCAL_FILES = "/data/local-files/?d="  # how Label Studio serves a file of its own disk
CONFIG = """<View>
  <Labels name="emotion" toName="audio">
{labels}
  </Labels>
  <Video name="video" value="$video" sync="audio"/>
  <Audio name="audio" value="$video" sync="video"/>
  <TextArea name="speaker" toName="audio" perRegion="true" editable="true" maxSubmissions="1"/>
  <TextArea name="text" toName="audio" perRegion="true" editable="true" maxSubmissions="1"/>
</View>
"""
Region = dict[str, Any]


@exporter("label-studio", suffix=".json")
def label_studio(result: Result, path: Path) -> None:
    """Label Studio task with predictions: a labelled region an utterance, with speaker and words."""
    lines, trace = result.transcript.lines, result.trace
    sure = [line.confidence for line in lines if line.confidence is not None]
    prediction = {
        "model_version": f"emoagent {trace.provenance.emoagent} {clean(trace.provenance.profile)}",
        "score": fmean(sure) if sure else None,
        "result": [region for line in lines for region in _regions(line)],
    }
    data = {"video": LOCAL_FILES + quote(Path(trace.clip.name).name), "clip": trace.clip.id}
    path.write_text(json.dumps([{"data": data, "predictions": [prediction]}], ensure_ascii=False, indent=1) + "\n",
                    encoding="utf-8", newline="\n")  # fmt: skip


def config(labels: tuple[str, ...]) -> str:
    """The labeling config for these labels."""
    return CONFIG.format(labels="\n".join(f"    <Label value={quoteattr(label)}/>" for label in (*labels, NO_LABEL)))


def _regions(line: Line) -> Iterator[Region]:
    """The region and what hangs on it: Label Studio joins them by their `id`."""
    stretch = {"start": line.start / 1000, "end": line.end / 1000, "channel": 0}
    score = {} if line.confidence is None else {"score": line.confidence}
    yield _region(line, "emotion", "labels", stretch | {"labels": [line.label or NO_LABEL]}) | score
    for name, text in (("speaker", line.speaker), ("text", line.text)):
        if text:
            yield _region(line, name, "textarea", stretch | {"text": [text]})


def _region(line: Line, name: str, kind: str, value: Region) -> Region:
    return {"id": line.id, "from_name": name, "to_name": "audio", "type": kind, "origin": "prediction", "value": value}
