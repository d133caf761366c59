"""Learns to tell emotions from the voice alone: `python -m emoagent.training.voice --data DIR [--out FILE]`.

A recipe for research: its weights are not shipped, for none of the data may be learned from for that (see
docs/models/voice.md). DIR holds `emodb16k/` (EMO-DB) or `ravdess16k/` (RAVDESS, non-commercial), or both. Every number
is of speakers that were not learned from, and settings are chosen within the training speakers. Needs scikit-learn
(extra `train`). Two minutes on one core; the same data gives the same numbers.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emoagent.errors import ExtraMissing, UsageError
from emoagent.tools.voice.voice_features import mel_statistics, voice_features

EMODB = {
    "W": "anger", "L": "boredom", "E": "disgust", "A": "fear", "F": "joy", "T": "sadness", "N": "neutral",
}  # fmt: skip
RAVDESS = ("neutral", "calm", "joy", "sadness", "anger", "fear", "disgust", "surprise")
COMMON = ("neutral", "joy", "anger", "sadness", "disgust", "fear")  # labels that both collections have
PENALTIES = (0.003, 0.01, 0.03, 0.1)  # inverse strengths of the L2 penalty to choose from
WIDTHS = (0.3, 1.0, 3.0, 10.0)  # C of the support vector machine to choose from
FARTHEST = 4.0  # standard deviations at which a normalised feature is cut off
DRAWS, SEED = 1000, 7

Floats = NDArray[np.float64]
Names = NDArray[np.str_]
Learner = Callable[[float], Any]


@dataclass(frozen=True)
class Corpus:
    """n recordings: `features` (n, k) and the plain `mel` statistics (n, 52), NaN where unmeasured; labels, speakers,
    and `texts`, which tell which recordings are of the same sentence and repetition."""

    features: Floats
    mel: Floats
    labels: Names
    speakers: Names
    texts: Names
    columns: tuple[str, ...]

    def only(self, labels: Sequence[str]) -> Corpus:
        """The recordings with one of `labels`."""
        k = np.isin(self.labels, labels)
        rows, known = (self.features[k], self.mel[k]), (self.labels[k], self.speakers[k], self.texts[k])
        return Corpus(*rows, *known, self.columns)


def emodb(folder: Path) -> Corpus:
    """EMO-DB (Burkhardt et al. 2005): speaker, text and emotion are in the file name."""
    files = sorted(folder.glob("*.flac"))
    return _corpus(files, [(EMODB[f.stem[5]], f.stem[:2], f.stem[2:5]) for f in files])


def ravdess(folder: Path) -> Corpus:
    """RAVDESS speech (Livingstone & Russo 2018): fields of the name are emotion, intensity, statement, repetition,
    actor."""
    files = sorted(folder.glob("*.flac"))
    parts = [f.stem.split("-") for f in files]
    return _corpus(files, [(RAVDESS[int(p[2]) - 1], p[6], f"{p[4]}-{p[5]}") for p in parts])


def normalised(values: Floats, speakers: Names) -> Floats:
    """Each speaker's recordings against that speaker's own median and spread, over all of them: no labels are used,
    but all recordings must be there. What is missing becomes 0, the speaker's usual."""
    result = np.zeros_like(values)
    for speaker in np.unique(speakers):
        own = values[speakers == speaker]
        away = own - np.nanmedian(own, axis=0)
        spread = np.maximum(1.4826 * np.nanmedian(np.abs(away), axis=0), 0.3 * np.nanstd(own, axis=0) + 1e-9)
        result[speakers == speaker] = np.clip(np.nan_to_num(away / spread), -FARTHEST, FARTHEST)
    return result


def regression(penalty: float) -> Any:
    """Multinomial logistic regression with classes of equal weight."""
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ModuleNotFoundError as error:
        raise ExtraMissing("scikit-learn", "train") from error
    return make_pipeline(StandardScaler(), LogisticRegression(C=penalty, class_weight="balanced", max_iter=3000))


def machine(width: float) -> Any:
    """The floor's support vector machine with a Gaussian kernel."""
    try:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import SVC
    except ModuleNotFoundError as error:
        raise ExtraMissing("scikit-learn", "train") from error
    return make_pipeline(StandardScaler(), SVC(C=width, class_weight="balanced"))


def uar(truth: Names, guess: Names) -> float:
    """Unweighted average recall: the mean over the labels of the share that was found."""
    return float(np.mean([np.mean(guess[truth == label] == label) for label in np.unique(truth)]))


def chosen(values: Floats, labels: Names, groups: Names, learner: Learner, grid: Sequence[float]) -> Any:
    """The learner with the best setting by leave-one-group-out, fitted on all that is given."""
    scores = []
    for setting in grid:
        guess = labels.copy()
        for group in np.unique(groups):
            held = groups == group
            guess[held] = learner(setting).fit(values[~held], labels[~held]).predict(values[held])
        scores.append(uar(labels, guess))
    return learner(grid[int(np.argmax(scores))]).fit(values, labels)


def held_out(values: Floats, corpus: Corpus, learner: Learner, grid: Sequence[float]) -> Names:
    """A guess for every recording by a learner that never met its speaker. The setting is chosen by leaving out one of
    the training speakers after another, or one sentence after another where only one speaker is left."""
    guess = corpus.labels.copy()
    for speaker in np.unique(corpus.speakers):
        test = corpus.speakers == speaker
        groups = corpus.speakers[~test]
        groups = groups if len(np.unique(groups)) > 1 else corpus.texts[~test]
        guess[test] = chosen(values[~test], corpus.labels[~test], groups, learner, grid).predict(values[test])
    return guess


