"""`emoagent train`: the recipes by which the models that are shipped, and some that are not, were made."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import get_args

from emoagent.errors import ExtraMissing, UsageError

NEEDED = ("torch", "transformers", "onnx", "safetensors")


def text(
    corpus: str, data: Path, out: Path, *, seed: int, start: Path | None, encoder: Path | None, as_json: bool
) -> None:
    """Trains the text model and prints what it is. Raises `ExtraMissing`, `UsageError` and `ModelMissing`."""
    try:
        from emoagent.training.text.recipe import Corpus, run
    except ModuleNotFoundError as error:
        raise ExtraMissing(_named(error), "train") from error
    if corpus not in get_args(Corpus):
        raise UsageError(f"there is no corpus {corpus!r}", hint=f"--corpus is one of: {', '.join(get_args(Corpus))}")
    card = run(corpus, data, out, seed, start, encoder)  # type: ignore[arg-type]
    told = {"out": str(out), **{k: card[k] for k in ("name", "base", "data", "licence", "seed", "temperature")}}
    lines = [f"{name}: {', '.join(v) if isinstance(v, list) else v}" for name, v in told.items()]
    sys.stdout.write((json.dumps(told, indent=1) if as_json else "\n".join(lines)) + "\n")


def _named(error: ModuleNotFoundError) -> str:
    return (error.name or "").partition(".")[0] or NEEDED[0]
