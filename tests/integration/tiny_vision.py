"""A tiny random Qwen2-VL as a folder that transformers and servers load like a real one, and an
adapter for it: `python tiny_vision.py MODEL [ADAPTER]`.

Its answers are noise. What is real is the architecture, the tokenizer, the processors and every file around them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

SPECIAL = (
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
    "<|image_pad|>", "<|video_pad|>",
)  # fmt: skip
PIECES = 600  # of the tokenizer
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content %}"
    "{% if part.type in ('image', 'image_url') %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif part.type == 'video' %}<|vision_start|><|video_pad|><|vision_end|>"
    "{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SIZES = {"patch_size": 14, "temporal_patch_size": 2, "merge_size": 2, "min_pixels": 3136, "max_pixels": 401408}


def build(folder: Path, seed: int = 0) -> Path:
    """Writes the model into `folder`; the same bytes for the same seed."""
    import torch
    from transformers import Qwen2VLForConditionalGeneration

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer()
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    network = Qwen2VLForConditionalGeneration(_config(tokenizer))
    _make_readable(network, tokenizer)
    end = [tokenizer.convert_tokens_to_ids(token) for token in ("<|im_end|>", "<|endoftext|>")]
    network.generation_config.update(do_sample=True, temperature=0.1, top_k=1, eos_token_id=end, pad_token_id=end[1])
    network.save_pretrained(folder, safe_serialization=True)
    _write(folder / "preprocessor_config.json", {**SIZES, "image_processor_type": "Qwen2VLImageProcessor"})
    _write(folder / "video_preprocessor_config.json", {**SIZES, "video_processor_type": "Qwen2VLVideoProcessor"})
    _write(folder / "chat_template.json", {"chat_template": TEMPLATE})
    return folder


def add_adapter(model: Path, folder: Path, seed: int = 1) -> Path:
    """Writes a random LoRA adapter for `model` that changes its answers."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import Qwen2VLForConditionalGeneration

    torch.manual_seed(seed)
    network = Qwen2VLForConditionalGeneration.from_pretrained(model)
    adapted = get_peft_model(network, LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False))
    adapted.save_pretrained(folder, safe_serialization=True)
    return folder


def _make_readable(network: Any, tokenizer: Any) -> None:
    """Turns the noise to letters and to lists that are not empty. One dimension of the hidden state is the same for all
    pieces of text, so that its weight in the last layer says how likely a piece is at any place."""
    import torch

    pieces = [piece.replace("Ġ", " ") for piece in tokenizer.convert_ids_to_tokens(range(len(tokenizer)))]
    odds = torch.tensor([_odds(piece) for piece in pieces])
    with torch.no_grad():
        network.get_input_embeddings().weight[:, 0] = 1.0
        network.lm_head.weight[:, 0] = odds


def _odds(piece: str) -> float:
    if not set(piece) - set('{":, '):
        return 0.0
    letters = piece.strip()
    return 0.01 * len(letters) if letters.isascii() and letters.isalpha() else -0.2  # long words end an answer sooner


def _config(tokenizer: Any) -> Any:
    from transformers import Qwen2VLConfig

    ids = {name: tokenizer.convert_tokens_to_ids(f"<|{name}|>") for name in ("image_pad", "video_pad")}
    start, end = (tokenizer.convert_tokens_to_ids(f"<|vision_{name}|>") for name in ("start", "end"))
    text = {
        "vocab_size": len(tokenizer), "hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 2,
        "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 32768,
        "rope_scaling": {"type": "mrope", "mrope_section": [8, 12, 12]}, "tie_word_embeddings": False,
        "bos_token_id": None, "eos_token_id": tokenizer.convert_tokens_to_ids("<|im_end|>"),
    }  # fmt: skip
    vision = {
        "depth": 2, "embed_dim": 64, "hidden_size": 128, "num_heads": 1, "mlp_ratio": 2, "patch_size": 14,
        "spatial_merge_size": 2, "temporal_patch_size": 2, "in_channels": 3,
    }  # fmt: skip
    return Qwen2VLConfig(
        text_config=text, vision_config=vision, image_token_id=ids["image_pad"], video_token_id=ids["video_pad"],
        vision_start_token_id=start, vision_end_token_id=end, tie_word_embeddings=False,
    )  # fmt: skip


def _tokenizer() -> Any:
    """Byte-level pieces learned from a text that does not change: with other pieces the model gives other answers."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
    from transformers import Qwen2TokenizerFast

    text = (Path(__file__).parents[2] / "LICENSE").read_text("utf-8")
    pieces = Tokenizer(models.BPE())
    pieces.normalizer = normalizers.NFC()
    pieces.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=PIECES, initial_alphabet=alphabet, show_progress=False)
    pieces.train_from_iterator([text], trainer)
    table = json.loads(pieces.to_str())["model"]
    tokenizer = Qwen2TokenizerFast(
        vocab=table["vocab"], merges=[tuple(pair) for pair in table["merges"]], tokenizer_object=pieces,
        eos_token="<|im_end|>", pad_token="<|endoftext|>", unk_token=None,
        additional_special_tokens=[token for token in SPECIAL if token not in ("<|im_end|>", "<|endoftext|>")],
        model_max_length=32768,
    )  # fmt: skip
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps({**content, "processor_class": "Qwen2VLProcessor"}, indent=1), "utf-8")


if __name__ == "__main__":
    build(Path(sys.argv[1]))
    for adapter in sys.argv[2:]:
        add_adapter(Path(sys.argv[1]), Path(adapter))
