"""One judged item: what is right, and what a system said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Answer:
    """`label` is `None` where the system abstained or, with `invalid`, where its answer could not be used. `group` is
    the unit of resampling (a dialogue, an actor): answers of one group are drawn together."""

    truth: str
    label: str | None
    confidence: float | None = None
    distribution: Mapping[str, float] = field(default_factory=dict)
    invalid: bool = False
    group: str = ""
    key: str = ""
