"""What the speaker's face does during each utterance: action units, head, visibility, and the frame of the peak.

It says what moved, when, and how far from this person's own rest as seen until then; it never names an emotion.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from emoagent.agents.face_look import NO_EXPRESSION, Faces, Look, speakers
from emoagent.agents.face_micro import micro_findings
from emoagent.agents.face_units import unit_findings
from emoagent.agents.registry import Finding, perceiver
from emoagent.errors import ModelMissing
from emoagent.schema import Clip, Utterance
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.head_motion import HeadMotion, head_motion

if TYPE_CHECKING:
    from emoagent.tools.sight.landmarker import Landmarker

OF_SPEECH = ("AU25", "AU26")
TURNED, RAISED, TILTED = 20.0, 15.0, 12.0  # degrees of yaw, pitch and roll that show


@perceiver(modality="face", needs={"faces"}, cost="0.01 x real time on one core, after the faces are tracked")
def face(clip: Clip, utterances: Sequence[Utterance]) -> Iterator[Finding]:
    """Action units, head pose and visibility of the speaker's face, against that person's own rest so far."""
    from emoagent.tools.media.audio import audio_of
    from emoagent.tools.sight.cast import cast_of
    from emoagent.tools.sight.faces import faces_of

    series = faces_of(clip)
    faces = Faces(series, cast_of(clip), utterances, audio_of(clip) if clip.audio else None)
    looks = list(speakers(faces, utterances))
    shown = _portraits(clip, series, looks)
    for each in looks:
        yield from findings(series, each, f"media/{each.utterance.id}.jpg" if each.utterance.id in shown else None)


def findings(series: FaceSeries, each: Look, media_ref: str | None) -> Iterator[Finding]:
    """All that is to be said about one look."""
    moved = list(unit_findings(each))
    yield from moved
    if not [found for found in moved if not (each.speaks and set(OF_SPEECH) & set(found.measures))]:
        yield _at_rest(each, bool(moved))
    yield from micro_findings(series, each)
    if found := _head(series, each):
        yield found
    yield _visibility(series, each, media_ref)


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
        },
        person=each.person,
    )


def _head_words(motion: HeadMotion) -> list[str]:
    """How the head is held; sides are those of the picture. What it does is for the agent `behavior` to say."""
    said = []
    if abs(motion.yaw) >= TURNED:
        side = "right" if motion.yaw > 0 else "left"
        said.append(f"is turned {abs(motion.yaw):.0f}° to the {side} of the picture")
    if abs(motion.pitch) >= RAISED:
        said.append(f"is {'raised' if motion.pitch > 0 else 'lowered'} by {abs(motion.pitch):.0f}°")
    if abs(motion.roll) >= TILTED:
        side = "right" if motion.roll > 0 else "left"
        said.append(f"is tilted {abs(motion.roll):.0f}° to the {side} of the picture")
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
    """Writes the peak frame of every look, and `peaks.json`, in one pass; the utterances that have one."""
    from emoagent.tools.media.files import frames_at
    from emoagent.tools.sight.face_contours import contour
    from emoagent.tools.sight.peak_frames import Peak, save
    from emoagent.tools.sight.portrait import portrait
    from emoagent.tools.workspace import workspace

    ordered = sorted(looks, key=lambda each: float(each.units.time[each.peak]))
    times = [float(each.units.time[each.peak]) for each in ordered]
    peaks: list[Peak] = []
    with _landmarker() as landmarker:
        for index, _, rgb in frames_at(clip, times) if times else ():
            each, name = ordered[index], f"{ordered[index].utterance.id}.jpg"
            box = series.box[each.units.rows[each.peak]].tolist()
            workspace().media(name).write_bytes(portrait(rgb, box))
            points = contour(landmarker, rgb, box) if landmarker else None
            peaks.append(Peak(each.utterance.id, each.person, times[index], box, points, f"media/{name}"))
    workspace().derived("peaks.json", partial(save, peaks))
    return {peak.utterance for peak in peaks}


def _landmarker() -> Landmarker | nullcontext[None]:
    """The model that draws the outlines; none where only the series is here, and it cannot be had again."""
    from emoagent.tools.sight.landmarker import Landmarker
    from emoagent.tools.weights.assets import face_landmarker

    try:
        return Landmarker(face_landmarker().path)
    except ModelMissing:
        return nullcontext()
