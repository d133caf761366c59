from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from emoagent.errors import UsageError
from emoagent.training import text as recipe

LINES = {"joy": "what a happy day", "sadness": "so sad and gone", "neutral": "the box stands there"}


def _data(folder: Path) -> Path:
    (folder / "goemotions").mkdir(parents=True)
    (folder / "xed").mkdir()
    (folder / "goemotions" / "labels.txt").write_text("joy\nsadness\nneutral\n")
    rows = [f"{text} {n}\t{i}\tid{n}" for n in range(30) for i, text in enumerate(LINES.values())]
    for part in ("train", "dev"):
        (folder / "goemotions" / f"{part}.tsv").write_text("\n".join(rows) + "\n")
    film = [f"{text} again {n}\t{i}" for n in range(30) for i, text in zip((5, 6), LINES.values(), strict=False)]
    (folder / "xed" / "en-annotated.tsv").write_text("\n".join([*film, "trust alone\t8"]) + "\n")
    (folder / "xed" / "neu_en.txt").write_text("".join(f"9\tthe lamp is here {n}\n" for n in range(30)))
    return folder


def test_it_says_what_data_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="goemotions"):
        recipe.train(tmp_path, tmp_path / "model.npz")


def test_lines_of_other_labels_are_dropped(tmp_path: Path) -> None:
    fitted, held = recipe.xed(_data(tmp_path) / "xed")
    assert len(fitted) + len(held) == 90
    assert {label for line in (*fitted, *held) for label in line.labels} == set(LINES)


def test_fitting_twice_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed (extra train)")
    monkeypatch.setattr(recipe, "LABELS", ("neutral", "joy", "sadness"))
    data = _data(tmp_path / "data")
    first, second = tmp_path / "a.npz", tmp_path / "b.npz"
    report = recipe.train(data, first)
    recipe.train(data, second)
    assert first.read_bytes() == second.read_bytes()
    assert report["xed-held-out"]["accuracy"] > 0.9


def test_quantising_loses_less_than_a_step() -> None:
    weights = np.random.default_rng(0).normal(size=(3, 50))
    packed, scale = recipe.quantised(weights)
    assert np.abs(packed * scale[:, None] - weights).max() <= scale.max() / 2 + 1e-6


def test_calibration_finds_the_temperature_that_was_hidden() -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(1000, 7))
    masses = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    drawn = [rng.choice(7, p=row) for row in masses]
    lines = [recipe.Line("", (recipe.LABELS[label],)) for label in drawn]
    assert recipe.calibrated([(2 * logits, lines)]) == pytest.approx(2, abs=0.4)
