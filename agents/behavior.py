"""Body language of the people in view during each utterance: where they look, what their heads do, how they lean, and
their hands.

It says what was done and when, against what the same person did before where that can be known; it never names an
emotion. The speaker comes first; of others in view only what stands out is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from emoagent.agents.registry import Finding, perceiver
from emoagent.schema import Clip, Span, Utterance
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.gaze_direction import DIRECTIONS, Direction, Looks, looks, towards
from emoagent.tools.sight.hand_series import HandSeries
from emoagent.tools.sight.hand_use import Sighted, hands_by_person, movement
from emoagent.tools.sight.head_gestures import HeadGesture, head_gestures
from emoagent.tools.sight.posture import USUAL_SECONDS, Lean, drift, leans

Floats = NDArray[np.float64]
Unit = tuple[float, str]

FEWEST = 4  # analysed frames with the face
OTHERS = 3  # people besides the speaker
SPEAKER, OTHER, UNKNOWN = (
    1.0,
    0.9,
    0.7,
)  # what a finding is worth: of the speaker, of others, while nobody is known to be
SLOW = 0.2  # seconds between frames above which movements of the head cannot be followed
HISTORY = 20.0  # seconds before an utterance from which the usual is known
MOST, MUCH, LITTLE = 0.7, 0.3, 0.15  # shares of the time
CHANGED = 0.3  # difference of shares that is worth a word
FACE_TOUCH = 2  # searched frames with a hand at the face
EYES = 0.6  # how far to trust a gaze seen well
WAYS = {
    "in": "leans in: the face is {:.2f} times its usual size",
    "out": "leans back: the face is {:.2f} times its usual size",
    "left": "leans to the left of the picture, by {:.1f} face widths",
    "right": "leans to the right of the picture, by {:.1f} face widths",
    "down": "sinks by {:.1f} face heights",
    "up": "rises by {:.1f} face heights",
}
SIDES: dict[Direction, str] = {
    "camera": "towards the camera", "left": "aside to the left of the picture",
    "right": "aside to the right of the picture", "up": "up", "down": "down",
}  # fmt: skip
GESTURES = {"nod": "nods", "shake": "shakes the head", "tilt": "tilts the head"}


@dataclass(frozen=True)
class Seen:
    """One person during one utterance. `rows`: of the face series, in time order; `before`: those of the same person in
    the time before; `worth`: the factor on every reliability; `shown`: share of the analysed frames with the face."""

    utterance: Utterance
    person: str
    subject: str
    worth: float
    rows: NDArray[np.intp]
    before: NDArray[np.intp]
    shown: float

    @property
    def speaks(self) -> bool:
        """Whether this is known to be the speaker."""
        return self.utterance.person == self.person

    def quality(self, series: FaceSeries) -> float:
        """0..1, how well the face is seen, and how often."""
        return self.shown * min(1.0, float(np.nan_to_num(series.quality[self.rows]).mean()) / 0.5)


@dataclass
class Habits:
    """What each person did in the utterances before: seconds and averted share of the look."""

    averted: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def usual(self, person: str) -> float | None:
        """The person's averted share so far, None before two utterances."""
        past = self.averted.get(person, [])
        return sum(t * share for t, share in past) / sum(t for t, _ in past) if len(past) > 1 else None


@perceiver(
    modality="behavior", needs={"faces"}, cost="0.002 x real time on one core, after faces and hands are tracked"
)
def behavior(clip: Clip, utterances: Sequence[Utterance]) -> Iterator[Finding]:
    """Gaze, nods, shakes and tilts, leaning, hands at the face and gestures of the people in view."""
    from emoagent.tools.sight.cast import cast_of, names_of
    from emoagent.tools.sight.faces import faces_of
    from emoagent.tools.sight.hands import hands_of

    assert clip.video is not None
    aspect = clip.video.width / clip.video.height
    yield from findings(faces_of(clip), hands_of(clip), cast_of(clip), names_of(clip), utterances, aspect)


