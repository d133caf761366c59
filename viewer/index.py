"""A trace, looked up by utterance: what a page needs to draw one card."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from emoagent.schema import (
    Audit,
    Call,
    Conflict,
    Contribution,
    Evidence,
    Modality,
    Opinion,
    Trace,
    Utterance,
    Verdict,
)
from emoagent.viewer.markup import Markup, join, said, tag
from emoagent.viewer.wording import SOURCES, clock

T = TypeVar("T")
SHORT = 300  # characters of a prompt that are repeated rather than referred to
UNKNOWN_SPEAKER = "Speaker unknown"


@dataclass(frozen=True)
class Index:
    """`pictures` maps a `media_ref` to what stands in an image's `src`; `video` is a relative address or `None`.
    `first_shown`: the call that is the first to hold a picture or a longer text, by what it holds."""

    trace: Trace
    pictures: Mapping[str, str]
    video: str | None
    verdicts: Mapping[str, Verdict]
    audits: Mapping[str, Audit]
    evidence: Mapping[str, tuple[Evidence, ...]]
    opinions: Mapping[str, tuple[Opinion, ...]]
    conflicts: Mapping[str, tuple[Conflict, ...]]
    names: Mapping[str, str]
    words: Mapping[str, str]
    sources: tuple[Modality, ...]
    baseline: Mapping[str, Verdict]
    contributions: Mapping[str, tuple[Contribution, ...]]
    calls: Mapping[str, tuple[Call, ...]]
    first_shown: Mapping[str, str]

    def speaker(self, person: str | None) -> str:
        """The name to show for a person's id."""
        return UNKNOWN_SPEAKER if person is None else self.names.get(person, person)

    def strongest_first(self, utterance: Utterance) -> tuple[Conflict, ...]:
        """The conflicts of an utterance; the one that the verdict names comes first."""
        verdict = self.verdicts.get(utterance.id)
        named = verdict.conflict if verdict else None
        found = self.conflicts.get(utterance.id, ())
        return tuple(sorted(found, key=lambda c: (c.id != named, -c.divergence)))


def index(trace: Trace, *, pictures: Mapping[str, str], video: str | None) -> Index:
    """Sorts the records of `trace` by utterance."""
    spoken = {opinion.modality for opinion in trace.opinions}
    return Index(
        trace=trace,
        pictures=pictures,
        video=video,
        verdicts={v.utterance: v for v in trace.verdicts},
        audits={a.utterance: a for a in trace.audits},
        evidence=_grouped(trace.evidence, lambda e: e.utterance),
        opinions=_grouped(trace.opinions, lambda o: o.utterance),
        conflicts=_grouped(trace.conflicts, lambda c: c.utterance),
        words={u.id: u.text.strip() for u in trace.utterances},
        names={p.id: p.name or p.id for p in trace.people},
        sources=tuple(m for m in ("text", "face", "voice", "behavior", "dialogue") if m in spoken and m in SOURCES),
        baseline={v.utterance: v for v in trace.baseline},
        contributions=_grouped(trace.contributions, lambda c: c.utterance),
        calls=_grouped((c for c in trace.calls if c.utterance is not None), lambda c: c.utterance or ""),
        first_shown=_first_shown(trace.calls),
    )


def moment(index: Index, seconds: float) -> Markup:
    """A time; where there is a video, a link that goes there (script or no script)."""
    if index.video is None:
        return join([clock(seconds)])
    return tag("a", clock(seconds), href=f"{index.video}#t={seconds:.2f}")


def speaker(index: Index, person: str | None, **attributes: str) -> Markup:
    """A person's name as isolated text."""
    return said(index.speaker(person), **attributes)


def _first_shown(calls: Iterable[Call]) -> dict[str, str]:
    found: dict[str, str] = {}
    for call in calls:
        for part in (part for message in call.messages for part in message.parts):
            if part.image is not None or len(part.text or "") > SHORT:
                found.setdefault(part.image or part.text or "", call.id)
    return found


def _grouped(items: Iterable[T], key: Callable[[T], str]) -> dict[str, tuple[T, ...]]:
    groups: dict[str, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return {name: tuple(group) for name, group in groups.items()}
