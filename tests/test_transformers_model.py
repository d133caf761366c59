"""What can be told of models in process without their libraries: what is refused, and how pictures become video."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from emoagent.errors import ExtraMissing, ModelMissing
from emoagent.tools.language import transformers_model
from emoagent.tools.language.generation import Message, Picture
from emoagent.tools.language.transformers_input import Film, pieces
from emoagent.tools.language.transformers_loading import weights_in
from emoagent.tools.language.transformers_model import TransformersModel


def picture(at: float | None, width: int = 64) -> Picture:
    done, data = cv2.imencode(".jpg", np.full((32, width, 3), (250, 5, 5), np.uint8))
    assert done
    return Picture(bytes(data), "media/captions/u1.1.jpg", at)


def message(*parts: str | Picture) -> Message:
    return Message("user", parts)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "some-model"
    made.mkdir()
    (made / "model.safetensors").write_bytes(b"")
    return made


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transformers_model, "check_installed", lambda adapter: None)


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is installed")
def test_a_missing_library_is_said_at_once(folder: Path) -> None:
    with pytest.raises(ExtraMissing, match="torch"):
        TransformersModel(str(folder))


def test_only_safetensors_are_taken(folder: Path) -> None:
    assert weights_in(str(folder)) == folder.resolve()
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelMissing, match="safetensors"):
        weights_in(str(folder))


def test_so_of_an_adapter(folder: Path) -> None:
    with pytest.raises(ModelMissing, match=r"the adapter .* has no weights"):
        weights_in(str(folder), "adapter_model")


def test_what_was_not_pulled_is_missing(installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOAGENT_CACHE", str(tmp_path))
    with pytest.raises(ModelMissing) as caught:
        TransformersModel("some-people/some-model", sees=True)
    assert "emoagent models pull some-people/some-model" in caught.value.hint


def test_a_folder_goes_by_its_last_part(installed: None, folder: Path) -> None:
    (folder / "adapter_model.safetensors").write_bytes(b"")
    assert TransformersModel(str(folder)).name == "some-model"
    assert TransformersModel(f"{folder}/", adapter=str(folder)).name == "some-model + some-model"


def test_frames_in_a_row_are_a_video_with_its_rate() -> None:
    frames = [picture(1.0 + k / 4) for k in range(5)]
    text, film, more = pieces(message("Look.", *frames, "What is seen?"), watches=True)
    assert (text, more) == ("Look.", "What is seen?")
    assert isinstance(film, Film)
    assert film.frames.shape == (5, 32, 64, 3)
    assert film.fps == pytest.approx(4.0)
    assert film.frames[0, 0, 0, 2] > 200  # red, green, blue: it was blue
    assert film.frames[0, 0, 0, 0] < 60


@pytest.mark.parametrize(
    ("pictures", "watches"),
    [([picture(0.0), picture(1.0)], False), ([picture(0.0)], True), ([picture(0.0), picture(1.0, 48)], True)],
)
def test_else_they_are_pictures(pictures: list[Picture], watches: bool) -> None:
    found = pieces(message(*pictures, "What is seen?"), watches=watches)
    assert [type(piece) for piece in found] == [np.ndarray] * len(pictures) + [str]


def test_without_times_a_rate_is_assumed() -> None:
    (film,) = pieces(message(picture(None), picture(None)), watches=True)
    assert isinstance(film, Film)
    assert film.fps == 2.0