def interval(truth: Names, speakers: Names, score: Callable[[NDArray[np.intp]], float]) -> tuple[float, float]:
    """95 % interval of `score` over 1,000 draws of recordings, within each speaker and label. It says what other
    recordings of the same speakers would give, not what other speakers would."""
    random, cells = np.random.default_rng(SEED), list(_cells(truth, speakers))
    scores = [score(np.concatenate([random.choice(cell, len(cell)) for cell in cells])) for _ in range(DRAWS)]
    low, high = np.percentile(scores, (2.5, 97.5))
    return float(low), float(high)


def evaluated(corpus: Corpus) -> dict[str, Any]:
    """Leave-one-speaker-out: the recipe against the floor, on the same recordings."""
    plain = np.nan_to_num(corpus.mel)
    floor = held_out(plain, corpus, machine, WIDTHS)
    guess = held_out(normalised(corpus.features, corpus.speakers), corpus, regression, PENALTIES)
    raw = held_out(np.nan_to_num(corpus.features), corpus, regression, PENALTIES)
    truth, speakers = corpus.labels, corpus.speakers
    return {
        "recordings": len(truth),
        "labels": len(np.unique(truth)),
        "recipe": _score(truth, guess, speakers),
        "without speaker normalisation": _score(truth, raw, speakers),
        "floor: SVM on log-mel statistics": _score(truth, floor, speakers),
        "gain over the floor": interval(truth, speakers, lambda i: uar(truth[i], guess[i]) - uar(truth[i], floor[i])),
        "by speaker": {s: round(uar(truth[speakers == s], guess[speakers == s]), 3) for s in np.unique(speakers)},
    }


def crossed(train: Corpus, test: Corpus) -> dict[str, Any]:
    """Learned from one collection, measured on the other, on the labels that both have."""
    train, test = train.only(COMMON), test.only(COMMON)
    values = normalised(train.features, train.speakers)
    groups = train.speakers if len(np.unique(train.speakers)) > 1 else train.texts
    guess = chosen(values, train.labels, groups, regression, PENALTIES).predict(
        normalised(test.features, test.speakers)
    )
    floor = chosen(np.nan_to_num(train.mel), train.labels, groups, machine, WIDTHS).predict(np.nan_to_num(test.mel))
    scores = {"recipe": guess, "floor: SVM on log-mel statistics": floor}
    told = {name: _score(test.labels, found, test.speakers) for name, found in scores.items()}
    return {"recordings": len(test.labels), "labels": len(np.unique(test.labels)), **told}


def save(corpus: Corpus, path: Path) -> None:
    """Fits on everything and writes the weights, for research only."""
    values = normalised(corpus.features, corpus.speakers)
    scaler, model = (step for _, step in chosen(values, corpus.labels, corpus.speakers, regression, PENALTIES).steps)
    np.savez_compressed(
        path, weights=model.coef_ / scaler.scale_, bias=model.intercept_ - model.coef_ @ (scaler.mean_ / scaler.scale_),
        labels=model.classes_, columns=np.array(corpus.columns), use=np.array("research only"),
    )  # fmt: skip


def measured(data: Path) -> dict[str, Any]:
    """All scores for what is found in `data`. Raises `UsageError` where there is nothing."""
    readers = {"emodb": (emodb, data / "emodb16k"), "ravdess": (ravdess, data / "ravdess16k")}
    found = {name: read(folder) for name, (read, folder) in readers.items() if any(folder.glob("*.flac"))}
    if not found:
        raise UsageError(f"{data}: no emodb16k/*.flac and no ravdess16k/*.flac", hint="give the folder that holds them")
    scores: dict[str, Any] = {name: evaluated(corpus) for name, corpus in found.items()}
    if len(found) == 2:
        scores["emodb to ravdess"] = crossed(found["emodb"], found["ravdess"])
        scores["ravdess to emodb"] = crossed(found["ravdess"], found["emodb"])
    return scores


def _score(truth: Names, guess: Names, speakers: Names) -> dict[str, Any]:
    low, high = interval(truth, speakers, lambda i: uar(truth[i], guess[i]))
    return {"uar": round(uar(truth, guess), 4), "interval": (round(low, 3), round(high, 3))}


def _cells(truth: Names, speakers: Names) -> Iterator[NDArray[np.intp]]:
    for speaker in np.unique(speakers):
        for label in np.unique(truth[speakers == speaker]):
            yield np.flatnonzero((speakers == speaker) & (truth == label))


def _corpus(files: Sequence[Path], named: Sequence[tuple[str, str, str]]) -> Corpus:
    sounds = (_read(file) for file in files)
    rows = [(voice_features(sound), mel_statistics(sound)) for sound in sounds]
    features, mel = (np.array([list(row[i].values()) for row in rows], dtype=np.float64) for i in (0, 1))
    labels, speakers, texts = (np.array(column) for column in zip(*named, strict=True))
    return Corpus(features, mel, labels, speakers, texts, tuple(rows[0][0]))


def _read(path: Path) -> NDArray[np.float32]:
    import av

    with av.open(str(path)) as file:
        resampler = av.AudioResampler("fltp", "mono", 16_000)
        frames = [part for frame in file.decode(audio=0) for part in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.float32)


def main() -> None:
    """The command line; writes the scores as JSON to stdout."""
    parser = argparse.ArgumentParser(prog="emoagent.training.voice", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="write the weights of EMO-DB to this file, for research only")
    arguments = parser.parse_args()
    sys.stdout.write(json.dumps(measured(arguments.data), indent=1) + "\n")
    if arguments.out:
        save(emodb(arguments.data / "emodb16k"), arguments.out)


if __name__ == "__main__":
    main()
