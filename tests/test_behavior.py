from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tracked import rest_features, series_of

from emoagent.agents import behavior as agent
from emoagent.agents.behavior import findings
from emoagent.agents.registry import Finding
from emoagent.schema import Span, Utterance
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.hand_series import HandSeries
from emoagent.tools.sight.head_gestures import head_gestures, turning_points

FPS = 12.5
SECONDS = 10.0
Floats = NDArray[np.float64]
TIME = np.arange(int(SECONDS * FPS)) / FPS
EMOTIONS = ("happy", "sad", "angr", "fear", "joy", "disgust", "surprise", "nervous", "bored", "confiden")


def swinging(rate: float, swing: float, start: float = 4.0, end: float = 6.0, noise: float = 0.6) -> Floats:
    """(n,) degrees that swing to and fro by `swing` between `start` and `end`, with a talking head's jitter."""
    rng = np.random.default_rng(3)
    slow = np.convolve(rng.normal(0, noise, len(TIME) + 4), np.ones(5) / 5**0.5, mode="valid")
    inside = (start <= TIME) & (end > TIME)
    return np.asarray(slow + inside * swing / 2 * np.sin(2 * np.pi * rate * (TIME - start)), np.float64)


def posed(yaw: Floats | float = 0.0, pitch: Floats | float = 0.0, roll: Floats | float = 0.0) -> Floats:
    return np.stack([np.broadcast_to(np.asarray(a, float), TIME.shape) for a in (yaw, pitch, roll)], axis=1)


def face(
    pose: Floats | None = None, gaze: Floats | None = None, box: Sequence[float] | Floats = (0.3, 0.2, 0.2, 0.35)
) -> FaceSeries:
    """One frontal face with open eyes that look at the camera, for ten seconds."""
    one = series_of(np.tile(rest_features(), (len(TIME), 1)))
    boxes = np.broadcast_to(np.asarray(box, np.float32), (len(TIME), 4))
    eyes = np.zeros((len(TIME), 2)) if gaze is None else gaze
    head = posed() if pose is None else pose
    return replace(one, time=TIME, frames=TIME, pose=head.astype(np.float32), gaze=eyes.astype(np.float32), box=boxes)


def together(*faces: FaceSeries) -> FaceSeries:
    """Several faces in one picture, as tracks 0, 1, …"""
    order = np.argsort(np.concatenate([f.time for f in faces]), kind="stable")
    columns: dict[str, Any] = {name: np.concatenate([getattr(f, name) for f in faces])[order] for name in
               ("time", "box", "quality", "pose", "features", "blendshapes", "gaze", "factors")}  # fmt: skip
    track = np.repeat(np.arange(len(faces)), len(TIME)).astype(np.int32)[order]
    return replace(faces[0], track=track, **columns)


def said(
    faces: FaceSeries, *spans: tuple[float, float], person: str | None = "p1", hands: HandSeries | None = None,
    cast: Mapping[str, Sequence[int]] | None = None,
) -> list[Finding]:  # fmt: skip
    utterances = [
        Utterance(id=f"u{i}", person=person, span=Span(start=a, end=b), text="", source="subtitles")
        for i, (a, b) in enumerate(spans or [(3.0, 9.0)], 1)
    ]
    cast = cast or {f"p{track + 1}": (track,) for track in faces.tracks()}
    found = list(findings(faces, hands or HandSeries.empty(), cast, {"p2": "BEN"}, utterances, 16 / 9))
    for each in found:
        check(each)
    return found


def check(found: Finding) -> None:
    """What holds for every finding."""
    assert 0 < found.reliability <= 1
    assert not any(word in found.text.lower() for word in EMOTIONS)
    assert found.span is None or found.utterance.span.overlap(found.span) == pytest.approx(found.span.duration)
    assert all(np.isfinite(value) and unit for value, unit in found.measures.values())


def of(kind: str, found: Sequence[Finding]) -> list[Finding]:
    return [each for each in found if each.kind == kind]


@pytest.mark.parametrize("rate", [1.2, 2.0, 3.0])
@pytest.mark.parametrize(("axis", "kind"), [(1, "nod"), (0, "shake")])
def test_swings_are_gestures(rate: float, axis: int, kind: str) -> None:
    pose = posed()
    pose[:, axis] = swinging(rate, 9)
    (gesture,) = head_gestures(TIME, pose, 2.0)
    assert gesture.kind == kind
    assert gesture.count == pytest.approx(2 * rate, abs=1.1)
    assert gesture.rate == pytest.approx(rate, rel=0.2)
    assert gesture.start == pytest.approx(4.0, abs=0.6)
    assert 5 < gesture.amplitude < 11


