"""The network that tells up to three voices of a 10 s chunk apart, as an ONNX file made from its weights.

PyanNet (Bredin & Laurent 2021) as trained for pyannote/segmentation-3.0 (Plaquet & Bredin 2023): band-pass filters that
were learned (Ravanelli & Bengio 2018), two convolutions, four bidirectional LSTM layers. Its seven classes are the sets
of voices heard: none, 1, 2, 3, 1+2, 1+3, 2+3.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from emoagent.tools.weights.onnx_graph import Graph
from emoagent.tools.weights.torch_weights import Tensor

RATE = 16_000.0
LOWEST, NARROWEST = 50.0, 50.0  # Hz
STRIDE = 10
LAYERS, HIDDEN = 4, 128
CLASSES = 7

Weights = Mapping[str, Tensor]


def segmentation_network(weights: Weights) -> bytes:
    """Maps samples (n, 1, samples) to probabilities (n, frames, 7). Raises `KeyError` where a weight is missing."""
    graph = Graph("segmentation", "samples", ["chunks", 1, "samples"])
    x = _convolved(graph, weights)
    x = graph.add("Transpose", x, perm=[2, 0, 1])  # frames, n, features
    for layer in range(LAYERS):
        x = _recurrent(graph, x, weights, layer)
    x = graph.add("Transpose", x, perm=[1, 0, 2])
    for name in ("linear.0", "linear.1"):
        x = graph.add("LeakyRelu", _dense(graph, x, weights, name), alpha=0.01)
    x = graph.add("Softmax", _dense(graph, x, weights, "classifier"), axis=-1)
    return graph.model(x, ["chunks", "frames", CLASSES])


def _convolved(graph: Graph, weights: Weights) -> str:
    x = _normed(graph, "samples", weights, "sincnet.wav_norm1d")
    x = graph.add("Conv", x, band_pass(weights), strides=[STRIDE])
    x = graph.add("Abs", x)
    for number in range(3):
        if number:
            x = graph.add("Conv", x, *(weights[f"sincnet.conv1d.{number}.{kind}"] for kind in ("weight", "bias")))
        x = graph.add("MaxPool", x, kernel_shape=[3], strides=[3])
        x = graph.add("LeakyRelu", _normed(graph, x, weights, f"sincnet.norm1d.{number}"), alpha=0.01)
    return x


def band_pass(weights: Weights) -> Tensor:
    """The learned filters, (80, 1, 251): differences of windowed sinc functions, the even ones, then the odd ones."""
    low_hz, band_hz, window, at = (
        weights[f"sincnet.conv1d.0.filterbank.{name}"].astype(np.float64)
        for name in ("low_hz_", "band_hz_", "window_", "n_")
    )
    low = LOWEST + np.abs(low_hz)
    high = np.clip(low + NARROWEST + np.abs(band_hz), LOWEST, RATE / 2)
    even = (np.sin(high @ at) - np.sin(low @ at)) / (at / 2) * window
    odd = (np.cos(low @ at) - np.cos(high @ at)) / (at / 2) * window
    width = 2 * (high - low)
    cosines = np.concatenate([even, width, even[:, ::-1]], axis=1) / width
    sines = np.concatenate([odd, np.zeros_like(width), -odd[:, ::-1]], axis=1) / width
    return np.concatenate([cosines, sines])[:, None].astype(np.float32)


def _normed(graph: Graph, x: str, weights: Weights, name: str) -> str:
    return graph.add("InstanceNormalization", x, weights[f"{name}.weight"], weights[f"{name}.bias"], epsilon=1e-5)


def _recurrent(graph: Graph, x: str, weights: Weights, layer: int) -> str:
    names = [f"_l{layer}", f"_l{layer}_reverse"]
    inputs, recurrent = (
        np.stack([_gates(weights[f"lstm.weight_{kind}{name}"]) for name in names]) for kind in ("ih", "hh")
    )
    bias = [np.concatenate([_gates(weights[f"lstm.bias_{k}{n}"]) for k in ("ih", "hh")]) for n in names]
    x = graph.add("LSTM", x, inputs, recurrent, np.stack(bias), direction="bidirectional", hidden_size=HIDDEN)
    x = graph.add("Transpose", x, perm=[0, 2, 1, 3])
    return graph.add("Reshape", x, np.array([0, 0, 2 * HIDDEN]))


def _gates(weight: Tensor) -> Tensor:
    """PyTorch's order of gates (input, forget, cell, output) in that of ONNX (input, output, forget, cell)."""
    return weight.reshape(4, HIDDEN, -1)[[0, 3, 1, 2]].reshape(weight.shape)


def _dense(graph: Graph, x: str, weights: Weights, name: str) -> str:
    product = graph.add("MatMul", x, weights[f"{name}.weight"].T)
    return graph.add("Add", product, weights[f"{name}.bias"])
