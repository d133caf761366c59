"""The report of a long conversation that nobody had, and what it is measured against."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.hour import Hour, hour
from benchmarks.hour_series import RATE, Curve, curves
from emoagent.schema import Trace

PICTURES = 12  # different ones; each file is a copy of one
SIDE = 320  # pixels, the width of a thumbnail


def page(folder: Path, size: Hour, *, video: str | None = None) -> Path:
    """`folder/report.html`, with a thumbnail to each utterance under `folder/media` and the trace beside it."""
    from emoagent.tools.sight.face_contours import CONTOURS
    from emoagent.viewer.payload import Payload
    from emoagent.viewer.report import references, write_report

    trace, path = hour(size), folder / "report.html"
    thumbnails(folder, references(trace))
    (folder / "trace.json").write_text(trace.model_dump_json(), encoding="utf-8")
    series = (told(curve) for curve in curves(trace))
    write_report(Payload(trace, video, series, list(peaks(trace)), CONTOURS), path, folder)
    return path


def told(curve: Curve) -> dict[str, Any]:
    """As the page takes it."""
    from emoagent.viewer.series import STEP, series

    assert 1 / RATE == STEP
    return series(curve.name, curve.kind, curve.title, curve.unit, (curve.low, curve.high),
                  curve.values.astype(np.float64), person=curve.person, start=0.0)  # fmt: skip


def peaks(trace: Trace) -> Iterator[dict[str, Any]]:
    """A face of 130 points in the middle of each thumbnail, `Peak` of viewer/front/src/model.ts."""
    rng = np.random.default_rng(1)
    for item in trace.evidence:
        if item.media_ref:
            points = np.clip(rng.normal(32768, 5000, (130, 2)), 0, 65535).astype("<u2")
            yield {"utterance": item.utterance, "person": item.person, "time": item.measures["peak"].value,
                   "picture": item.media_ref, "box": [0.3, 0.2, 0.4, 0.6],
                   "points": base64.b64encode(points.tobytes()).decode("ascii")}  # fmt: skip


def thumbnails(folder: Path, refs: Iterable[str]) -> None:
    """A JPEG for each of `refs`, as heavy as those of a real run (about 25 kB)."""
    (folder / "media").mkdir(parents=True, exist_ok=True)
    pictures = [_picture(i) for i in range(PICTURES)]
    for i, ref in enumerate(refs):
        (folder / ref).write_bytes(pictures[i % PICTURES])


def _picture(seed: int) -> bytes:
    import cv2

    rng = np.random.default_rng(seed)
    smooth = cv2.resize(rng.integers(0, 256, (9, 16, 3), np.uint8), (SIDE, SIDE * 9 // 16))
    grainy = np.clip(smooth + rng.normal(0, 12, smooth.shape), 0, 255).astype(np.uint8)
    return bytes(cv2.imencode(".jpg", grainy, [cv2.IMWRITE_JPEG_QUALITY, 90])[1])


def plain_table(trace: Trace) -> str:
    """The same utterances, verdicts and claims as a table without any script: the peer in the same run."""
    verdicts = {verdict.utterance: verdict for verdict in trace.verdicts}
    rows = []
    for utterance in trace.utterances:
        verdict = verdicts[utterance.id]
        cells = (f"{utterance.span.start:.1f}", utterance.person or "", utterance.text, verdict.label or "",
                 " ".join(claim.text for claim in verdict.claims))  # fmt: skip
        rows.append(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in cells)}</tr>")
    return f"<!doctype html><meta charset=utf-8><title>table</title><table>{''.join(rows)}</table>"
