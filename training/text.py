"""Fits the text model that is shipped: `python -m emoagent.training.text --data DIR [--out FILE] [--test]`.

DIR holds `goemotions/` (Apache-2.0) and `xed/` (CC BY 4.0), which are all that it learns from. `meld/` is optional and
only ever measured: its dev part with every run, its test part with `--test`. Needs scikit-learn (extra `train`).
Two minutes on one core; the same data gives the same bytes.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import ExtraMissing, UsageError
from emoagent.labels import LABEL_SETS
from emoagent.tools.text_emotion import BITS, VOCABULARY_BITS, WEIGHTS, features, slot_of, words

LABELS = LABEL_SETS["meld7"]
REDDIT = 0.15  # weight of a GoEmotions line against a line of film dialogue, chosen on MELD dev
PENALTY = 2.0  # inverse strength of the L2 penalty, chosen on MELD dev
HELD_OUT = 10  # every tenth line of XED, by hash, is kept for calibration
MET = 5  # lines in which a word must occur to count as known
SEED = 7

# Demszky et al. (2020), "GoEmotions", their grouping into the labels of Ekman.
EKMAN = {
    "neutral": "neutral",
    "joy": "joy amusement approval excitement gratitude love optimism relief pride admiration desire caring",
    "anger": "anger annoyance disapproval",
    "surprise": "surprise realization confusion curiosity",
    "sadness": "sadness disappointment embarrassment grief remorse",
    "disgust": "disgust",
    "fear": "fear nervousness",
}
PLUTCHIK = {1: "anger", 3: "disgust", 4: "fear", 5: "joy", 6: "sadness", 7: "surprise"}  # 2, 8: not in meld7
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """A line of text and the labels that annotators gave it."""

    text: str
    labels: tuple[str, ...]


def goemotions(folder: Path, part: str) -> list[Line]:
    """The lines of one part (train, dev, test), with labels grouped after Ekman."""
    group = {name: label for label, names in EKMAN.items() for name in names.split()}
    names = (folder / "labels.txt").read_text("utf-8").split()
    rows = [row.split("\t") for row in (folder / f"{part}.tsv").read_text("utf-8").split("\n") if row]
    return [Line(text, tuple(sorted({group[names[int(i)]] for i in ids.split(",")}))) for text, ids, _ in rows]


def xed(folder: Path) -> tuple[list[Line], list[Line]]:
    """Film subtitles for fitting, and a tenth of them held out. Lines of trust or anticipation alone are dropped."""
    lines = []
    for row in (folder / "en-annotated.tsv").read_text("utf-8").split("\n"):
        text, _, ids = row.rpartition("\t")
        if labels := tuple(sorted({PLUTCHIK[int(i)] for i in ids.split(",") if i.strip() and int(i) in PLUTCHIK})):
            lines.append(Line(text, labels))
    neutral = (folder / "neu_en.txt").read_text("utf-8").split("\n")
    lines += [Line(row.partition("\t")[2], ("neutral",)) for row in neutral if row]
    kept = [crc32(line.text.encode()) % HELD_OUT == 0 for line in lines]
    return [x for x, k in zip(lines, kept, strict=True) if not k], [x for x, k in zip(lines, kept, strict=True) if k]


def meld(folder: Path, part: str) -> list[Line]:
    """MELD, for measuring only: its licence is GPL-3.0."""
    with (folder / f"{part}_sent_emo.csv").open(encoding="utf-8", newline="") as file:
        return [Line(row["Utterance"], (row["Emotion"],)) for row in csv.DictReader(file)]


def matrix(lines: Sequence[Line]) -> Any:
    """A sparse matrix of lines × 2^17 hashed features."""
    from scipy.sparse import csr_matrix

    found = [features(line.text) for line in lines]
    bounds = np.cumsum([0, *(len(f.buckets) for f in found)])
    columns = np.concatenate([f.buckets for f in found])
    values = np.concatenate([f.values for f in found])
    table = csr_matrix((values, columns, bounds), shape=(len(lines), 1 << BITS))
    table.sum_duplicates()
    return table


def fit(reddit: Sequence[Line], film: Sequence[Line]) -> tuple[Floats, Floats]:
    """Weights (7 × 2^17) and bias (7). A line with k labels counts as k lines of weight 1/k."""
    try:
        from sklearn.linear_model import LogisticRegression
    except ModuleNotFoundError as error:
        raise ExtraMissing("scikit-learn", "train") from error
    lines, share = [*reddit, *film], [REDDIT] * len(reddit) + [1.0] * len(film)
    pairs = [(i, LABELS.index(label)) for i, line in enumerate(lines) for label in line.labels]
    weight = np.array([share[i] / len(lines[i].labels) for i, _ in pairs])
    rows, target = np.array([i for i, _ in pairs]), np.array([t for _, t in pairs])
    model = LogisticRegression(C=PENALTY, max_iter=300, tol=1e-3)
    model.fit(matrix(lines)[rows], target, sample_weight=weight)
    return model.coef_ - model.coef_.mean(axis=0), model.intercept_ - model.intercept_.mean()


def calibrated(parts: Sequence[tuple[Floats, Sequence[Line]]]) -> float:
    """The temperature with the least mean log loss over held-out parts of equal weight (Guo et al. 2017)."""
    grid = np.arange(0.5, 3.0, 0.01)
    losses = [np.mean([_log_loss(logits / t, lines) for logits, lines in parts]) for t in grid]
    return round(float(grid[int(np.argmin(losses))]), 2)


def scores(logits: Floats, lines: Sequence[Line]) -> dict[str, float]:
    """Accuracy (any of a line's labels), weighted F1 of the first label with its bootstrap interval, and the expected
    calibration error in 10 bins."""
    truth = np.array([LABELS.index(line.labels[0]) for line in lines])
    guess, sure = logits.argmax(axis=1), _softmax(logits).max(axis=1)
    right = np.array([LABELS[g] in line.labels for g, line in zip(guess, lines, strict=True)])
    rng = np.random.default_rng(SEED)
    draws = [rng.integers(0, len(lines), len(lines)) for _ in range(1000)]
    low, high = np.percentile([_weighted_f1(truth[d], guess[d]) for d in draws], [2.5, 97.5])
    named = {"n": len(lines), "accuracy": right.mean(), "wf1": _weighted_f1(truth, guess), "wf1_low": low}
    return {k: round(float(v), 4) for k, v in (named | {"wf1_high": high, "ece": _ece(sure, right)}).items()}


def train(data: Path, out: Path, test: bool = False) -> dict[str, dict[str, float]]:
    """Fits, calibrates and writes `out`; gives the scores by data set. Raises `UsageError` where data is missing."""
    if missing := [name for name in ("goemotions", "xed") if not (data / name).is_dir()]:
        raise UsageError(f"{data} has no folder {missing[0]!r}", hint="give --data the folder that holds the data sets")
    film, film_held = xed(data / "xed")
    reddit = goemotions(data / "goemotions", "train")
    weights, bias = fit(reddit, film)
    packed, scale = quantised(weights)
    measured = {"goemotions-dev": goemotions(data / "goemotions", "dev"), "xed-held-out": film_held}
    logits = {name: _logits(packed, scale, bias, lines) for name, lines in measured.items()}
    temperature = calibrated([(logits[name], lines) for name, lines in measured.items()])
    with out.open("wb") as file:
        np.savez_compressed(
            file,
            labels=np.array(LABELS),
            weights=packed,
            scale=scale,
            bias=bias.astype(np.float32),
            temperature=np.float32(temperature),
            vocabulary=known_words([*reddit, *film]),
        )
    for part in ("dev", "test") if test else ("dev",):
        if (data / "meld").is_dir():
            measured[f"meld-{part}"] = meld(data / "meld", part)
    if test:
        measured["goemotions-test"] = goemotions(data / "goemotions", "test")
    report = {n: scores(_logits(packed, scale, bias, x) / temperature, x) for n, x in measured.items()}
    return {"model": {"temperature": temperature, "bytes": out.stat().st_size}, **report}


def known_words(lines: Sequence[Line]) -> NDArray[np.uint8]:
    """The vocabulary as packed bits: words that occur in `MET` lines or more."""
    counts = Counter(word for line in lines for word in set(words(line.text)))
    bits = np.zeros(1 << VOCABULARY_BITS, dtype=bool)
    bits[[slot_of(word) for word, count in counts.items() if count >= MET]] = True
    return np.packbits(bits)


def quantised(weights: Floats) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """8-bit weights and the factor of each row."""
    scale = (np.abs(weights).max(axis=1) / 127).astype(np.float32)
    return np.round(weights / scale[:, None]).astype(np.int8), scale


def _logits(weights: NDArray[np.int8], scale: NDArray[np.float32], bias: Floats, lines: Sequence[Line]) -> Floats:
    return np.asarray(matrix(lines) @ (weights * scale[:, None]).T + bias, dtype=np.float64)


def _softmax(logits: Floats) -> Floats:
    masses = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(masses / masses.sum(axis=1, keepdims=True))


def _log_loss(logits: Floats, lines: Sequence[Line]) -> float:
    logs = np.log(_softmax(logits) + 1e-12)
    chosen = [np.mean([row[LABELS.index(name)] for name in x.labels]) for row, x in zip(logs, lines, strict=True)]
    return -float(np.mean(chosen))


def _weighted_f1(truth: NDArray[np.intp], guess: NDArray[np.intp]) -> float:
    both = np.bincount(truth[truth == guess], minlength=len(LABELS))
    sizes = np.bincount(truth, minlength=len(LABELS)) + np.bincount(guess, minlength=len(LABELS))
    f1 = 2 * both / np.maximum(sizes, 1)
    return float(np.average(f1, weights=np.bincount(truth, minlength=len(LABELS))))


def _ece(sure: Floats, right: NDArray[np.bool_], bins: int = 10) -> float:
    where = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [abs(sure[where == b].sum() - right[where == b].sum()) for b in range(bins)]
    return float(sum(gaps) / len(sure))


def main() -> None:
    """The command line; writes the scores as JSON to stdout."""
    parser = argparse.ArgumentParser(prog="emoagent.training.text", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(WEIGHTS))
    parser.add_argument("--test", action="store_true", help="measure the test parts too")
    chosen = parser.parse_args()
    sys.stdout.write(json.dumps(train(chosen.data, chosen.out, chosen.test), indent=1) + "\n")


if __name__ == "__main__":
    main()
