"""The training loop: AdamW, a linear warm-up and decay, batches of like length, the same order for the same seed."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from emoagent.training.text.examples import Example
from emoagent.training.text.model import TextModel, batch, loss

REPORTED = 50  # steps from one line of progress to the next


@dataclass(frozen=True)
class Plan:
    """How to train. `shares` are the weights of the heads' losses; see `loss`."""

    rate: float = 8e-5
    size: int = 64
    warm: float = 0.06
    decay: float = 0.01
    clip: float = 1.0
    smooth: float = 0.0
    shares: dict[str, float] = field(default_factory=dict)


def train(model: TextModel, epochs: Sequence[Sequence[Example]], plan: Plan, seed: int) -> TextModel:
    """Trains in place. `epochs` are the examples of each pass, since not every pass needs all of them."""
    torch.manual_seed(seed)
    source = random.Random(seed)
    batches = [part for examples in epochs for part in bucketed(examples, plan.size, source)]
    optimizer = torch.optim.AdamW(_groups(model, plan), lr=plan.rate, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _slope(len(batches), plan.warm))
    model.train()
    began, mean = time.perf_counter(), 0.0
    for i, part in enumerate(batches, start=1):
        value = _step(model, part, plan, optimizer)
        schedule.step()
        mean += (value - mean) / min(i, REPORTED)
        if i % REPORTED == 0:
            sys.stderr.write(f"step {i}/{len(batches)}  loss {mean:.3f}  {time.perf_counter() - began:.0f} s\n")
    return model.eval()


def _step(model: TextModel, part: list[Example], plan: Plan, optimizer: torch.optim.Optimizer) -> float:
    out, _ = model(*batch(part))
    value = loss(model, out, part, plan.shares, plan.smooth)
    value.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), plan.clip)
    optimizer.step()
    optimizer.zero_grad()
    return float(value.detach())


def _groups(model: TextModel, plan: Plan) -> list[dict[str, Any]]:
    """Matrices decay; biases and norms do not."""
    shrunk = [p for p in model.parameters() if p.dim() > 1]
    kept = [p for p in model.parameters() if p.dim() <= 1]
    return [{"params": shrunk, "weight_decay": plan.decay}, {"params": kept, "weight_decay": 0.0}]


def _slope(steps: int, share: float) -> Callable[[int], float]:
    warm = max(1, round(share * steps))
    return lambda step: min((step + 1) / warm, max(0.0, (steps - step) / max(1, steps - warm)))


def bucketed(examples: Sequence[Example], size: int, source: random.Random) -> Iterator[list[Example]]:
    """Shuffled batches of like length: sorted within stretches of 40 batches."""
    order = list(examples)
    source.shuffle(order)
    found = []
    for start in range(0, len(order), size * 40):
        stretch = sorted(order[start : start + size * 40], key=lambda example: len(example.row.ids))
        found += [stretch[i : i + size] for i in range(0, len(stretch), size)]
    source.shuffle(found)
    return iter(found)


@torch.no_grad()
def outputs(
    model: TextModel, examples: Sequence[Example], size: int = 64
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The raw outputs of all heads (n × 45) and the pooled vectors (n × 384), in the order of the examples."""
    model.eval()
    order = sorted(range(len(examples)), key=lambda i: len(examples[i].row.ids))
    raw: list[Tensor] = []
    pooled: list[Tensor] = []
    for start in range(0, len(order), size):
        out, vector = model(*batch([examples[i] for i in order[start : start + size]]))
        raw.append(out)
        pooled.append(vector)
    back = np.argsort(order)
    return torch.cat(raw).numpy()[back], torch.cat(pooled).numpy()[back]
