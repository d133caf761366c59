"""Corrections of people, put beside a run as a new layer (docs/design/corrections.md)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from emoagent.errors import OutputError, out_of_space
from emoagent.run_folder import only_writer, write_text
from emoagent.schema import Trace
from emoagent.viewer import correction_lines, elan_corrections
from emoagent.viewer.corrections import (
    FOLDER,
    Agreement,
    Correction,
    Layer,
    agreement,
    latest,
    layer_files,
    layers,
    standing,
)
from emoagent.viewer.exports import elan_reader
from emoagent.viewer.exports.result import Result


@dataclass(frozen=True)
class Imported:
    """`layer`: its name, None where the file differs in nothing from the run; `fresh`: it was not there before.
    `stale`: corrections of something else than what the run, or a layer, says."""

    layer: str | None
    fresh: bool
    corrections: tuple[Correction, ...]
    agreement: Agreement
    stale: int
    remarks: tuple[str, ...]


def import_corrections(source: Path, file: Path, *, reviewed: bool = False) -> Imported:
    """Reads `file` (corrections, or an ELAN document) and puts what it says beside the run in `source`, all or nothing.

    `reviewed`: the whole clip was looked at, so a label that the file leaves alone is confirmed. A file that was
    imported before gives the same layer. Raises `UsageError` (what is wrong, and in which line), `OutputError`."""
    result = Result.open(source)
    with only_writer(result.folder):
        before = layers(result.folder, result.trace)
        found = _read(file, result.trace, before)
        said = latest(found.corrections)
        if reviewed:
            said += _confirmed(said, result.trace, found.base)
        name, fresh = _save(said, result.folder) if said else (None, False)
    told = agreement(said, result.trace)
    return Imported(name, fresh, said, told, _stale(said, result.trace, before), found.remarks)


def _read(file: Path, trace: Trace, before: Sequence[Layer]) -> elan_corrections.Edits:
    data = correction_lines.contents(file)
    if file.suffix.lower() == ".eaf" or data.lstrip()[:5] == b"<?xml":
        return elan_corrections.edits(elan_reader.read(data, file.name), trace, before, file.name)
    return elan_corrections.Edits(tuple(correction_lines.parse(data, trace, file.name)), (), tuple(before))


def _confirmed(said: Sequence[Correction], trace: Trace, base: Sequence[Layer]) -> tuple[Correction, ...]:
    spoken, stands = {each.utterance for each in said if each.field == "label"}, standing(trace, base)
    left = [verdict.utterance for verdict in trace.verdicts if verdict.utterance not in spoken]
    labels = ((name, stands[name, "label"]) for name in left)
    clip = trace.clip.id
    return tuple(Correction(clip=clip, utterance=name, field="label", before=at, after=at) for name, at in labels)


def _save(said: Sequence[Correction], folder: Path) -> tuple[str, bool]:
    """The name of the layer, and whether it is new. Names are numbers in order and a digest of the corrections."""
    text = "".join(f"{each.model_dump_json()}\n" for each in said)
    digest, present = hashlib.sha256(text.encode()).hexdigest()[:12], layer_files(folder)
    if same := [path.stem for path in present if path.stem.endswith(f"-{digest}")]:
        return same[0], False
    number = int(present[-1].stem.partition("-")[0]) + 1 if present else 1
    path = folder / FOLDER / f"{number:04d}-{digest}.jsonl"
    try:
        path.parent.mkdir(exist_ok=True)
        write_text(path, text)
    except OSError as error:
        if full := out_of_space(error, str(path)):
            raise full from error
        told = f"the layer cannot be written: {error.strerror or error}"
        raise OutputError(told, hint="nothing was applied", where=str(path)) from error
    return path.stem, True


def _stale(said: Sequence[Correction], trace: Trace, before: Sequence[Layer]) -> int:
    first, now = standing(trace, ()), standing(trace, before)
    seen = ((each.before, (each.utterance, each.field)) for each in said)
    return sum(at not in (first.get(key), now.get(key)) for at, key in seen)