def findings(
    faces: FaceSeries, hands: HandSeries, cast: Mapping[str, Sequence[int]], names: Mapping[str, str | None],
    utterances: Sequence[Utterance], aspect: float,
) -> Iterator[Finding]:  # fmt: skip
    """All that is to be said. `cast`: person id -> face tracks; `aspect`: the frame's width over its height."""
    habits = Habits()
    for utterance in utterances:
        span = utterance.span
        owned = hands_by_person(hands, faces, cast, span.start, span.end, aspect)
        searched = len(hands.searched(span.start, span.end))
        people = list(in_view(faces, cast, names, utterance))
        for each in people:
            yield from _gaze(faces, each, people, habits)
            yield from _head(faces, each)
            yield from _posture(faces, each, people, aspect)
            yield from _hands(faces, each, owned.get(each.person, []), searched)


def in_view(
    faces: FaceSeries, cast: Mapping[str, Sequence[int]], names: Mapping[str, str | None], utterance: Utterance
) -> Iterator[Seen]:
    """The people whose faces are seen during the utterance: the speaker, then those seen largest and longest."""
    span = utterance.span
    now, then = faces.between(span.start, span.end), faces.between(span.start - HISTORY, span.start)
    first, last = np.searchsorted(faces.frames, [span.start, span.end])
    sizes: dict[str, float] = {}
    for person, tracks in cast.items():
        own = now[np.isin(faces.track[now], tracks)]
        if len(own) >= FEWEST:
            sizes[person] = float(np.nan_to_num(faces.box[own, 2] * faces.box[own, 3]).sum())
    order = sorted(sizes, key=lambda person: (person != utterance.person, -sizes[person], person))
    for person in order[: OTHERS + 1]:
        own, past = (rows[np.isin(faces.track[rows], cast[person])] for rows in (now, then))
        shown = min(1.0, len(np.unique(faces.time[own])) / max(1, int(last - first)))
        subject, worth = _subject(utterance, person, names.get(person) or person)
        yield Seen(utterance, person, subject, worth, own, past, shown)


def _subject(utterance: Utterance, person: str, name: str) -> tuple[str, float]:
    if utterance.person == person:
        return "The speaker", SPEAKER
    if utterance.person is not None:
        return f"{name}, in view while another speaks,", OTHER
    return f"{name}, in view and not known to speak,", UNKNOWN


def _finding(
    each: Seen,
    kind: str,
    said: str,
    trust: float,
    measures: Mapping[str, Unit],
    span: tuple[float, float] | None = None,
) -> Finding:
    whole = each.utterance.span
    start, end = (whole.start, whole.end) if span is None else span
    start = min(max(start, whole.start), whole.end)
    at = Span(start=start, end=max(start, min(end, whole.end)))
    text = f"{each.subject} {said}"
    return Finding(each.utterance, kind, text, trust * each.worth, dict(measures), at, each.person)


def _gaze(faces: FaceSeries, each: Seen, people: Sequence[Seen], habits: Habits) -> Iterator[Finding]:
    pose, eyes = faces.pose[each.rows].astype(float), faces.gaze[each.rows].astype(float)
    seen = looks(faces.time[each.rows], pose, eyes)
    if seen is None:
        return
    usual = habits.usual(each.person)
    habits.averted.setdefault(each.person, []).append((each.utterance.span.duration, seen.averted))
    side: Direction = max((d for d in DIRECTIONS if d != "camera"), key=lambda d: seen.share[d])
    share = seen.share[side]
    target = _target(faces, each, people, seen) if share >= MUCH else None
    if not each.speaks and seen.averted < MOST and target is None:
        return
    said = _gaze_words(seen, side, share, target, usual)
    measures: dict[str, Unit] = {f"{d}_share": (s, "ratio") for d, s in seen.share.items() if s or d == "camera"}
    measures |= {"averted_share": (seen.averted, "ratio"), "known": (seen.known, "ratio"),
                 "shifts": (float(seen.shifts), "count"), "right": (seen.angles[0], "degrees"),
                 "up": (seen.angles[1], "degrees")}  # fmt: skip
    if usual is not None:
        measures["usual_averted_share"] = (usual, "ratio")
    yield _finding(each, "gaze", said, EYES * seen.known * each.quality(faces), measures)


