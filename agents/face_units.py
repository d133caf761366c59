"""What is to be said about the action units of one look: when each rises, peaks and falls, and on which side it is
stronger."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from emoagent.agents.face_look import NO_EXPRESSION, Look
from emoagent.agents.registry import Finding
from emoagent.schema import Span
from emoagent.tools.sampling import seconds_for
from emoagent.tools.segments import Segment, segments
from emoagent.tools.sight.action_unit_table import UNITS, WORDS
from emoagent.tools.sight.asymmetry import SIDED

LEAST = 0.08  # reliability below which a unit is not worth a finding
BRIEFEST, BRIEFEST_SPEECH = (
    0.2,
    0.4,
)  # seconds that a unit must stay over its threshold; talking mouths
FALLEN = 0.5  # share of the threshold at which a unit is over
AGAIN = 0.6  # share of the strongest peak from which a second one is told too
TRUST_SIDES = 0.7  # factor on the reliability of the unit itself
ONE_SIDED = 0.3  # difference over sum of the sides from which a unit is called stronger on one
AGAINST = "against this person's own rest"
MOUTH = tuple(unit.name for unit in UNITS if unit.mouth)
INTENSITY = "intensity 0-5"
Floats = NDArray[np.float64]


def unit_findings(each: Look) -> Iterator[Finding]:
    """The strongest segment of every unit that is active, one more where it comes again, and one-sided ones."""
    for name in each.units.names:
        if name == "AU45":
            continue
        for number, (segment, reliability) in enumerate(unit_segments(each, name)):
            if reliability >= LEAST:
                yield _action_unit(each, name, segment, reliability, again=number > 0)
    uneven = (_asymmetry(each, name) for name in SIDED)
    yield from [found for found in uneven if found][:1]  # a raised corner is also drawn in: the first one explains both


def unit_segments(each: Look, name: str) -> list[tuple[Segment, float]]:
    """The segments in which a unit is active and how reliable each is, at most two, the highest first."""
    units, k = each.units, each.units.names.index(name)
    value, high = units.value[:, k], float(units.threshold[k])
    low = max(FALLEN * high, 2 * float(units.noise[k]))
    found = [
        segment
        for segment in segments(units.time, value, high, min(low, high))
        if _lasts(each, name, value, segment, high)
    ]
    found = sorted(found, key=lambda segment: -segment.height)[:2]
    kept = [segment for segment in found if segment.height >= AGAIN * found[0].height]
    return [(segment, _reliability(each, k, value, segment, high)) for segment in kept]


def _lasts(each: Look, name: str, value: Floats, segment: Segment, high: float) -> bool:
    least = BRIEFEST_SPEECH if each.speaks and name in MOUTH else BRIEFEST
    inside = slice(segment.first, segment.last + 1)
    seconds = seconds_for(each.units.time, each.units.time)[inside]
    return float(seconds[value[inside] >= high].sum()) > least


def _reliability(each: Look, k: int, value: Floats, segment: Segment, high: float) -> float:
    margin = min(1.0, 0.5 + segment.height / high - 1)
    inside = slice(segment.first, segment.last + 1)
    return float(each.units.reliability[inside, k][value[inside] >= high].mean()) * margin * each.worth


def _action_unit(each: Look, name: str, segment: Segment, reliability: float, *, again: bool) -> Finding:
    units, k = each.units, each.units.names.index(name)
    measures = {
        name: (segment.height, INTENSITY),
        "onset": (segment.onset, "s"),
        "apex": (segment.top, "s"),
        "offset": (segment.offset, "s"),
        "active_share": (float(units.active()[:, k].mean()), "ratio"),
    }
    speeds = {"rise": segment.rise, "decay": segment.decay}
    measures |= {word: (speed, "intensity/s") for word, speed in speeds.items() if speed is not None}
    once_more = "again " if again else ""
    said = f"{_upper(WORDS[name])} ({name}) {once_more}reaches {segment.height:.1f} of 5 at {segment.top:.1f} s"
    return Finding(
        utterance=each.utterance,
        kind="action_unit_again" if again else "action_unit",
        text=f"{said}, {AGAINST}{each.aside}",
        reliability=reliability,
        measures=measures,
        span=_within(each, segment.onset, segment.offset),
        person=each.person,
    )


def _asymmetry(each: Look, name: str) -> Finding | None:
    """The stretch in which one side acts most without the other."""
    units, k = each.units, each.units.names.index(name)
    sides = each.expression.difference(name, units, until=each.utterance.span.end)
    least = BRIEFEST_SPEECH if each.speaks else BRIEFEST
    found = []
    for sign in (1, -1):
        for segment in segments(units.time, sign * sides.value, sides.threshold, FALLEN * sides.threshold):
            if segment.offset - segment.onset > least:
                found.append((segment.height, sign, segment))
    if not found:
        return None
    height, sign, segment = max(found, key=lambda one: one[0])
    inside = slice(segment.first, segment.last + 1)
    top = sides.value[inside] * sign >= 0.8 * height
    both = float(np.median(np.nan_to_num(units.value[inside, k])[top]))
    left, right = (float(np.clip(both + side * sign * height / 2, 0, 5)) for side in (1, -1))
    share = (left - right) / max(left + right, 1e-9)
    reliability = (
        0.7 * float(units.reliability[inside, k].mean()) * min(1.0, height / sides.threshold / 1.5) * each.worth
    )
    if max(left, right) < units.threshold[k] or abs(share) < ONE_SIDED or reliability < LEAST:
        return None
    side = "left" if sign > 0 else "right"
    return Finding(
        utterance=each.utterance,
        kind="asymmetry",
        text=(
            f"{_upper(WORDS[name])} ({name}) is stronger on the person's {side} side, {max(left, right):.1f} against "
            f"{min(left, right):.1f} of 5 at {segment.top:.1f} s{each.aside}"
        ),
        reliability=reliability,
        measures={
            f"{name}_left": (left, INTENSITY),
            f"{name}_right": (right, INTENSITY),
            "asymmetry": (share, "ratio, left > 0"),
            "apex": (segment.top, "s"),
        },
        span=_within(each, segment.onset, segment.offset),
        person=each.person,
    )


def _within(each: Look, start: float, end: float) -> Span:
    whole = each.utterance.span
    start = min(max(start, whole.start), whole.end)
    return Span(start=start, end=max(start, min(end, whole.end)))


def _upper(words: str) -> str:
    return words[0].upper() + words[1:]


OF_EXPRESSION = tuple(unit.name for unit in UNITS if unit.name not in NO_EXPRESSION)
