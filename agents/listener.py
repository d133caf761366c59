"""How other people in view react while somebody speaks: their face and head, bound to them and never to the speaker.

A listener's mouth is not busy with speech, so its units are trusted more than the speaker's. That somebody reacts says
nothing of what the speaker expresses, and no opinion about the speaker counts it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from emoagent.agents.face_look import NO_EXPRESSION, Faces, Look
from emoagent.agents.face_units import LEAST, unit_segments
from emoagent.agents.registry import Finding, perceiver
from emoagent.schema import Clip, Span, Utterance
from emoagent.tools.segments import Segment
from emoagent.tools.sight.action_unit_table import WORDS
from emoagent.tools.sight.head_motion import head_motion

SHORTEST = 0.6  # seconds of a face that is watched for a reaction
MOST_UNITS = 3  # findings about units for one listener and utterance
MOST_PEOPLE = 4  # the largest faces; a crowd is no listener
TRUST_HEAD = 0.6
SWINGS = 3  # to and fro, from which a head nods or shakes


@perceiver(modality="face", needs={"faces"}, cost="0.002 x real time on one core for each face, after they are tracked")
def listener(clip: Clip, utterances: Sequence[Utterance]) -> Iterator[Finding]:
    """What the faces and heads of other people in view do while somebody speaks."""
    from emoagent.tools.media.audio import audio_of
    from emoagent.tools.sight.cast import cast_of, names_of
    from emoagent.tools.sight.faces import faces_of

    cast, names = cast_of(clip), names_of(clip)
    if len(cast) < 2:
        return
    faces = Faces(faces_of(clip), cast, utterances, audio_of(clip) if clip.audio else None)
    for utterance in utterances:
        for each in listeners(faces, utterance):
            yield from reactions(faces, each, names)


def listeners(faces: Faces, utterance: Utterance) -> Iterator[Look]:
    """One look for everybody in view but the speaker, the largest faces first; none where the speaker is not known."""
    if utterance.person is None:
        return
    sizes = faces.prominence(utterance.span)
    others = sorted((person for person in sizes if person != utterance.person), key=lambda person: -sizes[person])
    for person in others[:MOST_PEOPLE]:
        each = faces.look(utterance, person, False, 1.0)
        if each is not None and each.units.time[-1] - each.units.time[0] >= SHORTEST:
            yield each


def reactions(faces: Faces, each: Look, names: Mapping[str, str | None]) -> Iterator[Finding]:
    """The clearest units that begin while the other one speaks, and what the head does."""
    who = names.get(each.person) or each.person
    found = [(segment, trust, name) for name in each.units.names for segment, trust in _began(each, name)]
    for segment, trust, name in sorted(found, key=lambda one: (-one[1], one[2]))[:MOST_UNITS]:
        yield _unit(each, who, name, segment, trust)
    yield from _head(faces, each, who)


def _began(each: Look, name: str) -> list[tuple[Segment, float]]:
    """The strongest segment of a unit, if it was seen to begin: what goes on from before the utterance is no reaction
    to it."""
    if name in NO_EXPRESSION:
        return []
    found = unit_segments(each, name)
    return [(segment, trust) for segment, trust in found if segment.rise is not None and trust >= LEAST][:1]


def _unit(each: Look, who: str, name: str, segment: Segment, trust: float) -> Finding:
    delay = max(0.0, segment.onset - each.utterance.span.start)
    words = f"{WORDS[name]} ({name}) reaches {segment.height:.1f} of 5 at {segment.top:.1f} s"
    measures = {
        name: (segment.height, "intensity 0-5"),
        "delay": (delay, "s"),
        "onset": (segment.onset, "s"),
        "apex": (segment.top, "s"),
        "offset": (segment.offset, "s"),
    }
    text = f"While another person speaks, the {words} in the face of {who}, {delay:.1f} s after the utterance begins"
    return _finding(each, text, trust, measures, segment.onset, segment.offset)


def _head(faces: Faces, each: Look, who: str) -> Iterator[Finding]:
    motion = head_motion(each.units.time, faces.series.pose[each.units.rows])
    if motion is None:
        return
    counts = {"nods": motion.nods, "shakes": motion.shakes}
    verbs = [verb for verb, count in (("nods", motion.nods), ("turns to and fro", motion.shakes)) if count >= SWINGS]
    if not verbs:
        return
    measures = {f"{name[:-1]}_swings": (float(count), "count") for name, count in counts.items()}
    clear = float(np.nan_to_num(faces.series.quality[each.units.rows]).mean())
    text = f"While another person speaks, the head of {who} {' and '.join(verbs)}"
    trust = TRUST_HEAD * each.shown * min(1.0, clear / 0.5)
    span = each.utterance.span
    yield _finding(each, text, trust, measures, span.start, span.end)


def _finding(
    each: Look, text: str, trust: float, measures: dict[str, tuple[float, str]], start: float, end: float
) -> Finding:
    whole = each.utterance.span
    start = min(max(start, whole.start), whole.end)
    return Finding(
        utterance=each.utterance,
        kind="listener_reaction",
        text=text,
        reliability=trust,
        measures=measures,
        span=Span(start=start, end=max(start, min(end, whole.end))),
        person=each.person,
    )
