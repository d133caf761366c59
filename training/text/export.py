"""The trained network as ONNX int8: a graph that onnxruntime runs alone."""

from __future__ import annotations

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from emoagent.training.text.model import TextModel

OPSET = 17
INPUTS, OUTPUTS = ("ids", "types", "mask"), ("heads", "vector")


def export(model: TextModel, out: Path) -> None:
    """Writes `out`: weights in 8 bits (each column with a scale of its own), activations quantised as they come."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        write(model, plain)
        # 7 of the 8 bits: without VNNI instructions sums of 8-bit products saturate.
        quantize_dynamic(plain, out, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)


def write(model: TextModel, out: Path) -> None:
    """Writes `out` in 32 bits, any number of rows of any length."""
    example = torch.tensor([[101, 2748, 102, 2, 2053, 102]])
    types = torch.tensor([[0, 0, 0, 1, 1, 1]])
    axes = {name: {0: "rows", 1: "tokens"} for name in INPUTS} | {name: {0: "rows"} for name in OUTPUTS}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model.eval(), (example, types, torch.ones_like(example)), str(out), input_names=list(INPUTS),
            output_names=list(OUTPUTS), dynamic_axes=axes, opset_version=OPSET, dynamo=False,
        )  # fmt: skip
