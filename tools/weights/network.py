"""An ONNX network with one input and one output, run on one core: same input, same bytes."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Network:
    """Loaded once; telemetry off, nothing fetched. `path`: a zip, whose sha256 has been checked, with a file `name`."""

    def __init__(self, path: Path, name: str) -> None:
        import onnxruntime  # type: ignore[import-untyped,unused-ignore]

        onnxruntime.set_default_logger_severity(3)
        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        with zipfile.ZipFile(path) as archive:
            model = archive.read(name)
        self._session: Any = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name

    def run(self, batch: Floats) -> Floats:
        """The network's output for a batch."""
        (output,) = self._session.run(None, {self._input: np.ascontiguousarray(batch, np.float32)})
        return np.asarray(output, np.float32)
