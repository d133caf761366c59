"""Another system's answers, judged by the same ruler: a file of JSON lines, one an item.

    {"key": "dev/0/3", "label": "joy"}
    {"key": "dev/0/4", "distribution": {"joy": 0.7, "neutral": 0.3}, "confidence": 0.6}
    {"key": "dev/0/5", "abstained": true}

`key` is what the corpus' reader gives the item (docs/evals.md). Without `label`, the likeliest of `distribution`
counts. For several labels an item there is `labels`; for ratings, `valence` and `arousal`; `conflict` says whether the
sources were seen to disagree; `milliseconds` is what it cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emoagent.errors import UsageError
from emoagent.evals.scoring.answer import Answer
from emoagent.labels import LABEL_SETS, resolve


class Prediction(BaseModel):
    """One line of the file. Fields that nobody here knows are left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    key: str
    label: str | None = None
    labels: tuple[str, ...] | None = None
    distribution: dict[str, float] = Field(default_factory=dict)
    confidence: float | None = Field(default=None, ge=0, le=1)
    valence: float | None = Field(default=None, allow_inf_nan=False)
    arousal: float | None = Field(default=None, allow_inf_nan=False)
    text: str | None = None
    steps: tuple[str, ...] | None = None
    conflict: bool | None = None
    abstained: bool = False
    milliseconds: float | None = Field(default=None, ge=0)


def predictions(file: Path) -> dict[str, Prediction]:
    """The lines by key. Raises `UsageError` for a file that is missing or malformed, and where a key occurs twice."""
    found: dict[str, Prediction] = {}
    for number, text in enumerate(_lines(file), start=1):
        if not text.strip():
            continue
        try:
            each = Prediction.model_validate_json(text)
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(map(str, problem["loc"]))
            raise UsageError(
                f"{file.name}, line {number}: {where} {problem['msg']}", hint="see docs/evals.md"
            ) from error
        if each.key in found:
            raise UsageError(f"{file.name}, line {number}: the key {each.key!r} occurs twice")
        found[each.key] = each
    return found


def answers(file: Path, asked: Sequence[Answer], label_set: str) -> tuple[list[Answer], float | None, list[str]]:
    """The predicted answer to each item of `asked`, the mean cost where it is told, and notes. An item without a line,
    or with a label outside the set, is answered by an invalid answer. Raises as `predictions`, and `UsageError` where
    no key is one of the items'."""
    told = predictions(file)
    known = [answer for answer in asked if answer.key in told]
    if asked and not known:
        raise UsageError(f"no key in {file.name} is one of the items'", hint=f"keys look like {asked[0].key!r}")
    found = [_answer(each, told.get(each.key), label_set) for each in asked]
    costs = [cost for each in known if (cost := told[each.key].milliseconds) is not None]
    notes = [f"answers from {file.name}; labels are those of {label_set} ({', '.join(LABEL_SETS[label_set])})"]
    notes += [f"{len(asked) - len(known)} items have no line in it: invalid"] if len(known) < len(asked) else []
    notes += [f"{len(told) - len(known)} lines are about other items"] if len(told) > len(known) else []
    return found, sum(costs) / len(costs) if costs else None, notes


def _answer(asked: Answer, told: Prediction | None, label_set: str) -> Answer:
    if told is None:
        return replace(asked, label=None, confidence=None, distribution={}, invalid=True)
    masses = {label: p for name, p in told.distribution.items() if (label := resolve(name, label_set))}
    said = told.label or max(masses, key=lambda name: masses[name], default=None)
    label = resolve(said, label_set) if said and not told.abstained else None
    confidence = told.confidence if told.confidence is not None else masses.get(label or "")
    invalid = label is None and not told.abstained
    return replace(asked, label=label, confidence=confidence, distribution=masses, invalid=invalid)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}", hint="--predictions names a file of JSON lines") from error
