"""What the speaker's face does during each utterance: action units, head, visibility, and the frame of the peak.

It says what moved, when, and how far from this person's own rest as seen until then; it never names an emotion.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emoagent.agents.registry import Finding, perceiver
from emoagent.schema import Clip, Span, Utterance
from emoagent.tools.action_unit_table import UNITS, WORDS
from emoagent.tools.action_units import AuSeries, Expression
from emoagent.tools.face_series import FaceSeries
from emoagent.tools.head_motion import HeadMotion, head_motion
from emoagent.tools.runs import runs

FEWEST = 2  # analysed frames with the face
LEAST = 0.08  # reliability below which a unit is not worth a finding
BRIEFEST, BRIEFEST_SPEECH = 0.2, 0.4  # seconds a unit must last; the second for a mouth that talks
ALONE, AMONG_OTHERS = 0.7, 0.5  # what a face is worth that is not known to be the speaker's
OF_SPEECH = ("AU25", "AU26")
MOUTH = tuple(unit.name for unit in UNITS if unit.mouth)
TURNED, RAISED, TILTED = 20.0, 15.0, 12.0  # degrees of yaw, pitch and roll that show
AGAINST = "against this person's own rest"
NOT_KNOWN = " (of a person in view, not known to speak)"
NO_EXPRESSION = ("AU43", "AU45")
Unit = tuple[float, str]


@dataclass(frozen=True)
class Look:
    """One face during one utterance. `speaks`: whether it is known to be the speaker's; `worth`: the factor on every
    reliability, below 1 where it is not."""

    utterance: Utterance
    person: str
    speaks: bool
    worth: float
    units: AuSeries
    peak: int  # index into the rows of `units`
    shown: float  # share of the analysed frames in which the face is seen

    @property
    def aside(self) -> str:
        """What every sentence must add."""
        return "" if self.speaks else NOT_KNOWN


@perceiver(modality="face", needs={"faces"}, cost="0.01 x real time on one core, after the faces are tracked")
def face(clip: Clip, utterances: Sequence[Utterance]) -> Iterator[Finding]:
    """Action units, head pose and visibility of the speaker's face, against that person's own rest so far."""
    from emoagent.tools.cast import cast_of
    from emoagent.tools.faces import faces_of

    series = faces_of(clip)
    looks = list(look(series, cast_of(clip), utterances))
    shown = _portraits(clip, series, looks)
    for each in looks:
        yield from findings(series, each, f"media/{each.utterance.id}.jpg" if each.utterance.id in shown else None)


def look(series: FaceSeries, cast: Mapping[str, Sequence[int]], utterances: Sequence[Utterance]) -> Iterator[Look]:
    """One look for each utterance in which the speaker's face, or some face if the speaker is unknown, is seen.

    `cast`: person id -> face tracks. Rest is what was seen until the end of the utterance, nothing later.
    """
    owner = {track: person for person, tracks in cast.items() for track in tracks}
    expressions: dict[str, Expression] = {}
    for utterance in utterances:
        sizes = _prominence(series, owner, utterance.span)
        person = utterance.person or max(sizes, key=lambda each: sizes[each], default=None)
        if person not in sizes:
            continue
        if person not in expressions:
            expressions[person] = Expression(series, cast[person], _talking(series, utterances, person))
        units = expressions[person].intensities(utterance.span, until=utterance.span.end)
        if len(units.time) >= FEWEST:
            speaks = utterance.person is not None
            worth = 1.0 if speaks else ALONE if len(sizes) == 1 else AMONG_OTHERS
            yield Look(utterance, person, speaks, worth, units, _peak(units), _shown(series, utterance.span, units))


def findings(series: FaceSeries, each: Look, media_ref: str | None) -> Iterator[Finding]:
    """All that is to be said about one look."""
    moved = [found for name in each.units.names if name != "AU45" and (found := _action_unit(each, name))]
    yield from moved
    if not [found for found in moved if not (each.speaks and set(OF_SPEECH) & set(found.measures))]:
        yield _at_rest(each, bool(moved))
    if found := _head(series, each):
        yield found
    yield _visibility(series, each, media_ref)


def _talking(series: FaceSeries, utterances: Sequence[Utterance], person: str) -> NDArray[np.bool_]:
    talking = np.zeros(len(series.time), bool)
    for utterance in utterances:
        if utterance.person == person:
            talking[series.between(utterance.span.start, utterance.span.end)] = True
    return talking


def _prominence(series: FaceSeries, owner: Mapping[int, str], span: Span) -> dict[str, float]:
    """Size times quality, summed over time, of every person whose face is in view."""
    rows = series.between(span.start, span.end)
    weight = np.nan_to_num(series.box[rows, 2] * series.box[rows, 3] * series.quality[rows])
    sizes: dict[str, float] = {}
    for track in np.unique(series.track[rows]).tolist():
        if track in owner:
            size = float(weight[series.track[rows] == track].sum())
            sizes[owner[track]] = sizes.get(owner[track], 0.0) + size
    return sizes


def _shown(series: FaceSeries, span: Span, units: AuSeries) -> float:
    """The share of the analysed frames of `span` in which the face is seen."""
    first, last = np.searchsorted(series.frames, [span.start, span.end])
    return min(1.0, len(np.unique(units.time)) / max(1, int(last - first)))


def _peak(units: AuSeries) -> int:
    """The row with the highest sum of intensities, each as far as it is reliable; shut eyes do not count."""
    counted = [name not in NO_EXPRESSION for name in units.names]
    return int(np.argmax((np.nan_to_num(units.value) * units.reliability)[:, counted].sum(axis=1)))


def _action_unit(each: Look, name: str) -> Finding | None:
    """The strongest stretch in which this unit is active."""
    units, k = each.units, each.units.names.index(name)
    value, active = np.nan_to_num(units.value[:, k]), units.active()[:, k]
    step = float(np.median(np.diff(units.time)))
    least = BRIEFEST_SPEECH if each.speaks and name in MOUTH else BRIEFEST
    stretches = [(a, b) for a, b in runs(active) if units.time[b - 1] - units.time[a] + step > least]
    if not stretches:
        return None
    first, last = max(stretches, key=lambda ends: float(value[ends[0] : ends[1]].max()))
    apex = first + int(np.argmax(value[first:last]))
    margin = min(1.0, 0.5 + float(value[apex] / units.threshold[k] - 1))
    reliability = float(units.reliability[first:last, k].mean()) * margin * each.worth
    if reliability < LEAST:
        return None
    onset, top, end = (float(units.time[i]) for i in (first, apex, last - 1))
    words = WORDS[name][0].upper() + WORDS[name][1:]
    return Finding(
        utterance=each.utterance,
        kind="action_unit",
        text=f"{words} ({name}) reaches {value[apex]:.1f} of 5 at {top:.1f} s, {AGAINST}{each.aside}",
        reliability=reliability,
        measures={
            name: (float(value[apex]), "intensity 0-5"),
            "onset": (onset, "s"),
            "apex": (top, "s"),
            "active_share": (float(active.mean()), "ratio"),
        },
        span=Span(start=onset, end=max(onset, min(end + step, each.utterance.span.end))),
        person=each.person,
    )


def _at_rest(each: Look, speech_moves: bool) -> Finding:
    units = each.units
    counted = np.array([name not in (*OF_SPEECH, *NO_EXPRESSION) for name in units.names])
    held = np.quantile(np.nan_to_num(units.value), 0.75, axis=0)
    top = int(np.argmax(np.where(counted, held / units.threshold, -1)))
    which = "No action unit but those that speech moves leaves" if speech_moves else "No action unit leaves"
    return Finding(
        utterance=each.utterance,
        kind="face_at_rest",
        text=f"{which} this person's rest by more than noise{each.aside}",
        reliability=float(units.reliability[:, counted].max(axis=1).mean()) * each.worth * each.shown,
        measures={units.names[top]: (float(held[top]), "intensity 0-5")},
        person=each.person,
    )


def _head(series: FaceSeries, each: Look) -> Finding | None:
    motion = head_motion(each.units.time, series.pose[each.units.rows])
    if motion is None or not (said := _head_words(motion)):
        return None
    return Finding(
        utterance=each.utterance,
        kind="head_pose",
        text=f"The head {' and '.join(said)}{each.aside}",
        reliability=0.7 * each.shown * each.worth,
        measures={
            "yaw": (motion.yaw, "degrees"),
            "pitch": (motion.pitch, "degrees"),
            "roll": (motion.roll, "degrees"),
            "nod_swings": (float(motion.nods), "count"),
            "shake_swings": (float(motion.shakes), "count"),
        },
        person=each.person,
    )


def _head_words(motion: HeadMotion) -> list[str]:
    """Sides are those of the picture; swings to and fro need three to be called a nod or a shake."""
    said = []
    if abs(motion.yaw) >= TURNED:
        side = "right" if motion.yaw > 0 else "left"
        said.append(f"is turned {abs(motion.yaw):.0f}° to the {side} of the picture")
    if abs(motion.pitch) >= RAISED:
        said.append(f"is {'raised' if motion.pitch > 0 else 'lowered'} by {abs(motion.pitch):.0f}°")
    if abs(motion.roll) >= TILTED:
        side = "right" if motion.roll > 0 else "left"
        said.append(f"is tilted {abs(motion.roll):.0f}° to the {side} of the picture")
    if motion.nods >= 3:
        said.append("nods")
    if motion.shakes >= 3:
        said.append("turns to and fro")
    return said


def _visibility(series: FaceSeries, each: Look, media_ref: str | None) -> Finding:
    quality = float(np.nan_to_num(series.quality[each.units.rows]).mean())
    whose = "The speaker's face" if each.speaks else "A face"
    top = float(each.units.time[each.peak])
    return Finding(
        utterance=each.utterance,
        kind="face_visibility",
        text=f"{whose} is seen in {each.shown:.0%} of the frames, with quality {quality:.2f} of 1{each.aside}",
        reliability=each.worth * each.shown * min(1.0, quality / 0.5),
        measures={"shown": (each.shown, "ratio"), "quality": (quality, "0-1"), "peak": (top, "s")},
        person=each.person,
        media_ref=media_ref,
    )


def _portraits(clip: Clip, series: FaceSeries, looks: Sequence[Look]) -> set[str]:
    """Writes the peak frame of every look in one pass over the clip; the utterances that have one."""
    from emoagent.tools.media import frames_at
    from emoagent.tools.portrait import portrait
    from emoagent.tools.workspace import workspace

    ordered = sorted(looks, key=lambda each: float(each.units.time[each.peak]))
    times = [float(each.units.time[each.peak]) for each in ordered]
    written = set()
    for index, _, rgb in frames_at(clip, times) if times else ():
        each = ordered[index]
        box = series.box[each.units.rows[each.peak]]
        workspace().media(f"{each.utterance.id}.jpg").write_bytes(portrait(rgb, box.tolist()))
        written.add(each.utterance.id)
    return written
