"""Who is heard when, by voice alone: stretches of speech that sound like the same person share a number."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from emoagent.schema import Clip, Span
from emoagent.tools.workspace import workspace


@dataclass(frozen=True)
class Turn:
    """A stretch in which one voice is heard. `voice`: 1, 2, … in order of first appearance; `certainty` 0..1."""

    span: Span
    voice: int
    certainty: float


@dataclass(frozen=True)
class Voices:
    """All turns in time order; `overlaps`: where two are heard at once. What describes a voice is never kept."""

    turns: tuple[Turn, ...] = ()
    overlaps: tuple[Span, ...] = ()

    def seconds(self, span: Span) -> dict[int, float]:
        """How long each voice is heard during `span`, in seconds; voices that are not heard are left out."""
        found: dict[int, float] = {}
        for turn in self.turns:
            if shared := turn.span.overlap(span):
                found[turn.voice] = found.get(turn.voice, 0.0) + shared
        return found

    def save(self, path: Path) -> None:
        """Writes JSON."""
        turns = [[t.span.start, t.span.end, t.voice, t.certainty] for t in self.turns]
        overlaps = [[s.start, s.end] for s in self.overlaps]
        path.write_text(json.dumps({"turns": turns, "overlaps": overlaps}), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Voices:
        """Reads what `save` wrote."""
        data = json.loads(path.read_text(encoding="utf-8"))
        turns = tuple(Turn(Span(start=a, end=b), voice, sure) for a, b, voice, sure in data["turns"])
        return cls(turns, tuple(Span(start=a, end=b) for a, b in data["overlaps"]))


def voices_of(clip: Clip) -> Voices | None:
    """The voices that `emoagent.agents.turns` has found in this run; `None` where it did not look."""
    path = workspace().folder / "work" / "voices.json"
    return Voices.load(path) if path.exists() else None
