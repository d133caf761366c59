"""Micro-expressions of one look: small movements that are gone within half a second, over measured noise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from emoagent.agents.face_look import Look
from emoagent.agents.registry import Finding
from emoagent.schema import Span
from emoagent.tools.sight.action_unit_table import UNITS, WORDS
from emoagent.tools.sight.action_units import clearness
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.micro_expressions import ALONE, Bump, bumps, near, steady

MOST = 2  # findings for one utterance
CLEAR = 0.5  # how clearly the face must be seen
LIDS_MOVE = 1.5  # closure of the lids (of 5) that is the beginning of a blink
SPEECH = 0.25  # seconds around talk in which the mouth is not judged
TRUST = 0.35  # of the clearest case; what precision allows (docs/design/action-units.md)
BROWS, MOUTH, EYES = 0, 1, 2
WITNESS = {
    "AU1": BROWS, "AU2": BROWS, "AU4": BROWS, "AU9": MOUTH, "AU10": MOUTH, "AU12": MOUTH, "AU15": MOUTH, "AU20": MOUTH,
}  # fmt: skip
JUDGED = [unit for unit in UNITS if unit.name in WITNESS]
COLUMNS = [UNITS.index(unit) for unit in JUDGED]
REMEMBERED = 500  # rows, 40 s, of which noise is taken
Mask = NDArray[np.bool_]


def micro_findings(series: FaceSeries, each: Look) -> Iterator[Finding]:
    """The clearest micro-expressions inside the utterance."""
    span = each.utterance.span
    inside = len(each.units.rows)
    rows, raw = each.expression.recent(until=span.end, most=max(REMEMBERED, inside + 50))
    usable = _usable(series, each, rows, raw)
    groups = np.array([WITNESS[unit.name] for unit in JUDGED])
    judged = np.where(usable, raw[:, COLUMNS], np.nan)
    found = bumps(series.time[rows], series.track[rows], judged, groups, since=span.start)
    for bump in sorted(sorted(found, key=lambda one: -one.clarity)[:MOST], key=lambda one: one.apex):
        yield _finding(each, bump)


def _usable(series: FaceSeries, each: Look, rows: NDArray[np.intp], raw: NDArray[np.float64]) -> Mask:
    """(n, judged units) where each may be judged: seen clearly, head steady, lids open, mouth silent."""
    time, names = series.time[rows], [unit.name for unit in UNITS]
    seen = (clearness(series, rows) >= CLEAR) & steady(time, series.pose[rows].astype(np.float64))
    seen &= ~near(time, raw[:, names.index("AU45")] >= LIDS_MOVE)
    silent = ~near(time, each.expression.talks(rows), SPEECH)
    return np.stack([seen & silent if unit.mouth else seen for unit in JUDGED], axis=1)


def _finding(each: Look, bump: Bump) -> Finding:
    names = [JUDGED[k].name for k in bump.units]
    said = " and ".join(f"{WORDS[name]} ({name})" for name in names[:3])
    whole, first = each.utterance.span, bump.units[0]
    start = min(max(bump.start, whole.start), whole.end)
    reliability = TRUST * JUDGED[first].trust * min(1.0, bump.clarity / (3 * ALONE)) * each.worth
    return Finding(
        utterance=each.utterance,
        kind="micro_expression",
        text=(
            f"{said[0].upper()}{said[1:]} flashes by {bump.sizes[0]:.1f} of 5 for {bump.end - bump.start:.2f} s at "
            f"{bump.apex:.1f} s, {bump.clarity:.0f} times the noise of this face{each.aside}"
        ),
        reliability=reliability,
        measures={
            **{name: (size, "intensity 0-5") for name, size in zip(names, bump.sizes, strict=True)},
            "apex": (bump.apex, "s"),
            "duration": (bump.end - bump.start, "s"),
            "clarity": (bump.clarity, "noise deviations"),
        },
        span=Span(start=start, end=max(start, min(bump.end, whole.end))),
        person=each.person,
    )
