"""A small change to a TensorFlow Lite file: one output made longer.

MediaPipe's Face Landmarker reads 478 landmarks, so it cuts the 1404 numbers of a model of 468 landmarks (x, y, z each)
into 478 pairs, and every point is wrong. With 30 zeros at the end the same model is read as it should be; the last ten
points mean nothing then. The file is a FlatBuffer whose references only point forward, so the new tables are
written in front of the old file, which stays as it is, byte for byte.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

IDENTIFIER = b"TFL3"
PAD = 34  # BuiltinOperator
FLOAT32, INT32 = 0, 2  # TensorType
MODEL_FIELDS, GRAPH_FIELDS = 8, 5
VERSION, CODES, GRAPHS, BUFFERS = 0, 1, 2, 4  # fields of Model
TENSORS, OUTPUTS, OPERATORS = 0, 2, 3  # fields of SubGraph
SHAPE, TYPE, BUFFER = 0, 1, 2  # fields of Tensor


@dataclass(frozen=True)
class Old:
    """A position in the old file."""

    position: int


@dataclass(frozen=True, eq=False)
class New:
    """Words (32 bits) to be written; references to it mean its word number `start`."""

    words: list[int | Old | New]
    start: int = 0


def lengthen_output(model: bytes, output: int, length: int) -> bytes:
    """The model with zeros added to the end of its output number `output`, a float tensor (1, 1, 1, n), n < `length`.

    Raises `ValueError` if the file is not a model that can be changed so.
    """
    try:
        return _lengthen(model, output, length)
    except (struct.error, IndexError, StopIteration) as error:
        raise ValueError("this is not a TensorFlow Lite model whose output can be made longer") from error


def _lengthen(model: bytes, output: int, length: int) -> bytes:
    if model[4:8] != IDENTIFIER:
        raise ValueError("this is not a TensorFlow Lite model")
    root = _follow(model, 0)
    graph = _items(model, _field(model, root, GRAPHS))[0]
    tensors, buffers = _items(model, _field(model, graph, TENSORS)), _items(model, _field(model, root, BUFFERS))
    outputs = _numbers(model, _field(model, graph, OUTPUTS))
    shape = _numbers(model, _field(model, tensors[outputs[output]], SHAPE))
    zeros = length - shape[-1]
    if shape[:-1] != [1, 1, 1] or zeros <= 0:
        raise ValueError(f"an output of shape {shape} cannot become (1, 1, 1, {length})")

    amounts = _bytes(struct.pack("<8i", 0, 0, 0, 0, 0, 0, 0, zeros))
    added = [
        _table({SHAPE: _vector([4, 2]), TYPE: INT32, BUFFER: len(buffers)}),
        _table({SHAPE: _vector([1, 1, 1, length]), TYPE: FLOAT32, BUFFER: 0}),
    ]
    pad = _table({0: _opcode(model, root, PAD), 1: _vector([outputs[output], len(tensors)]),
                  2: _vector([len(tensors) + 1])})  # fmt: skip
    outputs[output] = len(tensors) + 1
    operators = _items(model, _field(model, graph, OPERATORS))
    new_graph = _table(_kept(model, graph, GRAPH_FIELDS) | {
        TENSORS: _vector([*map(Old, tensors), *added]),
        OUTPUTS: _vector(outputs),
        OPERATORS: _vector([*map(Old, operators), pad]),
    })  # fmt: skip
    new_root = _table(_kept(model, root, MODEL_FIELDS) | {
        VERSION: struct.unpack_from("<I", model, _field(model, root, VERSION))[0],
        GRAPHS: _vector([new_graph]),
        BUFFERS: _vector([*map(Old, buffers), _table({0: amounts})]),
    })  # fmt: skip
    return _written(New([new_root, int.from_bytes(IDENTIFIER, "little")]), model)


def _follow(model: bytes, position: int) -> int:
    return position + int(struct.unpack_from("<I", model, position)[0])


def _field(model: bytes, table: int, number: int) -> int:
    """Where a field of a table stands; 0 if it has none."""
    entries = table - struct.unpack_from("<i", model, table)[0]
    if 4 + 2 * number >= struct.unpack_from("<H", model, entries)[0]:
        return 0
    offset: int = struct.unpack_from("<H", model, entries + 4 + 2 * number)[0]
    return table + offset if offset else 0


def _items(model: bytes, field: int) -> list[int]:
    start = _follow(model, field)
    return [_follow(model, start + 4 + 4 * i) for i in range(struct.unpack_from("<I", model, start)[0])]


def _numbers(model: bytes, field: int) -> list[int]:
    start = _follow(model, field)
    return list(struct.unpack_from(f"<{struct.unpack_from('<I', model, start)[0]}i", model, start + 4))


def _opcode(model: bytes, root: int, operator: int) -> int:
    codes = _items(model, _field(model, root, CODES))
    return next(i for i, code in enumerate(codes) if (at := _field(model, code, 0)) and model[at] == operator)


def _kept(model: bytes, table: int, count: int) -> dict[int, int | Old | New]:
    """The fields of an old table that are references."""
    fields = {number: _field(model, table, number) for number in range(count)}
    return {number: Old(_follow(model, at)) for number, at in fields.items() if at}


def _vector(items: Sequence[int | Old | New]) -> New:
    return New([len(items), *items])


def _bytes(data: bytes) -> New:
    return New([len(data), *struct.unpack(f"<{len(data) // 4}I", data)])


def _table(fields: dict[int, int | Old | New]) -> New:
    """A table in which every field takes one word, behind the list of the fields' places."""
    count = max(fields) + 1
    places = [0] * (count + count % 2)
    for place, number in enumerate(sorted(fields)):
        places[number] = 4 + 4 * place
    entries = struct.pack(f"<HH{len(places)}H", 4 + 2 * len(places), 4 + 4 * len(fields), *places)
    head = list(struct.unpack(f"<{len(entries) // 4}I", entries))
    return New([*head, len(entries), *(fields[number] for number in sorted(fields))], start=len(head))


def _written(root: New, old: bytes) -> bytes:
    blocks: dict[New, int] = {}
    _place(root, blocks)
    size = 4 * sum(len(block.words) for block in blocks)
    size += -size % 16  # what the old file aligned stays aligned
    data = bytearray(size)
    for block, position in blocks.items():
        for i, word in enumerate(block.words):
            here = position + 4 * i
            struct.pack_into("<I", data, here, _word(word, here, size, blocks))
    return bytes(data) + old


def _word(word: int | Old | New, here: int, size: int, blocks: dict[New, int]) -> int:
    if isinstance(word, int):
        return word
    target = size + word.position if isinstance(word, Old) else blocks[word] + 4 * word.start
    return target - here


def _place(root: New, blocks: dict[New, int]) -> None:
    """Gives every block a position, each before those that it refers to."""
    position, waiting = 0, [root]
    while waiting:
        block = waiting.pop(0)
        blocks[block] = position
        position += 4 * len(block.words)
        waiting += [word for word in block.words if isinstance(word, New)]
