"""A generative model loaded by transformers into this process: from a folder or from what was pulled, safetensors only,
and no code of the model's own. Nothing is fetched."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from emoagent.errors import ExtraMissing, ModelMissing, ResourceLimit
from emoagent.tools.free_memory import free_memory
from emoagent.tools.weights.hub_models import local_folder

EXTRA = "local"
HELPERS = ("torchvision", "PIL", "accelerate", "peft")  # libraries that transformers asks for when it needs them
QUIET = {"HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1", "TOKENIZERS_PARALLELISM": "false"}
UNKNOWN = 1 << 20  # tokens that are assumed where a model does not tell how many it can follow
ROOM = 1.2  # memory that a model takes while it is loaded, over the size of its weights


@dataclass(frozen=True)
class Loaded:
    """A model that is ready. `processor`: its `AutoProcessor` where it `sees`, else its tokenizer. `ends`: token ids
    that end an answer, of which the first also pads. `longest`: tokens of question and answer together."""

    network: Any
    processor: Any
    tokenizer: Any
    device: str
    ends: tuple[int, ...]
    longest: int
    sees: bool

    @property
    def watches(self) -> bool:
        """Whether frames can be given as one video."""
        return getattr(self.processor, "video_processor", None) is not None


def check_installed(adapter: bool) -> None:
    """Raises `ExtraMissing` where a library is not installed."""
    for package in ("torch", "transformers", *(["peft"] if adapter else [])):
        if find_spec(package) is None:
            raise ExtraMissing(package, EXTRA)


def weights_in(name: str, stem: str = "") -> Path:
    """The folder of a model or (`stem`: `adapter_model`) an adapter. Raises `ModelMissing` unless its weights are there
    as safetensors: another format can hold code."""
    folder = local_folder(name)
    if not any(folder.glob(f"{stem}*.safetensors")):
        kind = "adapter" if stem else "model"
        raise ModelMissing(f"the {kind} {name} has no weights as .safetensors", hint="convert it, or choose another")
    return folder


def pick_device() -> str:
    """`cuda` where there is a graphics card that torch can use, else `cpu`."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def load(folder: Path, adapter: Path | None, sees: bool) -> Loaded:
    """Loads the model: bfloat16 on a graphics card, float32 elsewhere. Raises `ExtraMissing`, `ModelMissing` and
    `ResourceLimit`."""
    os.environ.update({name: os.environ.get(name, value) for name, value in QUIET.items()})
    import torch

    device = pick_device()
    _check_room(folder, device)
    with _mapped(folder), _quietly():
        processor = _processor(folder, sees)
        network = _class(sees).from_pretrained(
            folder, local_files_only=True, use_safetensors=True,
            dtype=torch.bfloat16 if device == "cuda" else torch.float32,
        )  # fmt: skip
        network = _adapted(network, adapter).to(device).eval()
    tokenizer = getattr(processor, "tokenizer", processor)
    ends = _ends(network, tokenizer)
    _make_greedy(network, ends)
    longest = getattr(network.config.get_text_config(), "max_position_embeddings", UNKNOWN)
    return Loaded(network, processor, tokenizer, device, ends, longest, sees)


def _processor(folder: Path, sees: bool) -> Any:
    from transformers import AutoProcessor, AutoTokenizer

    found = (AutoProcessor if sees else AutoTokenizer).from_pretrained(folder, local_files_only=True)
    tokenizer = getattr(found, "tokenizer", found)
    tokenizer.padding_side = "left"  # answers go on where questions end
    return found


def _class(sees: bool) -> Any:
    from transformers import AutoModelForCausalLM, AutoModelForImageTextToText

    return AutoModelForImageTextToText if sees else AutoModelForCausalLM


def _adapted(network: Any, adapter: Path | None) -> Any:
    if adapter is None:
        return network
    from peft import PeftModel

    return PeftModel.from_pretrained(network, adapter, local_files_only=True)


def _ends(network: Any, tokenizer: Any) -> tuple[int, ...]:
    told = getattr(network.generation_config, "eos_token_id", None)
    found = told if isinstance(told, list) else [told]
    ends = tuple(dict.fromkeys(each for each in (*found, tokenizer.eos_token_id) if each is not None))
    if not ends:
        raise ModelMissing("the model does not say which token ends an answer", hint="its files may be incomplete")
    return ends


def _make_greedy(network: Any, ends: Sequence[int]) -> None:
    """Takes the place of the model's own defaults, which would win over what `generate` is told: they often sample."""
    from transformers import GenerationConfig

    network.generation_config = GenerationConfig(do_sample=False, eos_token_id=list(ends), pad_token_id=ends[0])


def _check_room(folder: Path, device: str) -> None:
    """Files hold 16 bits a weight as a rule, which is what a card gets; on the CPU it becomes twice that."""
    weights = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    needed = weights * ROOM * (1 if device == "cuda" else 2)
    free = free_memory(device)
    if needed > free:
        where = "the graphics card" if device == "cuda" else "memory"
        raise ResourceLimit(
            f"the model needs about {needed / 1e9:.0f} GB of {where}, and {free / 1e9:.0f} GB are free",
            hint="choose a smaller one, or a server (--profile server)",
        )


@contextmanager
def _mapped(folder: Path) -> Iterator[None]:
    """Turns what the libraries raise over a model's files into our errors."""
    try:
        yield
    except ImportError as error:
        package = next((name for name in HELPERS if name.lower() in str(error).lower()), error.name or "transformers")
        raise ExtraMissing(package, EXTRA) from error
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        if out_of_memory(error):
            raise ResourceLimit("there is not enough memory for the model", hint="choose a smaller one") from error
        first = str(error).strip().partition("\n")[0][:200]
        hint = "emoagent models verify, or pull it again; it may need a newer transformers"
        raise ModelMissing(f"the model cannot be loaded: {first}", hint=hint, where=folder.name) from error


def out_of_memory(error: Exception) -> bool:
    """Whether this is torch's way to say that memory ran out."""
    import torch

    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "enough memory" in str(error)


@contextmanager
def _quietly() -> Iterator[None]:
    """No progress bars and no chatter on stderr."""
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)
