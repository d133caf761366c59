"""ELAN's EAF 3.0: tiers for each person, one below the other, that an annotator can correct and hand back.

`utterance@NAME` holds the words; `label@NAME` (a controlled vocabulary), `confidence@NAME`, `conflict@NAME` and
`id@NAME` hang on it, one annotation to one. A second set of tiers, `…@NAME #2`, holds what overlaps the first.
`emoagent import` reads the file again: emoagent.viewer.exports.elan_reader.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import import_module
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from emoagent.viewer.corrections import NO_LABEL
from emoagent.viewer.exports.cleaning import clean
from emoagent.viewer.exports.lines import Line
from emoagent.viewer.exports.registry import exporter, stands_in
from emoagent.viewer.exports.result import Result

WORDS, LABEL, CONFIDENCE, CONFLICT, ID = "utterance", "label", "confidence", "conflict", "id"
CLIP, LAYERS = "emoagent.clip", "emoagent.layers"
SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
UNDETERMINED = ("und", "http://cdb.iso.org/lg/CDB-00130975-001", "undetermined (und)")


@exporter("elan", suffix=".eaf", package="pympi")
def elan(result: Result, path: Path) -> None:
    """ELAN annotation document: tiers per person (words, label, confidence, conflict), to correct and import again."""
    document = _document(result, stands_in(path))
    for person, name, lines in result.transcript.spoken_by():
        for tier, own in result.transcript.tiers(name, lines):
            _add(document, tier, name if person is not None else "", own)
    _number_slots(document)
    document.add_property("lastUsedAnnotationId", str(document.maxaid))
    document.to_file(str(path))


def _document(result: Result, folder: Path) -> Any:
    document = import_module("pympi").Eaf(author=f"emoagent {result.trace.provenance.emoagent}")
    made = datetime.fromtimestamp(result.written, UTC).isoformat(timespec="seconds")
    document.adocument |= {"DATE": made, "FORMAT": "3.0", "VERSION": "3.0", "xsi:noNamespaceSchemaLocation": SCHEMA}
    document.remove_tier("default")
    document.properties.clear()
    document.header = {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"}
    address = result.video_seen_from(folder)
    kind = guess_type(address)[0] or ("video/*" if result.trace.clip.video else "audio/*")
    document.add_linked_file(address, relpath=address, mimetype=kind)
    document.add_property(CLIP, result.trace.clip.id)
    document.add_property(LAYERS, " ".join(layer.name for layer in result.transcript.layers))
    _add_types(document, result)
    return document


def _add_types(document: Any, result: Result) -> None:
    vocabulary = clean(result.trace.label_set)
    document.add_language(*UNDETERMINED)
    document.add_controlled_vocabulary(vocabulary)
    document.add_cv_description(vocabulary, "und", "expressed emotion, as a viewer would label it")
    for label in (*result.transcript.labels, NO_LABEL):
        told = "no label can be said" if label == NO_LABEL else None
        document.add_cv_entry(vocabulary, f"cve_{label}", [(label, "und", told)])
    document.add_linguistic_type(WORDS)
    document.remove_linguistic_type("default-lt")
    for kind in (LABEL, CONFIDENCE, CONFLICT, ID):
        document.add_linguistic_type(kind, constraints="Symbolic_Association", timealignable=False)
    document.linguistic_types[LABEL]["CONTROLLED_VOCABULARY_REF"] = vocabulary


def _add(document: Any, name: str, participant: str, lines: Iterable[Line]) -> None:
    for kind in (WORDS, LABEL, CONFIDENCE, CONFLICT, ID):
        parent = None if kind == WORDS else f"{WORDS}@{name}"
        document.add_tier(f"{kind}@{name}", kind, parent=parent, part=participant)
    for line in lines:
        document.add_annotation(f"{WORDS}@{name}", line.start, line.end, line.text)
        words = f"a{document.maxaid}"
        for kind, value in _values(
            line
        ):  # add_ref_annotation looks for what it hangs on by a time, which two can share
            document.tiers[f"{kind}@{name}"][1][document.generate_annotation_id()] = (words, value, None, None)


def _values(line: Line) -> list[tuple[str, str]]:
    values = [(LABEL, line.label or NO_LABEL), (ID, line.id)]
    if line.confidence is not None:
        values.append((CONFIDENCE, f"{line.confidence:.2f}"))
    if line.conflict is not None:
        readings = ", ".join(f"{each.modality}: {clean(each.label)}" for each in line.conflict.hypotheses)
        values.append(
            (CONFLICT, f"{clean(line.conflict.kind)} ({readings})" if readings else clean(line.conflict.kind))
        )
    return values


def _number_slots(document: Any) -> None:
    """Numbers the time slots in the order of time, in which the format wants them."""
    order = sorted(document.timeslots, key=lambda slot: (document.timeslots[slot], int(slot[2:])))
    name = {slot: f"ts{number}" for number, slot in enumerate(order, start=1)}
    document.timeslots = {name[slot]: document.timeslots[slot] for slot in order}
    for aligned, *_ in document.tiers.values():
        aligned.update({key: (name[a], name[b], *rest) for key, (a, b, *rest) in aligned.items()})
