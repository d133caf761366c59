"""The frame series as a Parquet file."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from emoagent.viewer.exports.frame_table import Column, about, frame_table
from emoagent.viewer.exports.registry import exporter
from emoagent.viewer.exports.result import Result

WHOLE = ("frame", "track")


@exporter("frames", suffix=".parquet", needs={"faces"}, package="pyarrow")
def frames(result: Result, path: Path) -> None:
    """Parquet of every analysed frame and face: boxes, quality, pose, gaze, action units, distances."""
    pa, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")

    columns = frame_table(result)
    arrays = [_array(column, pa) for column in columns]
    fields = [pa.field(c.name, a.type, metadata={"unit": c.unit}) for c, a in zip(columns, arrays, strict=True)]
    schema = pa.schema(fields, metadata={"emoagent": json.dumps(about(result))})
    parquet.write_table(pa.Table.from_arrays(arrays, schema=schema), path, compression="zstd")


def _array(column: Column, pa: Any) -> Any:
    values = column.values
    if values.dtype.kind == "U":
        return pa.array([value or None for value in values.tolist()], pa.string())
    if column.name == "talks":
        return pa.array([None if np.isnan(v) else bool(v) for v in values.tolist()], pa.bool_())
    kind = pa.int32() if column.name in WHOLE else pa.float64() if column.name == "time" else pa.float32()
    return pa.array(values, mask=np.isnan(values)).cast(kind)
