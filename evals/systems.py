"""Whose answers are judged where a benchmark's media are analysed elsewhere: those in a file of JSON lines
(`predictions.py`), or those in the run folders of `emoagent analyze` (`traces.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from emoagent.errors import UsageError
from emoagent.evals.benchmark import Options
from emoagent.evals.predictions import Prediction, predictions
from emoagent.evals.scoring.answer import Answer
from emoagent.evals.traces import clip_answers
from emoagent.labels import ALIASES, LABEL_SETS


@dataclass(frozen=True)
class System:
    """What a system answered to the items, in their order; `None` where it has no answer. `milliseconds` is the mean
    cost of an answer, where it is told."""

    name: str
    answers: tuple[Prediction | None, ...]
    notes: tuple[str, ...] = ()

    @property
    def milliseconds(self) -> float | None:
        """The mean cost of an answer, `None` where it is not told."""
        costs = [each.milliseconds for each in self.answers if each is not None and each.milliseconds is not None]
        return sum(costs) / len(costs) if costs else None


def systems(options: Options, keys: Sequence[str]) -> list[System]:
    """The systems that `--predictions` names, matched to the items: one for a file; for run folders the verdicts and,
    beside them, the opinions on the text alone. An item is found by its key or by the last part of it without an
    ending. Raises `UsageError` where nothing is named, nothing can be read, or nothing matches."""
    path = options.predictions
    if path is None:
        hint = "--predictions FILE.jsonl, or the FOLDER that emoagent analyze CLIP… -o FOLDER has filled"
        raise UsageError("this benchmark judges the answers of a run over its clips", hint=hint)
    if path.is_dir():
        return [_matched("fused", clip_answers(path), keys), _matched("text only", clip_answers(path, "text"), keys)]
    return [_matched(path.stem, predictions(path), keys)]


def judged(options: Options) -> str:
    """What a result calls whose answers are judged: the name of the file or folder."""
    return options.predictions.stem if options.predictions else options.reasoner


def closed(
    asked: Sequence[Answer],
    said: Sequence[Prediction | None],
    allowed: Sequence[str],
    merged: Mapping[str, str] | None = None,
) -> list[Answer]:
    """The answers to `asked` in the labels of a closed set. A label is taken by its name or alias; where there is none,
    or one outside the set, the likeliest label of the distribution that is in the set counts. `merged` maps labels that
    count as another. No answer at all, or none within the set, is invalid."""
    return [_closed(one, told, allowed, merged or {}) for one, told in zip(asked, said, strict=True)]


def within(answer: Answer, allowed: Sequence[str], merged: Mapping[str, str] | None = None) -> Answer:
    """An answer in the labels of another set, cut to those that both have: the likeliest of them counts. An answer
    without a label stays without."""
    masses = _masses(answer.distribution, allowed, merged or {})
    label = _named(answer.label, allowed, merged or {}) if answer.label else None
    if answer.label is not None and label is None:
        label = _first(masses)
    lost = answer.label is not None and label is None
    confidence = answer.confidence if label is not None and label == answer.label else masses.get(label or "")
    return replace(answer, label=label, confidence=confidence, distribution=masses, invalid=answer.invalid or lost)


def unreachable(allowed: Sequence[str], label_set: str = "meld7") -> tuple[str, ...]:
    """The labels of a set that a reasoner with another set cannot say."""
    return tuple(name for name in allowed if name not in LABEL_SETS[label_set])


def ceiling(asked: Sequence[Answer], allowed: Sequence[str], label_set: str = "meld7") -> list[Answer]:
    """The answers of a perfect system with another label set: right wherever it can say the label, else none."""
    missing = unreachable(allowed, label_set)
    return [replace(one, label=None if one.truth in missing else one.truth) for one in asked]


def _matched(name: str, told: Mapping[str, Prediction], keys: Sequence[str]) -> System:
    used = [next((k for k in _keys(key) if k in told), None) for key in keys]
    known = {key for key in used if key is not None}
    if keys and not known:
        raise UsageError(f"none of the answers of {name!r} is about these items", hint=f"keys look like {keys[0]!r}")
    missing = sum(key is None for key in used)
    notes = [f"{name}: {missing} items have no answer: invalid"] if missing else []
    notes += [f"{name}: {len(told) - len(known)} answers are about other items"] if len(told) > len(known) else []
    return System(name, tuple(told[key] if key is not None else None for key in used), tuple(notes))


def _keys(key: str) -> tuple[str, ...]:
    """The key, what follows its first colon (a part of the corpus), its last part without an ending, and without
    leading zeros."""
    return (key, key.partition(":")[2] or key, PurePosixPath(key).stem, key.lstrip("0"))


def _closed(asked: Answer, told: Prediction | None, allowed: Sequence[str], merged: Mapping[str, str]) -> Answer:
    if told is None:
        return replace(asked, label=None, confidence=None, distribution={}, invalid=True)
    masses = _masses(told.distribution, allowed, merged)
    said = _named(told.label, allowed, merged) if told.label else None
    label = None if told.abstained else said or _first(masses)
    confidence = told.confidence if told.confidence is not None else masses.get(label or "")
    invalid = label is None and not told.abstained
    return replace(asked, label=label, confidence=confidence, distribution=masses, invalid=invalid)


def _masses(given: Mapping[str, float], allowed: Sequence[str], merged: Mapping[str, str]) -> dict[str, float]:
    masses: dict[str, float] = {}
    for name, mass in given.items():
        if label := _named(name, allowed, merged):
            masses[label] = masses.get(label, 0.0) + mass
    total = sum(masses.values())
    return {name: mass / total for name, mass in masses.items()} if total > 0 else {}


def _named(word: str, allowed: Sequence[str], merged: Mapping[str, str]) -> str | None:
    key = word.strip().casefold()
    candidates = (key, ALIASES.get(key, key))
    return next((merged.get(c, c) for c in candidates if merged.get(c, c) in allowed), None)


def _first(masses: Mapping[str, float]) -> str | None:
    return max(masses, key=lambda name: masses[name], default=None)
