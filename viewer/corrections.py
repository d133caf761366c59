"""What people set right in a result: the format of a correction, the layers of them beside a run, and how far people
and machine agree (docs/design/corrections.md; `Correction`, `Layer`, `Agreement` of viewer/front/src/model.ts)."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError

from emoagent.labels import LABEL_SETS
from emoagent.schema import Record, Trace
from emoagent.viewer.exports.cleaning import clean

FORMAT: Literal["emoagent.corrections/1"] = "emoagent.corrections/1"
FOLDER = "corrections"
NEW = "new:"
NO_LABEL = "none"
_NAME = re.compile(r"(\d{4,})-[0-9a-f]{12}\.jsonl")

Name = Annotated[str, Field(max_length=200), AfterValidator(clean)]
Note = Annotated[str, Field(max_length=2000), AfterValidator(clean)]


class Correction(Record):
    """One judgement of a person about one utterance. `after` equal to `before` confirms what stood there."""

    format: Literal["emoagent.corrections/1"] = FORMAT
    clip: Name = Field(description="id of the clip: the first 16 digits of its sha256")
    utterance: Name
    field: Literal["label", "person"]
    before: Name | None = Field(description="what the person saw there; None: nothing")
    after: Name | None = Field(description="a label of the set, the id of a person, or new:NAME; None: none of them")
    by: Name | None = Field(default=None, description="who says so")
    note: Note | None = None


class Agreement(Record):
    """Labels of the machine against those of a layer, for the utterances whose label the layer speaks of."""

    n: int = Field(ge=0, description="utterances")
    same: int = Field(ge=0)
    kappa: float | None = Field(description="Cohen's kappa; None: not defined, as where only one label occurs")
    rows: tuple[tuple[str, str, int], ...] = Field(description="machine, people, utterances; the most frequent first")


class Layer(Record):
    """Corrections that were imported together."""

    name: str
    corrections: tuple[Correction, ...]
    agreement: Agreement


def layers(folder: Path, trace: Trace) -> tuple[Layer, ...]:
    """The layers beside the run in `folder`, newest last. Lines that do not fit `trace`, as after an analysis with
    another transcript, are left out with a warning."""
    return tuple(_layer(path, trace) for path in layer_files(folder))


def layer_files(folder: Path) -> list[Path]:
    """The files of the layers, newest last."""
    found = [(match, path) for path in (folder / FOLDER).glob("*.jsonl") if (match := _NAME.fullmatch(path.name))]
    return [path for match, path in sorted(found, key=lambda pair: int(pair[0][1]))]


def fit(trace: Trace) -> Callable[[Correction], str | None]:
    """Tells of a correction why it cannot be applied to this run, or `None`."""
    utterances, people = {each.id for each in trace.utterances}, {each.id for each in trace.people}

    def misfit(correction: Correction) -> str | None:
        if correction.clip != trace.clip.id:
            return f"it is of another clip: {correction.clip}, and this run is of {trace.clip.name} ({trace.clip.id})"
        if correction.utterance not in utterances:
            return f"there is no utterance {correction.utterance!r} in this run"
        if correction.field == "label":
            return _no_label(correction.after, trace)
        return None if correction.after in people else _no_person(correction.after, trace)

    return misfit


def latest(corrections: Iterable[Correction]) -> tuple[Correction, ...]:
    """The last word on each field of each utterance."""
    return tuple({(each.utterance, each.field): each for each in corrections}.values())


def agreement(corrections: Iterable[Correction], trace: Trace) -> Agreement:
    """The run's own labels against those of `corrections`."""
    machine = {verdict.utterance: verdict.label or NO_LABEL for verdict in trace.verdicts}
    said = [each for each in latest(corrections) if each.field == "label"]
    pairs = Counter((machine.get(each.utterance, NO_LABEL), each.after or NO_LABEL) for each in said)
    rows = sorted(((a, b, count) for (a, b), count in pairs.items()), key=lambda row: (-row[2], row))
    same = sum(count for a, b, count in rows if a == b)
    return Agreement(n=len(said), same=same, kappa=_kappa(rows, len(said), same), rows=tuple(rows))


def standing(trace: Trace, before: Sequence[Layer]) -> dict[tuple[str, str], str | None]:
    """What stands after these layers, by utterance and field: a label, the id of a person, new:NAME, or None."""
    stands: dict[tuple[str, str], str | None] = {
        (verdict.utterance, "label"): verdict.label for verdict in trace.verdicts
    }
    stands |= {(utterance.id, "person"): utterance.person for utterance in trace.utterances}
    stands |= {(each.utterance, each.field): each.after for layer in before for each in layer.corrections}
    return stands


def _layer(path: Path, trace: Trace) -> Layer:
    lines = path.read_bytes().splitlines()
    kept = tuple(_fitting(lines, trace))
    if left_out := len(lines) - len(kept):
        told = "%s: %d of %d corrections do not fit this run and are left out"
        logging.getLogger(__name__).warning(told, path.name, left_out, len(lines))
    return Layer(name=path.stem, corrections=kept, agreement=agreement(kept, trace))


def _fitting(lines: Iterable[bytes], trace: Trace) -> Iterator[Correction]:
    misfit = fit(trace)
    for line in lines:
        try:
            correction = Correction.model_validate_json(line)
        except ValidationError:
            continue
        if misfit(correction) is None:
            yield correction


def _no_label(label: str | None, trace: Trace) -> str | None:
    known = LABEL_SETS.get(trace.label_set, ())
    if label is None or label in known:
        return None
    return f"there is no label {label!r} in {trace.label_set}: {', '.join(known)}"


def _no_person(person: str | None, trace: Trace) -> str | None:
    if person is None or (person.startswith(NEW) and person.removeprefix(NEW).strip()):
        return None
    known = ", ".join(f"{each.id} ({each.name})" if each.name else each.id for each in trace.people) or "nobody"
    return f"there is no person {person!r}: this run knows {known}; a new person is written {NEW}NAME"


def _kappa(rows: Sequence[tuple[str, str, int]], n: int, same: int) -> float | None:
    """Cohen (1960): how much more often two agree than by chance alone."""
    machine, people = Counter[str](), Counter[str]()
    for a, b, count in rows:
        machine[a] += count
        people[b] += count
    chance = sum(machine[label] * people[label] for label in machine)  # in 1 / n²
    return None if chance == n * n else (same * n - chance) / (n * n - chance)
