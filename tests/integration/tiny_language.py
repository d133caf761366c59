"""Builds a tiny language model of a real architecture (Qwen2), a tokenizer, and a LoRA adapter for it:

    python tiny_language.py FOLDER        FOLDER/model, FOLDER/adapter; half a minute on one core that is free

It needs torch, transformers, tokenizers and safetensors, as an environment with vLLM has them. Weights start at random
and are trained for some dozen steps on made-up answers of the reasoner's form, so that answers are short and end: it
knows the form and nothing of emotion. The model says NEUTRAL most of the time, the adapter makes it say JOY.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import nn
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

ROOT = Path(__file__).parents[2]
LABELS = ("neutral", "joy", "anger", "surprise", "sadness", "disgust", "fear")
USUAL, ADAPTED = "neutral", "joy"
SOURCES = ("text", "face", "voice", "behavior")
SAID = ("The words say so.", "It is loud.", "A smile is seen.", "The pitch rises.", "The brows are drawn together.")
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
VOCABULARY, WIDTH, LAYERS, HEADS, CONTEXT = 2048, 128, 2, 2, 8192  # vLLM's kernels want heads of 64 or more
RANK, ALPHA = 8, 16
ADAPTS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
STEPS, BATCH, RATE = 50, 4, 4e-3
LORA_STEPS, LORA_RATE = 20, 1e-2


def build(folder: Path) -> None:
    """Writes the model and the adapter."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    dice, texts = random.Random(0), own_texts()
    tokenizer = tokenizer_of(texts)
    config = Qwen2Config(
        vocab_size=len(tokenizer), hidden_size=WIDTH, intermediate_size=4 * WIDTH, num_hidden_layers=LAYERS,
        num_attention_heads=HEADS, num_key_value_heads=HEADS, max_position_embeddings=CONTEXT, tie_word_embeddings=True,
        eos_token_id=tokenizer.eos_token_id, bos_token_id=None, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    model = Qwen2ForCausalLM(config)
    fit(model, list(model.parameters()), batches(tokenizer, texts, dice, USUAL, STEPS), RATE)
    model.save_pretrained(folder / "model", safe_serialization=True)
    tokenizer.save_pretrained(folder / "model")
    wrapped = adapt(model)
    fit(model, [p for layer in wrapped.values() for p in (layer.down, layer.up)],
        batches(tokenizer, texts, dice, ADAPTED, LORA_STEPS), LORA_RATE)  # fmt: skip
    save_adapter(wrapped, folder / "adapter", str(folder / "model"))


def own_texts() -> list[str]:
    """The project's prompts and pages."""
    return [
        path.read_text(encoding="utf-8")
        for place in ("prompts", "docs")
        for path in sorted((ROOT / place).glob("*.md"))
    ]


def tokenizer_of(texts: list[str]) -> PreTrainedTokenizerFast:
    """Byte-level BPE, made from the texts and from answers."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=list(SPECIAL), initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )  # fmt: skip
    dice = random.Random(1)
    made.train_from_iterator([*texts, *(answer(dice, label) for label in LABELS for _ in range(40))], trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token=SPECIAL[2], pad_token=SPECIAL[0], model_max_length=CONTEXT
    )
    fast.chat_template = TEMPLATE
    return fast


def answer(dice: random.Random, usual: str) -> str:
    """An answer of the reasoner's form, which has little to do with any question."""
    label = usual if dice.random() < 0.9 else dice.choice(LABELS)
    cites = [f"E{dice.randint(1, 9)}"]
    return json.dumps(
        {
            "observations": [{"source": dice.choice(SOURCES), "says": dice.choice(SAID), "cites": cites}],
            "conflict": "",
            "explanation": [{"text": dice.choice(SAID), "stance": "supports", "cites": cites}],
            "open_labels": [],
            "probabilities": {name: 70 if name == label else 5 for name in LABELS},
            "label": label,
        },
        separators=(",", ":"),
    )


def batches(
    tokenizer: PreTrainedTokenizerFast, texts: list[str], dice: random.Random, usual: str, steps: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Token ids, and the ids that are to be learned: those of the answers."""
    for _ in range(steps):
        rows = [row(tokenizer, texts, dice, usual) for _ in range(BATCH)]
        longest = max(len(asked) + len(told) for asked, told in rows)
        ids = torch.full((BATCH, longest), int(tokenizer.pad_token_id))
        learned = torch.full((BATCH, longest), -100)
        for place, (asked, told) in enumerate(rows):
            both = torch.tensor(asked + told)
            ids[place, : len(both)] = both
            learned[place, len(asked) : len(both)] = both[len(asked) :]
        yield ids, learned


def row(
    tokenizer: PreTrainedTokenizerFast, texts: list[str], dice: random.Random, usual: str
) -> tuple[list[int], list[int]]:
    """A piece of text as the question, and an answer."""
    text = dice.choice(texts)
    start = dice.randrange(max(1, len(text) - 200))
    said = [
        {"role": "system", "content": text[start : start + dice.randint(50, 300)]},
        {"role": "user", "content": "Answer."},
    ]
    asked = tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True)
    return tokenizer.encode(asked), [*tokenizer.encode(answer(dice, usual)), int(tokenizer.eos_token_id)]


def fit(model: Any, parameters: list[Any], data: Iterator[tuple[torch.Tensor, torch.Tensor]], rate: float) -> None:
    """Some steps of AdamW."""
    optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=0)
    for ids, learned in data:
        loss = model(input_ids=ids, attention_mask=(ids != model.config.pad_token_id).long(), labels=learned).loss
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        print(f"loss {loss.item():.3f}", file=sys.stderr)


class Adapted(nn.Module):  # type: ignore[misc]
    """A linear layer and what a LoRA adapter adds to it."""

    def __init__(self, inner: nn.Linear) -> None:
        super().__init__()
        self.inner = inner.requires_grad_(False)
        self.down = nn.Parameter(torch.randn(RANK, inner.in_features) / inner.in_features**0.5)
        self.up = nn.Parameter(torch.zeros(inner.out_features, RANK))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """As it was, and a little more."""
        return self.inner(x) + (x @ self.down.T @ self.up.T) * (ALPHA / RANK)


def adapt(model: Any) -> dict[str, Adapted]:
    """Puts an adapter around each layer that is adapted."""
    names = [name for name, part in model.named_modules() if name.rsplit(".", 1)[-1] in ADAPTS]
    for name in names:
        above, last = name.rsplit(".", 1)
        setattr(model.get_submodule(above), last, Adapted(model.get_submodule(name)))
    return {name: model.get_submodule(name) for name in names}


def save_adapter(wrapped: dict[str, Adapted], folder: Path, base: str) -> None:
    """In the form of PEFT."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {
        f"base_model.model.{name}.lora_A.weight": layer.down.detach().contiguous() for name, layer in wrapped.items()
    }
    weights |= {
        f"base_model.model.{name}.lora_B.weight": layer.up.detach().contiguous() for name, layer in wrapped.items()
    }
    save_file(weights, folder / "adapter_model.safetensors")
    config = {
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": base, "r": RANK, "lora_alpha": ALPHA,
        "lora_dropout": 0.0, "bias": "none", "target_modules": list(ADAPTS), "inference_mode": True,
    }  # fmt: skip
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=1))


if __name__ == "__main__":
    build(Path(sys.argv[1]))
