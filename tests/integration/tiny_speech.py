"""Tiny models of the real architectures, made here: a Whisper that knows one text, an aligner that knows nothing.

They say nothing about how well the real ones hear: the Whisper answers with its text to every sound, and the times of a
random aligner are random. What they are for is the way from a file to words with times. Whether times are right is seen
with `Reader`, on sound that says itself what is said when.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
LANGUAGES = ("en", "de", "ja")
SPECIAL = (
    "<|endoftext|>", "<|startoftranscript|>", *(f"<|{code}|>" for code in LANGUAGES), "<|translate|>",
    "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>",
)  # fmt: skip
TIMESTAMPS = 1501
RATE = 16_000
VOCABULARY = {
    token: number for number, token in enumerate(("<pad>", "<s>", "</s>", "<unk>", "|", *"abcdefghijklmnopqrstuvwxyz'"))
}


def tiny_whisper(folder: Path, text: str, language: str = "en", steps: int = 300) -> Path:
    """A folder for CTranslate2 with a Whisper of two layers that says `text`, and takes every sound for `language`."""
    import torch
    from ctranslate2.converters import TransformersConverter
    from transformers import PreTrainedTokenizerFast

    torch.manual_seed(0)
    source, target = folder / "transformers", folder / "whisper"
    tokenizer = _tokenizer(text)
    begin = ("<|startoftranscript|>", f"<|{language}|>", "<|transcribe|>", "<|notimestamps|>")
    shown = [*map(tokenizer.token_to_id, begin), *tokenizer.encode(" " + text).ids, tokenizer.token_to_id(SPECIAL[0])]
    model = _network(tokenizer)
    _teach(model, shown, steps)
    model.generation_config.suppress_tokens = model.generation_config.begin_suppress_tokens = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save_pretrained(source)
        PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=SPECIAL[0]).save_pretrained(source)
        TransformersConverter(str(source), copy_files=["tokenizer.json"]).convert(str(target))
    config = json.loads((target / "config.json").read_text())
    config["lang_ids"] = [tokenizer.token_to_id(f"<|{code}|>") for code in LANGUAGES]
    (target / "config.json").write_text(json.dumps(config))
    (target / "preprocessor_config.json").write_text(json.dumps({"feature_size": 80}))
    return target


def _network(tokenizer: Any) -> Any:
    from transformers import WhisperConfig, WhisperForConditionalGeneration

    end, start = (tokenizer.token_to_id(name) for name in SPECIAL[:2])
    config = WhisperConfig(
        vocab_size=tokenizer.get_vocab_size() + TIMESTAMPS,
        d_model=64,
        num_mel_bins=80,
        dropout=0.0,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=128,
        decoder_ffn_dim=128,
        pad_token_id=end,
        bos_token_id=end,
        eos_token_id=end,
        decoder_start_token_id=start,
    )
    return WhisperForConditionalGeneration(config)


def _tokenizer(text: str) -> Any:
    """Byte-level BPE over `text`, an empty token (by which CTranslate2 knows a Whisper for many languages), then the
    special tokens in Whisper's order: all before the first are text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([" " + text], trainer)
    whole = json.loads(tokenizer.to_str())
    whole["model"]["vocab"][""] = tokenizer.get_vocab_size()
    tokenizer = Tokenizer.from_str(json.dumps(whole))
    tokenizer.add_special_tokens(list(SPECIAL))
    return tokenizer


def _teach(model: Any, tokens: Sequence[int], steps: int) -> None:
    """Shows the one sequence over and over, each time as if another sound had been heard."""
    import torch

    shown = torch.tensor([tokens])
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    model.train()
    for _ in range(steps):
        heard = (torch.randn(1, 1500, model.config.d_model),)
        loss = model(encoder_outputs=heard, decoder_input_ids=shown[:, :-1], labels=shown[:, 1:]).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if loss.item() < 0.003:
            break
    model.eval()


def random_wav2vec2(folder: Path) -> Path:
    """A wav2vec2 of one layer that has learned nothing, with a vocabulary of the English letters."""
    import torch
    from transformers import Wav2Vec2Config, Wav2Vec2ForCTC

    torch.manual_seed(0)
    folder.mkdir(parents=True)
    (folder / "vocab.json").write_text(json.dumps(VOCABULARY))
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "Wav2Vec2CTCTokenizer"}))
    config = Wav2Vec2Config(
        vocab_size=len(VOCABULARY),
        hidden_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=128,
        conv_dim=(16,) * 7,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=4,
        pad_token_id=0,
    )
    Wav2Vec2ForCTC(config).eval().save_pretrained(folder)
    return folder


def written(words: Sequence[tuple[float, float, str]], seconds: float) -> Floats:
    """Sound at 16 kHz into which its letters are written, for `Reader`: each 20 ms has the level of its token, a letter
    in its first 20 ms and the blank after that. Letters are spread evenly over their word (start, end, text); a word
    ends with the mark that parts it from the next."""
    tokens = np.zeros(round(seconds * 50), np.int64)
    for start, end, text in words:
        for letter, at in zip(text, np.linspace(start, end, len(text), endpoint=False), strict=True):
            tokens[round(at * 50)] = VOCABULARY[letter]
        tokens[round(end * 50)] = VOCABULARY["|"]
    return np.repeat(tokens / np.float32(64), RATE // 50).astype(np.float32)


class Reader:
    """In the place of a trained network: reads what `written` wrote, and is sure of it."""

    def eval(self) -> Reader:
        return self

    def to(self, device: str) -> Reader:
        return self

    def __call__(self, samples: Any) -> Any:
        import torch

        count = samples.shape[1] // (RATE // 50)
        levels = samples[:, : count * (RATE // 50)].reshape(1, count, -1).mean(-1)
        tokens = (levels * 64).round().long()
        return SimpleNamespace(logits=10 * torch.nn.functional.one_hot(tokens, len(VOCABULARY)).float())
