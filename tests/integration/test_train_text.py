"""The recipe of the text model, run for real on a tiny random network of the same architecture."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from corpora import lines, meld, write_all
from typer.testing import CliRunner

pytestmark = pytest.mark.integration
torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
transformers = pytest.importorskip("transformers", reason="the extra `train` is not installed")

from emoagent.cli import app  # noqa: E402
from emoagent.tools.words.text_input import Said  # noqa: E402
from emoagent.tools.words.text_model import load  # noqa: E402


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All corpora, tiny."""
    return write_all(tmp_path_factory.mktemp("data"), count=280)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT of two layers."""
    folder = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(0)
    config = transformers.BertConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, hidden_dropout_prob=0.1
    )
    transformers.BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def shipped(data: Path, encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A `permissive` model."""
    return trained("permissive", data, encoder, tmp_path_factory.mktemp("permissive"))


def trained(corpus: str, data: Path, encoder: Path, out: Path, *more: str) -> Path:
    """The folder that the command made."""
    command = ["train", "text", "--corpus", corpus, "--data", str(data), "-o", str(out), "--encoder", str(encoder)]
    done = CliRunner().invoke(app, [*command, "--json", *more])
    assert done.exit_code == 0, done.output
    return out


def digest(folder: Path) -> str:
    """Of the trained weights."""
    return hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()


def test_the_export_answers_as_the_network_does(shipped: Path) -> None:
    from safetensors.torch import load_file

    from emoagent.training.text.model import HEADS

    model = load(shipped)
    raw, vector = model.outputs(Said("What a wonderful day", "a"), [Said("Look outside.", "b")])
    assert raw.shape == (sum(HEADS.values()),)
    weights = load_file(shipped / "weights.safetensors")
    expected = vector @ weights["heads.weight"].numpy().T + weights["heads.bias"].numpy()
    assert np.abs(raw - expected).max() < 0.1


def test_the_card_is_complete(shipped: Path) -> None:
    card = json.loads((shipped / "card.json").read_text("utf-8"))
    assert card["seed"] == 7
    assert card["revision"]
    assert not [name for name in card["data"] if "MELD train" in name]
    assert len(card["open_thresholds"]) == len(card["labels"]["open"]) == 28
    assert set(card["temperature"]) == {"meld7", "emorynlp7"}


def test_the_same_seed_gives_the_same_weights(shipped: Path, data: Path, encoder: Path, tmp_path: Path) -> None:
    assert digest(trained("permissive", data, encoder, tmp_path / "again")) == digest(shipped)
    assert digest(trained("permissive", data, encoder, tmp_path / "other", "--seed", "8")) != digest(shipped)


def test_meld_goes_on_from_what_is_shipped_and_learns(shipped: Path, data: Path, encoder: Path, tmp_path: Path) -> None:
    folder = trained("meld", data, encoder, tmp_path, "--start", str(shipped))
    card = json.loads((folder / "card.json").read_text("utf-8"))
    assert card["licence"] == "research only"
    assert [name for name in card["data"] if "MELD train" in name]
    assert digest(folder) != digest(shipped)


def test_nothing_of_meld_dev_or_test_is_learned_from(data: Path, tmp_path: Path) -> None:
    from emoagent.training.text.examples import permissive

    before = len(permissive(data))
    for name in ("goemotions", "xed", "emobank", "emorynlp"):
        (tmp_path / name).symlink_to(data / name)
    meld(tmp_path / "meld", "dev", lines(3, 1000))  # three lines of EmoryNLP's training part
    meld(tmp_path / "meld", "test", lines(7, 9000))
    assert len(permissive(tmp_path)) == before - 3


def test_missing_data_is_told(tmp_path: Path, encoder: Path) -> None:
    command = ["train", "text", "--data", str(tmp_path), "-o", str(tmp_path / "out"), "--encoder", str(encoder)]
    done = CliRunner().invoke(app, command)
    assert "does not exist" in str(done.exception)
