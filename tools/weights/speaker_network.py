"""The network that says what a voice sounds like, as an ONNX file made from its weights.

CAM++ (Wang, Zheng, Chen, Cheng & Chen 2023): a small residual network over the spectrum, then densely connected
time-delay layers, each masked by what the whole window sounds like.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from emoagent.tools.weights.onnx_graph import Graph
from emoagent.tools.weights.torch_weights import Tensor

BANDS, SIZE = 80, 192
BLOCKS = ((12, 1), (24, 2), (16, 2))  # layers and dilation
CHANNELS = 320  # 32 maps of 10 bands

Weights = Mapping[str, Tensor]


def speaker_network(weights: Weights) -> bytes:
    """Maps features (n, frames, 80) to voices (n, 192). Raises `KeyError` where a weight is missing.

    At most 200 frames: the original sums up every 2 s by itself, which is the whole window here.
    """
    network = _Network(Graph("speaker", "features", ["windows", "frames", BANDS]), weights)
    x = network.head("features")
    x = network.active(network.conv(x, "xvector.tdnn.linear", strides=[2], pads=[2, 2]), "xvector.tdnn.nonlinear")
    for block, (layers, dilation) in enumerate(BLOCKS, 1):
        for layer in range(1, layers + 1):
            x = network.dense(x, f"xvector.block{block}.tdnnd{layer}", dilation)
        x = network.conv(network.active(x, f"xvector.transit{block}.nonlinear"), f"xvector.transit{block}.linear")
    x = network.statistics(network.active(x, "xvector.out_nonlinear"))
    return network.graph.model(network.last(x), ["windows", SIZE])


class _Network:
    """The parts of the network."""

    def __init__(self, graph: Graph, weights: Weights) -> None:
        self.graph, self.weights = graph, weights

    def head(self, x: str) -> str:
        """Two-dimensional convolutions over (frequency, time)."""
        x = self.graph.add("Unsqueeze", self.graph.add("Transpose", x, perm=[0, 2, 1]), np.array([1]))
        x = self._conv_2d(x, "head.conv1", "head.bn1")
        for layer in ("head.layer1", "head.layer2"):
            x = self._residual(x, f"{layer}.0", 2)
            x = self._residual(x, f"{layer}.1", 1)
        x = self._conv_2d(x, "head.conv2", "head.bn2", stride=2)
        return self.graph.add("Reshape", x, np.array([0, CHANNELS, -1]))

    def dense(self, x: str, name: str, dilation: int) -> str:
        """A layer whose masked output is put beside its input."""
        inner = self.active(self.conv(self.active(x, f"{name}.nonlinear1"), f"{name}.linear1"), f"{name}.nonlinear2")
        local = self.conv(inner, f"{name}.cam_layer.linear_local", dilations=[dilation], pads=[dilation, dilation])
        mean = self.graph.add("ReduceMean", inner, axes=[2], keepdims=1)
        context = self.graph.add("Add", mean, mean)  # of the whole window and of its one segment
        context = self.graph.add("Relu", self.conv(context, f"{name}.cam_layer.linear1"))
        mask = self.graph.add("Sigmoid", self.conv(context, f"{name}.cam_layer.linear2"))
        return self.graph.add("Concat", x, self.graph.add("Mul", local, mask), axis=1)

    def statistics(self, x: str) -> str:
        """Mean and standard deviation over time, (n, 1024, 1)."""
        mean = self.graph.add("ReduceMean", x, axes=[2], keepdims=1)
        apart = self.graph.add("Sub", x, mean)
        total = self.graph.add("ReduceSum", self.graph.add("Mul", apart, apart), np.array([2]), keepdims=1)
        frames = self.graph.add("Cast", self.graph.add("Shape", x, start=2), to=1)
        degrees = self.graph.add("Sub", frames, np.ones(1, np.float32))
        deviation = self.graph.add("Sqrt", self.graph.add("Div", total, degrees))
        return self.graph.add("Concat", mean, deviation, axis=1)

    def last(self, x: str) -> str:
        """The voice itself."""
        x = self._normed(self.conv(x, "xvector.dense.linear"), "xvector.dense.nonlinear.batchnorm")
        return self.graph.add("Squeeze", x, np.array([2]))

    def conv(self, x: str, name: str, **attributes: list[int]) -> str:
        """A convolution over time."""
        parts = [self.weights[f"{name}.weight"]]
        parts += [self.weights[f"{name}.bias"]] if f"{name}.bias" in self.weights else []
        return self.graph.add("Conv", x, *parts, outputs=1, **attributes)

    def active(self, x: str, name: str) -> str:
        """Normalised, and nothing below zero."""
        return self.graph.add("Relu", self._normed(x, f"{name}.batchnorm"))

    def _residual(self, x: str, name: str, stride: int) -> str:
        inner = self._conv_2d(x, f"{name}.conv1", f"{name}.bn1", stride=stride)
        inner = self._normed(self._plain_2d(inner, f"{name}.conv2", 1, 1), f"{name}.bn2")
        if stride > 1:
            x = self._normed(self._plain_2d(x, f"{name}.shortcut.0", stride, 0), f"{name}.shortcut.1")
        return self.graph.add("Relu", self.graph.add("Add", inner, x))

    def _conv_2d(self, x: str, name: str, norm: str, stride: int = 1) -> str:
        return self.graph.add("Relu", self._normed(self._plain_2d(x, name, stride, 1), norm))

    def _plain_2d(self, x: str, name: str, stride: int, pad: int) -> str:
        return self.graph.add("Conv", x, self.weights[f"{name}.weight"], strides=[stride, 1], pads=[pad] * 4)

    def _normed(self, x: str, name: str) -> str:
        mean, variance = self.weights[f"{name}.running_mean"], self.weights[f"{name}.running_var"]
        scale = self.weights.get(f"{name}.weight", np.ones_like(mean))
        bias = self.weights.get(f"{name}.bias", np.zeros_like(mean))
        return self.graph.add("BatchNormalization", x, scale, bias, mean, variance, epsilon=1e-5)
