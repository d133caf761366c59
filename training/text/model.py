"""The network: MiniLM, the mean of the utterance's tokens, and one linear head for each thing it is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from transformers import AutoModel

from emoagent.training.text.examples import DOMAINS, EMORY7, MELD7, Example

OPEN_LABELS = 28
HEADS = {"meld7": len(MELD7), "emorynlp7": len(EMORY7), "open": OPEN_LABELS, "rated": 3}


class SharedDropout(nn.Module):
    """Dropout with one mask for all tokens of a row (Gal & Ghahramani 2016): as good here, and drawing a random number
    for every single activation would take most of the time on a processor without a fast generator."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.share:
            return x
        kept = torch.empty(x.shape[0], *[1] * (x.dim() - 2), x.shape[-1]).bernoulli_(1 - self.share)
        return x * (kept / (1 - self.share))


class TextModel(nn.Module):
    """`forward` gives the heads' raw outputs side by side (batch × 45) and the pooled vector (batch × 384)."""

    def __init__(self, encoder: Any, dropout: float = 0.1) -> None:
        super().__init__()
        self.encoder = encoder
        width = encoder.config.hidden_size
        self.dropout = SharedDropout(dropout)
        self.heads = nn.Linear(width, sum(HEADS.values()))
        self.domain = nn.Parameter(torch.zeros(len(DOMAINS), len(MELD7)))

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.encoder(input_ids=ids, token_type_ids=types, attention_mask=mask).last_hidden_state
        own = (mask * (1 - types)).unsqueeze(-1).to(hidden.dtype)
        pooled = (hidden * own).sum(1) / own.sum(1)
        return self.heads(self.dropout(pooled)), pooled


def base(folder: Path) -> TextModel:
    """The pretrained encoder in `folder` (safetensors) with new heads."""
    settings = {"attention_probs_dropout_prob": 0.0, "use_safetensors": True, "add_pooling_layer": False}
    encoder = AutoModel.from_pretrained(folder, **settings)
    for module in list(encoder.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Dropout) and child.p > 0:
                setattr(module, name, SharedDropout(child.p))
    return TextModel(encoder)


def batch(examples: list[Example]) -> tuple[Tensor, Tensor, Tensor]:
    """Ids, types and mask, padded to the longest row."""
    longest = max(len(example.row.ids) for example in examples)
    table = torch.zeros(3, len(examples), longest, dtype=torch.long)
    for i, example in enumerate(examples):
        size = len(example.row.ids)
        table[0, i, :size] = torch.tensor(example.row.ids)
        table[1, i, :size] = torch.tensor(example.row.types)
        table[2, i, :size] = 1
    return table[0], table[1], table[2]


def loss(
    model: TextModel, out: Tensor, examples: list[Example], shares: dict[str, float], smooth: float = 0.0
) -> Tensor:
    """The sum over the heads of their mean losses over the whole batch, weighted by `shares`."""
    heads = dict(zip(HEADS, out.split(list(HEADS.values()), dim=1), strict=True))
    total = out.new_zeros(())
    if asked := [i for i, x in enumerate(examples) if x.allowed]:
        rows = torch.tensor(asked)
        where = torch.tensor([examples[i].domain for i in asked])
        open_ = torch.full((len(asked), len(MELD7)), float("-inf"))
        for k, i in enumerate(asked):
            open_[k, list(examples[i].allowed)] = 0.0
        weight = torch.tensor([examples[i].weight for i in asked])
        logs = F.log_softmax(heads["meld7"][rows] + model.domain[where], dim=1)
        each = -torch.logsumexp(logs + open_, dim=1)
        if smooth:
            each = (1 - smooth) * each - smooth * logs.mean(1)
        total = total + (each * weight).sum() / len(examples)
    if asked := [i for i, x in enumerate(examples) if x.emory is not None]:
        target = torch.tensor([examples[i].emory for i in asked])
        each = F.cross_entropy(heads["emorynlp7"][asked], target, reduction="sum") / len(examples)
        total = total + shares.get("emorynlp7", 0.3) * each
    if asked := [i for i, x in enumerate(examples) if x.open is not None]:
        target = torch.zeros(len(asked), OPEN_LABELS)
        for k, i in enumerate(asked):
            target[k, list(examples[i].open or ())] = 1.0
        each = F.binary_cross_entropy_with_logits(heads["open"][asked], target, reduction="none").sum(1)
        total = total + shares.get("open", 0.3) * each.sum() / len(examples)
    if asked := [i for i, x in enumerate(examples) if x.rated is not None]:
        target = torch.tensor([examples[i].rated for i in asked])
        total = total + shares.get("rated", 5.0) * ((heads["rated"][asked] - target) ** 2).sum() / len(examples)
    return total
