"""An ELAN document that we wrote and somebody edited, read again: who speaks and which label, as it stands there.

The file is a stranger's: its size is bounded, and a document type declaration, which could define entities, is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

from emoagent.errors import UsageError
from emoagent.viewer.exports.cleaning import clean
from emoagent.viewer.exports.elan import CLIP, ID, LABEL, LAYERS, WORDS


@dataclass(frozen=True)
class Annotation:
    """One annotation of words. `start`, `end`: milliseconds, None where ELAN aligned it to nothing. `speakers`: what
    the tier says of who speaks, the best first; `label`, `id`: None where no such annotation hangs on it."""

    tier: str
    speakers: tuple[str, ...]
    annotator: str | None
    start: int | None
    end: int | None
    text: str
    label: str | None = None
    id: str | None = None


@dataclass(frozen=True)
class Document:
    """`clip`: the id that stood in the export; `layers`: the layers of corrections that were in it."""

    clip: str | None
    layers: tuple[str, ...]
    annotations: tuple[Annotation, ...] = field(repr=False)


class _Builder(ElementTree.TreeBuilder):
    def doctype(self, name: str, *_: object) -> None:
        raise UsageError(f"a document type declaration ({clean(name)}) stands in it, which ELAN does not write")


def read(data: bytes, name: str) -> Document:
    """The document in a file called `name`. Raises `UsageError`."""
    try:
        root = ElementTree.fromstring(data, ElementTree.XMLParser(target=_Builder()))
        return _document(root)
    except UsageError as error:
        raise UsageError(f"{name}: {error.message}", hint="nothing was applied", where=name) from error
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        hint = "save it again with ELAN; nothing was applied"
        raise UsageError(f"{name} is not an ELAN document: {clean(str(error))}", hint=hint, where=name) from error


def _document(root: ElementTree.Element) -> Document:
    if root.tag != "ANNOTATION_DOCUMENT":
        raise ValueError(f"it begins with {root.tag[:40]}")
    properties = {each.get("NAME"): each.text or "" for each in root.iterfind("HEADER/PROPERTY")}
    layers = tuple(properties.get(LAYERS, "").split())
    return Document(properties.get(CLIP), layers, tuple(_annotations(root)))


def _annotations(root: ElementTree.Element) -> Iterator[Annotation]:
    slots = {
        slot.get("TIME_SLOT_ID"): _number(slot.get("TIME_VALUE")) for slot in root.iterfind("TIME_ORDER/TIME_SLOT")
    }
    hanging = {kind: _hanging(root, kind) for kind in (LABEL, ID)}
    for tier in _tiers(root, WORDS):
        name = tier.get("TIER_ID", "")
        lead = {"tier": name, "speakers": _speakers(tier, name), "annotator": clean(tier.get("ANNOTATOR", "")) or None}
        for each in tier.iterfind("ANNOTATION/ALIGNABLE_ANNOTATION"):
            start, end = (slots.get(each.get(f"TIME_SLOT_REF{side}")) for side in (1, 2))
            below = {kind: found.get(each.get("ANNOTATION_ID")) for kind, found in hanging.items()}
            yield Annotation(**lead, start=start, end=end, text=_value(each), label=below[LABEL], id=below[ID])  # type: ignore[arg-type]


def _hanging(root: ElementTree.Element, kind: str) -> dict[str | None, str]:
    refs = (ref for tier in _tiers(root, kind) for ref in tier.iterfind("ANNOTATION/REF_ANNOTATION"))
    return {ref.get("ANNOTATION_REF"): _value(ref) for ref in refs}


def _tiers(root: ElementTree.Element, kind: str) -> Iterator[ElementTree.Element]:
    return (tier for tier in root.iterfind("TIER") if tier.get("LINGUISTIC_TYPE_REF") == kind)


def _speakers(tier: ElementTree.Element, name: str) -> tuple[str, ...]:
    """The participant; where there is none, what stands behind the @ of the tier's name."""
    if participant := clean(tier.get("PARTICIPANT", "")):
        return (participant,)
    after = name.partition("@")[2]
    return tuple(dict.fromkeys(each for each in (clean(after), clean(after.rpartition(" #")[0])) if each))


def _value(annotation: ElementTree.Element) -> str:
    return clean(annotation.findtext("ANNOTATION_VALUE") or "")


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 16 else None
