"""What an annotator changed in an ELAN document that we wrote, as corrections: labels and speakers, nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from emoagent.errors import UsageError
from emoagent.labels import LABEL_SETS, resolve
from emoagent.schema import Trace
from emoagent.viewer.correction_lines import short
from emoagent.viewer.corrections import NEW, NO_LABEL, Correction, Layer
from emoagent.viewer.exports.elan_reader import Annotation, Document
from emoagent.viewer.exports.lines import Line, Transcript

SAME_PLACE = 0.5  # overlap over union from which an annotation without an id is taken for an utterance
MANY = 1000  # annotations beyond the utterances, each of which is compared with all that are without one
APPLIED = "nothing was applied"


@dataclass(frozen=True)
class Edits:
    """`remarks`: what else the document holds that a correction cannot say."""

    corrections: tuple[Correction, ...]
    remarks: tuple[str, ...]
    base: tuple[Layer, ...]


def edits(document: Document, trace: Trace, layers: Sequence[Layer], name: str) -> Edits:
    """The difference to what was exported: the run with those of its `layers` that the document names.
    Raises `UsageError` where the document is not of this run's clip, or says what no correction can mean."""
    _check_clip(document, trace, name)
    base = tuple(layer for layer in layers if layer.name in document.layers)
    transcript = Transcript(trace, base)
    if len(document.annotations) > MANY + 4 * len(transcript.lines):
        told = (
            f"{name} has {len(document.annotations)} annotations of words, the run {len(transcript.lines)} utterances"
        )
        raise UsageError(told, hint=f"put annotations of your own on tiers of another type; {APPLIED}", where=name)
    pairs = list(_pairs(document.annotations, transcript.lines, name))
    found = [each for line, annotation in pairs for each in _differences(line, annotation, transcript, name)]
    return Edits(tuple(found), tuple(_remarks(document, transcript, pairs, base)), base)


def _check_clip(document: Document, trace: Trace, name: str) -> None:
    if document.clip == trace.clip.id:
        return
    made = "it was not made by emoagent export --to elan" if document.clip is None else f"it is of {document.clip}"
    told = f"{name} is not of this run's clip {trace.clip.name} ({trace.clip.id}): {short(made)}"
    raise UsageError(told, hint="export the run with --to elan, edit that file and import it", where=name)


def _pairs(annotations: Iterable[Annotation], lines: Sequence[Line], name: str) -> Iterator[tuple[Line, Annotation]]:
    """Annotations by the id that hangs on them; where it was lost, as in ELAN when one is moved to another tier, the
    utterance at the same place that no other annotation has."""
    known, taken, lost = {line.id: line for line in lines}, dict[str, Annotation](), list[Annotation]()
    for each in annotations:
        if each.id is None or each.id not in known:
            lost.append(each)
        elif each.id in taken:
            two = " and ".join(sorted({each.tier, taken[each.id].tier}))
            told = f"{name}: two annotations, on {short(two)}, stand for utterance {each.id}"
            raise UsageError(told, hint=f"remove one of them in ELAN; {APPLIED}", where=name)
        else:
            taken[each.id] = each
    free = {key: line for key, line in known.items() if key not in taken}
    for each in lost:
        if free and _alike(best := max(free.values(), key=lambda line: _alike(line, each)), each) >= SAME_PLACE:
            taken[free.pop(best.id).id] = each
    return ((known[key], each) for key, each in taken.items())


def _alike(line: Line, annotation: Annotation) -> float:
    if annotation.start is None or annotation.end is None:
        return 0.0
    shared = min(line.end, annotation.end) - max(line.start, annotation.start)
    return max(shared, 0) / max(line.end - line.start + annotation.end - annotation.start - shared, 1)


def _differences(line: Line, annotation: Annotation, transcript: Transcript, name: str) -> Iterator[Correction]:
    if annotation.label is not None:
        label = _label(annotation, transcript.trace, name)
        if label != line.label:
            yield _correction(line, annotation, transcript, "label", label)
    person = _person(annotation, transcript)
    if person != line.person:
        yield _correction(line, annotation, transcript, "person", person)


def _correction(line: Line, annotation: Annotation, transcript: Transcript, what: str, after: str | None) -> Correction:
    before = line.label if what == "label" else line.person
    made = {"clip": transcript.trace.clip.id, "utterance": line.utterance.id, "field": what, "before": before}
    return Correction.model_validate(made | {"after": after, "by": annotation.annotator and annotation.annotator[:200]})


def _label(annotation: Annotation, trace: Trace, name: str) -> str | None:
    if annotation.label in (NO_LABEL, "", None):
        return None
    if trace.label_set in LABEL_SETS and (label := resolve(annotation.label, trace.label_set)):
        return label
    at = "" if annotation.start is None else f" at {annotation.start / 1000:.3f} s"
    told = f"{name}: the annotation{at} on {annotation.tier!r} has {annotation.label!r}, no label of {trace.label_set}"
    known = ", ".join((*LABEL_SETS.get(trace.label_set, ()), NO_LABEL))
    raise UsageError(short(told), hint=f"use one of: {known}; {APPLIED}", where=name)


def _person(annotation: Annotation, transcript: Transcript) -> str | None:
    ids: dict[str, str | None] = {person.id: person.id for person in transcript.trace.people}
    ids |= {name: person for person, name in transcript.speakers.items()}
    for speaker in annotation.speakers:
        if speaker in ids:
            return ids[speaker]
    return f"{NEW}{annotation.speakers[0][:190]}" if annotation.speakers else None


def _remarks(
    document: Document, transcript: Transcript, pairs: Sequence[tuple[Line, Annotation]], base: Sequence[Layer]
) -> Iterator[str]:
    counts = {
        "words that differ, which a correction cannot hold": sum(line.text != each.text for line, each in pairs),
        "times that differ, which a correction cannot hold": sum(
            (line.start, line.end) != (each.start, each.end) for line, each in pairs),
        "annotations that belong to no utterance": len(document.annotations) - len(pairs),
        "utterances without an annotation": len(transcript.lines) - len(pairs),
        "layers in it that this run does not have": len(set(document.layers) - {layer.name for layer in base}),
    }  # fmt: skip
    yield from (f"{count} {what}" for what, count in counts.items() if count)