def _gaze_words(seen: Looks, side: Direction, share: float, target: str | None, usual: float | None) -> str:
    camera = seen.share["camera"]
    said = f"looks towards the camera {camera:.0%} of the time"
    if share >= LITTLE:
        where = f"{SIDES[side]}, where {target} is," if target else SIDES[side]
        also: list[Direction] = [d for d in DIRECTIONS if d not in (side, "camera") and seen.share[d] >= LITTLE]
        rest = [f"{SIDES[d]} {seen.share[d]:.0%}" for d in also]
        rest += [f"{SIDES['camera']} {camera:.0%}"] if camera else []
        said = ", ".join([f"looks {where} {share:.0%} of the time", *rest])
    if usual is not None and abs(seen.averted - usual) >= CHANGED:
        said += f", {'more' if seen.averted > usual else 'less'} averted than before ({usual:.0%})"
    return said


def _target(faces: FaceSeries, each: Seen, people: Sequence[Seen], seen: Looks) -> str | None:
    """Who is where the person looks; None if nobody or more than one is."""
    own = np.median(faces.box[each.rows], axis=0).astype(float)
    right, up = seen.angles
    there = [
        other
        for other in people
        if other.person != each.person
        and towards(right, up, own, np.median(faces.box[other.rows], axis=0).astype(float))
    ]
    if len(there) != 1:
        return None
    return "the speaker" if there[0].speaks else there[0].subject.partition(",")[0]


def _head(faces: FaceSeries, each: Seen) -> Iterator[Finding]:
    rows = np.concatenate([each.before, each.rows])
    time = faces.time[rows]
    if float(np.median(np.diff(faces.time[each.rows]))) > SLOW:
        return
    found = head_gestures(time, faces.pose[rows].astype(float), each.utterance.span.start)
    for kind, sign in (("nod", 1), ("shake", 1), ("tilt", 1), ("tilt", -1)):
        if alike := [gesture for gesture in found if gesture.kind == kind and gesture.amplitude * sign > 0]:
            yield _head_gesture(faces, each, alike)


def _head_gesture(faces: FaceSeries, each: Seen, alike: Sequence[HeadGesture]) -> Finding:
    kind, count = alike[0].kind, sum(gesture.count for gesture in alike)
    amplitude = float(np.median([gesture.amplitude for gesture in alike]))
    often = "once" if count == 1 else "twice" if count == 2 else f"{count} times"
    when = f"at {alike[0].start:.1f} s" + (f" and {len(alike) - 1} more time(s)" if len(alike) > 1 else "")
    said = f"{GESTURES[kind]} {often} {when}, by {abs(amplitude):.0f}°"
    if kind == "tilt":
        side = "right" if amplitude > 0 else "left"
        said = f"{GESTURES[kind]} to the {side} of the picture {when}, by {abs(amplitude):.0f}° from the usual"
    measures: dict[str, Unit] = {"count": (float(count), "count"), "amplitude": (amplitude, "degrees")}
    if kind != "tilt":
        measures["rate"] = (float(np.median([gesture.rate for gesture in alike])), "Hz")
    trust = min(0.8, 0.35 + 0.1 * count + 0.02 * abs(amplitude))
    return _finding(each, "head_gesture", said, trust * each.quality(faces), measures, (alike[0].start, alike[-1].end))


