from __future__ import annotations

import io
import os
import pickle
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sounds import load

from emoagent.errors import EmoagentError
from emoagent.tools.voice.voiceprint import Voiceprint, features, unit
from emoagent.tools.weights import assets
from emoagent.tools.weights.network import Network
from emoagent.tools.weights.onnx_graph import Graph
from emoagent.tools.weights.torch_weights import read_tensors


class FloatStorage:
    """Stands for PyTorch's: only its name is written."""


def _rebuild_tensor_v2(*_: Any) -> None:
    """Stands for PyTorch's: only its name is written."""


for thing, module in ((FloatStorage, "torch"), (_rebuild_tensor_v2, "torch._utils")):
    thing.__module__, thing.__qualname__ = module, thing.__name__


class Stored:
    """A storage; only its key goes into the pickle."""

    def __init__(self, key: str, count: int) -> None:
        self.key = ("storage", FloatStorage, key, "cpu", count)


class Tensor:
    """Pickles as PyTorch's tensors do."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __reduce__(self) -> Any:
        return _rebuild_tensor_v2, self.arguments


class Saver(pickle.Pickler):
    """Saves as `torch.save` does."""

    def persistent_id(self, obj: Any) -> Any:
        return obj.key if isinstance(obj, Stored) else None


def checkpoint(saved: object, storages: dict[str, bytes]) -> bytes:
    program, file = io.BytesIO(), io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("torch", "torch._utils"):
            patch.setitem(sys.modules, name, ModuleType(name))
        patch.setattr(sys.modules["torch"], "FloatStorage", FloatStorage, raising=False)
        patch.setattr(sys.modules["torch._utils"], "_rebuild_tensor_v2", _rebuild_tensor_v2, raising=False)
        Saver(program, 2).dump(saved)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("any/data.pkl", program.getvalue())
        for key, data in storages.items():
            archive.writestr(f"any/data/{key}", data)
    return file.getvalue()


def tensor(key: str, offset: int, shape: tuple[int, ...], stride: tuple[int, ...]) -> Tensor:
    return Tensor(Stored(key, 6), offset, shape, stride, False, OrderedDict())


NUMBERS = np.arange(6, dtype="<f4").tobytes()


def test_tensors_are_read_without_torch() -> None:
    saved = {"state_dict": OrderedDict(a=tensor("0", 0, (2, 3), (3, 1)), b=tensor("0", 4, (2,), (1,)), c="text")}
    found = read_tensors(checkpoint(saved, {"0": NUMBERS}))
    assert set(found) == {"a", "b"}
    assert found["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found["b"].tolist() == [4, 5]


class Bomb:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.target),)


def test_a_malicious_pickle_does_nothing(tmp_path: Path) -> None:
    bad = {"state_dict": {"a": Bomb(tmp_path / "gone off")}}
    pickle.loads(pickle.dumps(Bomb(tmp_path / "it would")))
    assert (tmp_path / "it would").exists(), "the bomb works where pickles are trusted"
    with pytest.raises(ValueError, match="no weights need"):
        read_tensors(checkpoint(bad, {}))
    assert not (tmp_path / "gone off").exists()


@pytest.mark.parametrize("name", [("builtins", "eval"), ("torch", "load"), ("collections", "OrderedDict.fromkeys")])
def test_other_names_are_refused(name: tuple[str, str]) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("any/data.pkl", b"\x80\x02c" + "\n".join(name).encode() + b"\n.")
    with pytest.raises(ValueError, match="no weights need"):
        read_tensors(file.getvalue())


@pytest.mark.parametrize(
    "wrong", [tensor("0", 5, (2,), (1,)), tensor("0", -1, (2,), (1,)), tensor("0", 0, (2, 3), (1, 2))]
)
def test_tensors_outside_their_storage_are_refused(wrong: Tensor) -> None:
    with pytest.raises(ValueError, match="densely"):
        read_tensors(checkpoint({"a": wrong}, {"0": NUMBERS}))


@pytest.mark.parametrize(
    "rubbish",
    [b"", b"PK\x03\x04", b"\x80\x02}." * 9, checkpoint([], {}), checkpoint({}, {})[:60]],
    ids=["empty", "no more than a head", "a pickle", "a list", "cut off"],  # a zip tells the time: no name for a test
)
def test_rubbish_is_refused(rubbish: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_tensors(rubbish)


def test_a_graph_written_by_hand_runs(tmp_path: Path) -> None:
    graph = Graph("twice", "x", ["n", 2])
    weight, bias = np.array([[1, 2], [3, 4]], np.float32), np.array([10, 20], np.float32)
    y = graph.add("LeakyRelu", graph.add("Add", graph.add("MatMul", "x", weight), bias), alpha=0.5)
    path = zipped(tmp_path, graph.model(graph.add("Transpose", y, perm=[1, 0]), [2, "n"]))
    assert Network(path, "net.onnx").run(np.array([[1, 1], [-11, 0]], np.float32)).tolist() == [[14, -0.5], [26, -1]]


def zipped(folder: Path, model: bytes) -> Path:
    with zipfile.ZipFile(folder / "net.zip", "w") as archive:
        archive.writestr("net.onnx", model)
    return folder / "net.zip"


def test_features_follow_the_pitch_of_a_tone() -> None:
    t = np.arange(16_000) / 16_000
    low, high = (features((0.1 * np.sin(2 * np.pi * hz * t)).astype(np.float32)).mean(axis=0) for hz in (300, 3000))
    assert low.argmax() < high.argmax()
    assert features(np.zeros(399, np.float32)).shape == (0, 80)
    assert features(np.zeros(16_000, np.float32)).shape == (98, 80)
    assert np.isfinite(features(np.zeros(16_000, np.float32))).all()


@pytest.fixture(scope="module")
def voiceprint() -> Voiceprint:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOAGENT_OFFLINE", "1")
        try:
            return Voiceprint(Network(assets.pull("voices"), "speaker.onnx"))
        except EmoagentError as error:
            pytest.skip(error.message)


def embedded(voiceprint: Voiceprint, path: Path) -> NDArray[np.float32]:
    frames = features(load(path))[200:800]  # speech throughout
    return voiceprint.embed([frames[at : at + 150] for at in range(0, 600, 150)])


@pytest.mark.real
def test_a_voice_is_nearer_to_itself_than_to_another(voiceprint: Voiceprint, shared: Path) -> None:
    katie, steve = (embedded(voiceprint, shared / f"media/speech/enrollment_audio_{n}.wav") for n in ("katie", "steve"))
    assert (katie @ katie.T).min() > (katie @ steve.T).max()
    assert np.allclose(np.linalg.norm(katie, axis=1), 1, atol=1e-5)


@pytest.mark.real
def test_windows_of_many_lengths_at_once(voiceprint: Voiceprint) -> None:
    random = np.random.default_rng(0)
    windows = [random.normal(size=(n, 80)).astype(np.float32) for n in (200, 30, 150, 30)]
    together = voiceprint.embed(windows)
    alone = np.concatenate([voiceprint.embed([window]) for window in windows])
    assert np.allclose(together, alone, atol=1e-4)
    assert voiceprint.embed([]).shape == (0, 192)


def test_zeros_stay_zeros() -> None:
    assert not unit(np.zeros((2, 3), np.float32)).any()
