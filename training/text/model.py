"""The network: MiniLM, the mean of the utterance's tokens, and one linear head for each thing it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from transformers import AutoModel

from emoagent.training.text.examples import DOMAINS, EMORY7, MELD7, Example

OPEN_LABELS = 28
SHARES = {"meld7": 1.0, "emorynlp7": 0.3, "open": 0.3, "rated": 5.0}  # of each head in the loss
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
    settings = {"attention_probs_dropout_prob": 0.0, "add_pooling_layer": False}
    encoder = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True, **settings)
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
    model: TextModel, out: Tensor, examples: list[Example], shares: Mapping[str, float], smooth: float = 0.0
) -> Tensor:
    """The sum over the heads of their losses, weighted by `shares`, over the number of examples. A head learns only
    from the examples that have a target for it. `smooth` is label smoothing of meld7 (Szegedy et al. 2016)."""
    heads = dict(zip(HEADS, out.split(list(HEADS.values()), dim=1), strict=True))
    total = out.new_zeros(())
    for name, (asked, of_head) in LOSSES.items():
        chosen = [i for i, example in enumerate(examples) if asked(example)]
        if chosen:
            value = of_head(model, heads[name][chosen], [examples[i] for i in chosen], smooth)
            total = total + shares.get(name, SHARES[name]) * value / len(examples)
    return total


def _allowed_loss(model: TextModel, logits: Tensor, examples: list[Example], smooth: float) -> Tensor:
    """Log loss of the sum over the labels that would be right; each domain has its own label frequencies."""
    closed = torch.full((len(examples), len(MELD7)), float("-inf"))
    for row, example in zip(closed, examples, strict=True):
        row[list(example.allowed)] = 0.0
    logs = F.log_softmax(logits + model.domain[[example.domain for example in examples]], dim=1)
    each = -(1 - smooth) * torch.logsumexp(logs + closed, dim=1) - smooth * logs.mean(1)
    return (each * torch.tensor([example.weight for example in examples])).sum()


def _emory_loss(_: TextModel, logits: Tensor, examples: list[Example], __: float) -> Tensor:
    return F.cross_entropy(logits, torch.tensor([example.emory for example in examples]), reduction="sum")


def _open_loss(_: TextModel, logits: Tensor, examples: list[Example], __: float) -> Tensor:
    target = torch.zeros_like(logits)
    for row, example in zip(target, examples, strict=True):
        row[list(example.open or ())] = 1.0
    return F.binary_cross_entropy_with_logits(logits, target, reduction="sum")


def _rated_loss(_: TextModel, ratings: Tensor, examples: list[Example], __: float) -> Tensor:
    return ((ratings - torch.tensor([example.rated for example in examples])) ** 2).sum()


Asked = Callable[[Example], bool]
OfHead = Callable[[TextModel, Tensor, list[Example], float], Tensor]
LOSSES: Mapping[str, tuple[Asked, OfHead]] = {
    "meld7": (lambda example: bool(example.allowed), _allowed_loss),
    "emorynlp7": (lambda example: example.emory is not None, _emory_loss),
    "open": (lambda example: example.open is not None, _open_loss),
    "rated": (lambda example: example.rated is not None, _rated_loss),
}