@pytest.mark.parametrize("pose", [
    posed(swinging(2, 0), swinging(2, 0)),  # a talking head's jitter
    posed(pitch=swinging(0.4, 20, end=9)),  # slow
    posed(pitch=swinging(2, 9, end=4.5)),  # once
    posed(pitch=swinging(2, 9), yaw=1.2 * swinging(2, 9)),  # about both axes: no nod
], ids=["jitter", "slow", "once", "slanted"])  # fmt: skip
def test_other_movements_are_no_nods(pose: Floats) -> None:
    assert not [g for g in head_gestures(TIME, pose, 2.0) if g.kind == "nod"]


def test_a_head_that_always_jitters_so_must_move_more_to_nod() -> None:
    steady = head_gestures(TIME, posed(pitch=swinging(2, 7)), 3.0)
    restless = head_gestures(TIME, posed(pitch=swinging(2, 7) + 2.6 * np.sin(2 * np.pi * 3 * TIME)), 3.0)
    assert [g.kind for g in steady] == ["nod"]
    assert not restless


def test_turning_points_alternate() -> None:
    angle = np.array([0, 3, 1, 4, -4, -3, -5, 5, 0.0])
    assert turning_points(angle, 4) == [0, 3, 6, 7, 8]
    assert turning_points(angle, 20) == []


def test_a_gap_ends_a_gesture_and_nothing_comes_of_nothing() -> None:
    pose = posed(pitch=swinging(2, 9, start=4, end=5.5))
    pose[(TIME > 4.2) & (TIME < 5.2)] = np.nan
    assert not head_gestures(TIME, pose, 2.0)
    assert not head_gestures(TIME, np.full((len(TIME), 3), np.nan), 2.0)
    assert not head_gestures(TIME[:0], pose[:0], 2.0)


def test_nods_shakes_and_tilts_are_told_with_times_and_numbers() -> None:
    (nod,) = of("head_gesture", said(face(posed(pitch=swinging(2, 9)))))
    assert nod.text.startswith("The speaker nods ")
    assert nod.measures["count"][0] >= 3
    assert nod.span is not None
    assert (nod.span.start, nod.span.end) == pytest.approx((4.2, 5.9), abs=0.4)
    (tilt,) = of("head_gesture", said(face(posed(roll=np.where(TIME > 5, -14.0, 1.0)))))
    assert "tilts the head to the left of the picture" in tilt.text


def test_looks_at_the_camera_and_aside() -> None:
    (straight,) = of("gaze", said(face()))
    assert "towards the camera 100% of the time" in straight.text
    eyes = np.zeros((len(TIME), 2))
    eyes[TIME > 5] = (25, 0)
    (aside,) = of("gaze", said(face(gaze=eyes)))
    assert "aside to the right of the picture 67% of the time" in aside.text
    assert aside.measures["shifts"] == (1.0, "count")


def test_a_look_at_the_other_person_is_said_only_if_they_are_there() -> None:
    eyes = np.tile([25.0, 0.0], (len(TIME), 1))
    right, left = face(box=(0.7, 0.2, 0.2, 0.35)), face(box=(0.02, 0.2, 0.2, 0.35))
    looking = face(gaze=eyes)
    assert "where BEN is" in of("gaze", said(together(looking, right)))[0].text
    assert "BEN" not in of("gaze", said(together(looking, left)))[0].text
    (back,) = [
        f for f in of("gaze", said(together(face(), face(gaze=-eyes, box=(0.7, 0.2, 0.2, 0.35))))) if f.person == "p2"
    ]
    assert back.text.startswith(
        "BEN, in view while another speaks, looks aside to the left of the picture, where the speaker is"
    )


def test_a_change_of_gaze_is_told_against_the_same_person_before() -> None:
    eyes = np.zeros((len(TIME), 2))
    eyes[TIME >= 6] = (-25, 0)
    found = of("gaze", said(face(gaze=eyes), (0.0, 2.5), (3.0, 5.5), (6.5, 9.0)))
    assert ["than before" in each.text for each in found] == [False, False, True]
    assert found[2].measures["usual_averted_share"][0] == 0


def test_unseen_eyes_say_nothing() -> None:
    assert not of("gaze", said(face(gaze=np.full((len(TIME), 2), np.nan))))


def grown(factor: float, start: float = 5.0) -> Floats:
    box = np.tile([0.3, 0.2, 0.2, 0.35], (len(TIME), 1))
    late = start <= TIME
    box[late, :2] -= box[late, 2:] * (factor - 1) / 2
    box[late, 2:] *= factor
    return box * (1 + np.random.default_rng(1).normal(0, 0.01, box.shape))