def _posture(faces: FaceSeries, each: Seen, people: Sequence[Seen], aspect: float) -> Iterator[Finding]:
    """The longest change of posture of each kind, in the shot in which the face is seen longest."""
    tracks, counts = np.unique(faces.track[each.rows], return_counts=True)
    rows = faces.rows(int(tracks[np.argmax(counts)]))
    rows = rows[faces.time[rows] < each.utterance.span.end]
    time, start = faces.time[rows], max(each.utterance.span.start, float(faces.time[rows[0]]) + USUAL_SECONDS)
    others = [_within(faces, other, float(time[0])) for other in people if other.person != each.person]
    camera = drift(time, others, aspect, start)
    found = leans(time, faces.box[rows].astype(float), start, aspect=aspect, camera=camera)
    for way in WAYS:
        if alike := [lean for lean in found if lean.way == way]:
            yield _lean(faces, each, max(alike, key=lambda lean: lean.end - lean.start), alone=camera is None)


def _within(faces: FaceSeries, other: Seen, start: float) -> tuple[Floats, Floats]:
    rows = np.concatenate([other.before, other.rows])
    rows = rows[faces.time[rows] >= start]
    return faces.time[rows], faces.box[rows].astype(float)


def _lean(faces: FaceSeries, each: Seen, lean: Lean, *, alone: bool) -> Finding:
    unit = "ratio" if lean.way in ("in", "out") else "face sizes"
    said = f"{WAYS[lean.way].format(lean.amount)}, from {lean.start:.1f} to {lean.end:.1f} s"
    trust = (0.45 if alone else 0.6) * each.quality(faces)  # alone, the camera may have moved instead
    measures: dict[str, Unit] = {"amount": (lean.amount, unit), "held": (lean.end - lean.start, "s")}
    return _finding(each, "posture", said, trust, measures, (lean.start, lean.end))


def _hands(faces: FaceSeries, each: Seen, hands: Sequence[Sighted], searched: int) -> Iterator[Finding]:
    """Hands at the face, and hands that move. Where none is seen nothing is said: they may be out of the picture."""
    frames = {hand.time for hand in hands}
    if not frames or not searched:
        return
    trust = 0.8 * searched / (searched + 2) * (0.5 + 0.5 * each.shown)
    if len({hand.time for hand in hands if hand.region}) >= FACE_TOUCH:
        yield _hand_to_face(each, [hand for hand in hands if hand.region], searched, trust)
    moved = movement(hands)
    if moved is None or not (each.speaks or moved.strokes):
        return
    seen = len(frames) / searched
    said = f"is seen with a hand in view {seen:.0%} of the time, moving at {moved.speed:.1f} face heights per second"
    if moved.strokes:
        said += f" in {moved.strokes} stroke{'s' if moved.strokes > 1 else ''}"
    measures: dict[str, Unit] = {
        "speed": (moved.speed, "face heights/s"), "strokes": (float(moved.strokes), "count"),
        "hands_seen": (seen, "ratio"), "followed": (moved.followed, "s"), "searched": (float(searched), "frames"),
    }  # fmt: skip
    yield _finding(each, "gesture", said, 0.8 * trust, measures, (min(frames), max(frames)))


def _hand_to_face(each: Seen, touching: Sequence[Sighted], searched: int, trust: float) -> Finding:
    times = sorted({hand.time for hand in touching})
    regions = [hand.region for hand in touching if hand.region]
    order = sorted(dict.fromkeys(regions), key=lambda region: -regions.count(region))
    where = " and the ".join(f"{region}" for region in order[:2])
    share = min(1.0, len(times) / searched)
    said = f"has a hand at the face, at the {where}, {share:.0%} of the time from {times[0]:.1f} to {times[-1]:.1f} s"
    measures: dict[str, Unit] = {"share": (share, "ratio"), "searched": (float(searched), "frames")}
    measures |= {f"{region}_share": (regions.count(region) / len(regions), "ratio") for region in order}
    return _finding(each, "hand_to_face", said, trust, measures, (times[0], times[-1]))
