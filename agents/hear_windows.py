"""Cuts the clip into fixed windows where there is nothing to hear: the face can still be read."""

from __future__ import annotations

from itertools import pairwise

from emoagent.agents.registry import Heard, hearer
from emoagent.schema import Clip, Span, Utterance

LENGTH = 5.0


@hearer("windows", cost="nothing")
def windows(clip: Clip) -> Heard | None:
    """Cuts the clip into windows of 5 s without text; a tail under half a window joins the one before."""
    spans = fixed(clip.duration)
    return Heard(tuple(Utterance(id=f"u{n}", span=span, text="", source="windows") for n, span in enumerate(spans, 1)))


def fixed(duration: float, length: float = LENGTH) -> list[Span]:
    """Spans of `length` seconds that cover 0 to `duration` without a gap; the last is 0.5 to 1.5 × `length` long,
    or the whole clip where that is shorter."""
    count = max(1, int(duration / length + 0.5))
    edges = [number * length for number in range(count)] + [duration]
    return [Span(start=start, end=end) for start, end in pairwise(edges)]
