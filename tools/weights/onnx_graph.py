"""Writes a neural network as an ONNX file, with nothing but the few rules of protocol buffers that this takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

IR_VERSION, OPSET = 8, 17
FLOAT, INT64 = 1, 7  # TensorProto.DataType
MODEL = {"ir_version": 1, "producer_name": 2, "graph": 7, "opset_import": 8}
GRAPH = {"node": 1, "name": 2, "initializer": 5, "input": 11, "output": 12}
OF_FLOAT, OF_INT, OF_STRING, OF_INTS = 1, 2, 3, 7  # AttributeProto.AttributeType

Attribute = int | float | str | Sequence[int]
Array = NDArray[np.float32] | NDArray[np.int64]


class Graph:
    """A network that grows node by node; a node is known by the name of its one output that is used."""

    def __init__(self, name: str, inputs: str, shape: Sequence[int | str]) -> None:
        """`inputs`: the name of its one input, of 32-bit floats; a name in `shape` stands for any size."""
        self._name, self._input = name, _value(inputs, shape)
        self._nodes, self._constants = list[bytes](), list[bytes]()
        self._names = 0

    def add(self, operator: str, *inputs: str | Array, outputs: int = 1, **attributes: Attribute) -> str:
        """Adds a node, and arrays among its inputs as constants; the name of its first output."""
        given = [item if isinstance(item, str) else self._constant(item) for item in inputs]
        names = [self._new() for _ in range(outputs)]
        node = b"".join(_part(1, name) for name in given) + b"".join(_part(2, name) for name in names)
        node += _part(4, operator) + b"".join(_part(5, _attribute(*item)) for item in sorted(attributes.items()))
        self._nodes.append(node)
        return names[0]

    def model(self, output: str, shape: Sequence[int | str]) -> bytes:
        """The file, with the one output `output`. Same network, same bytes."""
        graph = b"".join(_part(GRAPH["node"], node) for node in self._nodes) + _part(GRAPH["name"], self._name)
        graph += b"".join(_part(GRAPH["initializer"], constant) for constant in self._constants)
        graph += _part(GRAPH["input"], self._input) + _part(GRAPH["output"], _value(output, shape))
        head = _number(MODEL["ir_version"], IR_VERSION) + _part(MODEL["producer_name"], "emoagent")
        operators = _part(1, "") + _number(2, OPSET)
        return head + _part(MODEL["graph"], graph) + _part(MODEL["opset_import"], operators)

    def _new(self) -> str:
        self._names += 1
        return f"v{self._names}"

    def _constant(self, array: Array) -> str:
        name = self._new()
        kind, data = (INT64, array.astype("<i8")) if array.dtype.kind == "i" else (FLOAT, array.astype("<f4"))
        shape = b"".join(_number(1, size) for size in array.shape)
        self._constants.append(shape + _number(2, kind) + _part(8, name) + _part(9, data.tobytes()))
        return name


def _value(name: str, shape: Sequence[int | str]) -> bytes:
    sizes = b"".join(_part(1, _number(1, s) if isinstance(s, int) else _part(2, s)) for s in shape)
    return _part(1, name) + _part(2, _part(1, _number(1, FLOAT) + _part(2, sizes)))


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, int):
        return _part(1, name) + _number(3, value) + _number(20, OF_INT)
    if isinstance(value, float):
        return _part(1, name) + _key(2, 5) + np.float32(value).tobytes() + _number(20, OF_FLOAT)
    if isinstance(value, str):
        return _part(1, name) + _part(4, value) + _number(20, OF_STRING)
    return _part(1, name) + b"".join(_number(8, item) for item in value) + _number(20, OF_INTS)


def _number(field: int, value: int) -> bytes:
    return _key(field, 0) + _varint(value % (1 << 64))


def _part(field: int, content: bytes | str) -> bytes:
    data = content.encode() if isinstance(content, str) else content
    return _key(field, 2) + _varint(len(data)) + data


def _key(field: int, kind: int) -> bytes:
    return _varint(field << 3 | kind)


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the highest bit says that more follow."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
