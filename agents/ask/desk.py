"""The trace, looked up by utterance, for whoever answers questions about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from emoagent.agents.case import QUOTATION
from emoagent.schema import Audit, Conflict, Evidence, Opinion, Trace, Utterance, Verdict
from emoagent.tools.plain_text import clock

T = TypeVar("T", Evidence, Opinion, Conflict)
QUOTED = 60  # characters of an utterance that an answer repeats


@dataclass(frozen=True)
class Desk:
    """The trace, looked up by utterance."""

    trace: Trace

    @cached_property
    def verdicts(self) -> dict[str, Verdict]:
        """By utterance."""
        return {verdict.utterance: verdict for verdict in self.trace.verdicts}

    @cached_property
    def audits(self) -> dict[str, Audit]:
        """By utterance."""
        return {audit.utterance: audit for audit in self.trace.audits}

    @cached_property
    def utterances(self) -> dict[str, Utterance]:
        """By id."""
        return {utterance.id: utterance for utterance in self.trace.utterances}

    @cached_property
    def evidence(self) -> dict[str, Evidence]:
        """By id."""
        return {item.id: item for item in self.trace.evidence}

    @cached_property
    def _evidence(self) -> dict[str, list[Evidence]]:
        return _grouped(self.trace.evidence)

    @cached_property
    def _opinions(self) -> dict[str, list[Opinion]]:
        return _grouped(self.trace.opinions)

    @cached_property
    def _conflicts(self) -> dict[str, list[Conflict]]:
        return _grouped(self.trace.conflicts)

    def of(self, utterance: Utterance) -> list[Evidence]:
        """The evidence of an utterance."""
        return self._evidence.get(utterance.id, [])

    def opinions(self, utterance: Utterance) -> list[Opinion]:
        """What each source alone suggests; none that abstains."""
        return [opinion for opinion in self._opinions.get(utterance.id, []) if not opinion.abstained]

    def conflicts(self, utterance: Utterance) -> list[Conflict]:
        """The strongest first."""
        return sorted(self._conflicts.get(utterance.id, []), key=lambda conflict: -conflict.divergence)

    def label(self, utterance: Utterance) -> str | None:
        """The label of its verdict."""
        verdict = self.verdicts.get(utterance.id)
        return verdict.label if verdict else None

    def name(self, person: str | None) -> str:
        """What an answer calls a person."""
        if person is None:
            return "an unknown speaker"
        return next((p.name or p.id for p in self.trace.people if p.id == person), person)

    def title(self, utterance: Utterance, *, until: bool = False) -> str:
        """`Ben at 0:04.1, “Oh wow.”`; with its end, `Ben from 0:04.1 to 0:06.0, “Oh wow.”`."""
        text = " ".join(utterance.text.split())
        short = text if len(text) <= QUOTED else f"{text[: QUOTED - 1].rstrip()}…"
        said = f", “{short}”" if short else ""
        name = self.name(utterance.person)
        start, end = clock(utterance.span.start), clock(utterance.span.end)
        when = f"from {start} to {end}" if until else f"at {start}"
        return f"{name[:1].upper()}{name[1:]} {when}{said}"

    def stands_on(self, utterance: Utterance) -> tuple[str, ...]:
        """What the verdict cites; else the quotation, else whatever there is, the most reliable first."""
        verdict, found = self.verdicts.get(utterance.id), self.of(utterance)
        cited = [c for claim in verdict.claims for c in claim.cites if claim.stance == "supports"] if verdict else []
        cited = [cite for cite in cited if cite in self.evidence]
        return tuple(dict.fromkeys(cited)) or self.quoted(utterance) or _best(found)

    def quoted(self, utterance: Utterance) -> tuple[str, ...]:
        """The evidence that quotes it; else the most reliable about it."""
        found = self.of(utterance)
        return tuple(item.id for item in found if item.kind == QUOTATION) or _best(found)


def _grouped(records: Iterable[T]) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = {}
    for record in records:
        groups.setdefault(record.utterance, []).append(record)
    return groups


def _best(found: Sequence[Evidence]) -> tuple[str, ...]:
    return tuple(item.id for item in sorted(found, key=lambda item: -item.reliability)[:2])