def test_leaning_in_and_back_and_neither() -> None:
    (lean,) = of("posture", said(face(box=grown(1.25))))
    assert "leans in" in lean.text
    assert lean.measures["amount"][0] == pytest.approx(1.25, abs=0.05)
    assert lean.span is not None
    assert lean.span.start == pytest.approx(5.0, abs=0.2)
    assert "leans back" in of("posture", said(face(box=grown(0.8))))[0].text
    assert not of("posture", said(face(box=grown(1.05))))


def test_a_zoom_and_a_cut_are_no_leaning() -> None:
    zoom = together(face(box=grown(1.25)), face(box=grown(1.25) + np.array([0.4, 0, 0, 0])))
    assert not of("posture", said(zoom))
    alone = together(face(box=grown(1.25)), face(box=grown(1.0) + np.array([0.4, 0, 0, 0])))
    assert [f.person for f in of("posture", said(alone))] == ["p1"]
    cut = replace(face(box=grown(1.25)), track=(TIME >= 5).astype(np.int32), cuts=np.array([5.0]))
    assert not of("posture", said(cut, cast={"p1": (0, 1)}))


def test_sinking_and_moving_aside() -> None:
    box = grown(1.0)
    box[TIME >= 5, 1] += 0.16
    assert "sinks by 0.5 face heights" in of("posture", said(face(box=box)))[0].text
    box = grown(1.0)
    box[TIME >= 5, 0] -= 0.15
    assert "leans to the left of the picture" in of("posture", said(face(box=box)))[0].text


def hand_at(x: float, y: float) -> NDArray[np.float32]:
    """A hand of a face's height, its wrist below, its fingertips around (x, y)."""
    points = np.tile([x, y], (21, 1)) + np.random.default_rng(0).normal(0, 0.004, (21, 2))
    points[0], points[9] = (x, y + 0.3), (x, y + 0.12)
    return points.astype(np.float32)


def test_a_hand_at_the_mouth() -> None:
    mouth = hand_at(0.4, 0.2 + 0.75 * 0.35)
    times = np.arange(4.0, 7.0, 0.25)
    hands = HandSeries(
        times, np.tile(mouth, (len(times), 1, 1)), np.ones(len(times), np.float32), np.arange(0, 10, 0.25)
    )
    (touch,) = of("hand_to_face", said(face(), hands=hands))
    assert "at the mouth, 50% of the time from 4.0 to 6.8 s" in touch.text
    assert touch.person == "p1"


def test_hands_out_of_view_are_not_called_still() -> None:
    empty = HandSeries.empty()
    unseen = replace(empty, frames=np.arange(0, 10, 0.25))
    for hands in (empty, unseen, HandSeries.empty("no model")):
        assert not {"gesture", "hand_to_face"} & {f.kind for f in said(face(), hands=hands)}


def test_gesture_energy() -> None:
    times = np.arange(3.0, 9.0, 0.25)
    points = np.stack([hand_at(0.4 + 0.15 * (i // 2 % 2), 0.75) for i in range(len(times))])
    hands = HandSeries(times, points, np.ones(len(times), np.float32), times)
    (gesture,) = of("gesture", said(face(), hands=hands))
    assert gesture.measures["speed"][0] == pytest.approx(0.15 * 16 / 9 / 0.35 / 0.25 / 2, rel=0.1)
    assert gesture.measures["hands_seen"] == (1.0, "ratio")
    assert gesture.measures["strokes"][0] >= 8


def test_it_looks_only_back() -> None:
    """What is said of an utterance does not change when all that follows does."""
    rng = np.random.default_rng(5)
    pose = posed(swinging(1.5, 8), swinging(2, 9, start=3, end=5), swinging(0.3, 20))
    eyes = rng.normal(0, 14, (len(TIME), 2))
    whole = together(face(pose, eyes, grown(1.3, 4.0)), face(pose[::-1], -eyes, grown(0.8) + np.array([0.4, 0, 0, 0])))
    seen = whole.time < 6
    columns: dict[str, Any] = {
        n: getattr(whole, n)[seen]
        for n in ("time", "track", "box", "quality", "pose", "features", "blendshapes", "gaze", "factors")
    }
    half = replace(whole, frames=TIME[TIME < 6], **columns)
    spans = ((0.5, 2.0), (2.5, 6.0))
    assert [f for f in said(whole, *spans, (6.5, 9.0)) if f.utterance.id != "u3"] == said(half, *spans)


def test_the_agent_is_found_and_tells_what_it_is() -> None:
    assert agent.behavior.modality == "behavior"
    assert agent.behavior.needs == {"faces"}
    assert agent.behavior.summary.startswith("Gaze, nods")
