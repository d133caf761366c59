"""The last layer of the meld7 head fitted again, to its optimum, on the network's finished vectors.

Corpora differ in how often they use a label, so each has a bias of its own, which stochastic steps hardly move. And
what an EmoryNLP label leaves open is not equally likely: it has no surprise and no disgust, yet most of its joyful
lines are joy. The weights below were chosen on MELD dev (docs/log.md lists what was tried).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from emoagent.evals.corpora.emorynlp import emorynlp
from emoagent.training.text import examples
from emoagent.training.text.examples import DOMAINS, EMORY7, MELD7, Example
from emoagent.training.text.loop import outputs
from emoagent.training.text.model import HEADS, TextModel

LIKELY: Mapping[str, Mapping[str, float]] = {
    "neutral": {"neutral": 1},
    "joyful": {"joy": 1, "surprise": 0.5},
    "peaceful": {"neutral": 1, "joy": 1},
    "powerful": {"neutral": 1, "joy": 1, "anger": 1, "surprise": 0.5},
    "scared": {"fear": 1, "surprise": 0.5},
    "mad": {"anger": 1, "disgust": 0.3},
    "sad": {"sadness": 1},
}
USED = DOMAINS.index("subtitles")  # whose bias is kept: the only corpus of talk that has all seven labels
WEIGHT = (1.0, 1.0, 0.3)  # of a line of each domain
REDDIT = 8000  # lines of GoEmotions
PENALTY = 1e-3  # L2, on the weights; a tenth of it on the biases
IMPOSSIBLE = -1e9


def refit(model: TextModel, data: Path, seed: int) -> None:
    """Replaces weights and bias of the meld7 head in place."""
    chosen = _examples(data, seed)
    vectors = torch.from_numpy(outputs(model, chosen)[1])
    weights, biases = fit(vectors, chosen)
    start, end = 0, HEADS["meld7"]
    with torch.no_grad():
        model.heads.weight[start:end] = weights
        model.heads.bias[start:end] = biases[USED]
        model.domain.zero_()


def fit(vectors: Tensor, chosen: Sequence[Example]) -> tuple[Tensor, Tensor]:
    """Weights (7 × width) and a bias for each domain (3 × 7), by L-BFGS from zero: the same data, the same answer."""
    likely = torch.tensor([_likely(example) for example in chosen])
    domain = torch.tensor([example.domain for example in chosen])
    share = torch.tensor(WEIGHT)[domain] / sum(WEIGHT[example.domain] for example in chosen)
    weights = torch.zeros(len(MELD7), vectors.shape[1], requires_grad=True)
    biases = torch.zeros(len(DOMAINS), len(MELD7), requires_grad=True)
    optimizer = torch.optim.LBFGS([weights, biases], max_iter=60, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        logs = torch.log_softmax(vectors @ weights.T + biases[domain], dim=1)
        value = -(torch.logsumexp(logs + likely, dim=1) * share).sum()
        value = value + PENALTY * (weights**2).sum() + PENALTY / 10 * (biases**2).sum()
        value.backward()
        return value

    optimizer.step(closure)
    return weights.detach(), biases.detach()


def _examples(data: Path, seed: int) -> list[Example]:
    dialogue = examples.dialogues(emorynlp(data / "emorynlp", "train"), examples.banned(data))
    reddit = examples.reddit(data / "goemotions", "train")
    film, _ = examples.xed_parts(data / "xed")
    return [*dialogue, *film, *random.Random(seed).sample(reddit, min(REDDIT, len(reddit)))]


def _likely(example: Example) -> list[float]:
    """Log weights of the seven labels."""
    if example.emory is None:
        return [0.0 if i in example.allowed else IMPOSSIBLE for i in range(len(MELD7))]
    weights = LIKELY[EMORY7[example.emory]]
    return [float(torch.tensor(weights[name]).log()) if name in weights else IMPOSSIBLE for name in MELD7]
