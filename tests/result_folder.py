"""A result folder made by hand around the example trace, with a real video and a real picture."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import SAMPLE
from example_trace import example_trace

from emoagent.analysis import trace_json
from emoagent.schema import Trace
from emoagent.tools.digest import sha256_of


def result_folder(folder: Path, source: Path = SAMPLE) -> Trace:
    """Writes trace.json, run.json and the pictures of the example into `folder`, as if `source` had been analysed."""
    import cv2
    import numpy as np

    trace, digest = example_trace(), sha256_of(source)
    update = {"name": source.name, "sha256": digest, "id": digest[:16], "bytes": source.stat().st_size}
    trace = trace.model_copy(update={"clip": trace.clip.model_copy(update=update)})
    (folder / "media").mkdir(parents=True)
    for name in ("u1", "u2", "u5"):
        cv2.imwrite(str(folder / "media" / f"{name}.jpg"), np.full((8, 8, 3), 128, np.uint8))
    (folder / "trace.json").write_bytes(trace_json(trace))
    (folder / "run.json").write_text(json.dumps({"source": str(source)}))
    return trace
