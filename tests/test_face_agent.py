"""The face agent: whose face it speaks of, what it says, and that it writes the frames it refers to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tracked import FPS, column, rest_features, series_of

from emoagent.agents.face import face
from emoagent.errors import ModelMissing
from emoagent.labels import ALIASES
from emoagent.schema import Clip, Evidence, Person, Span, Utterance, VideoStream
from emoagent.tools.sight.cast import save_cast
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.portrait import portrait
from emoagent.tools.workspace import Workspace, working_in

VIDEO = VideoStream(width=640, height=360, fps=25, codec="h264")
CLIP = Clip(id="c", name="c.mp4", sha256="0", bytes=1, format="mp4", duration=12, video=VIDEO)


def two_faces() -> FaceSeries:
    """Track 0 smiles from 5 s to 7 s and nods after 8 s; track 1 is smaller and keeps still until it goes at 6 s."""
    n = round(12 * FPS)
    time = np.arange(n) / FPS
    smiling = np.tile(rest_features(), (n, 1))
    on = (time >= 5) & (time < 7)
    for name, size in (("lip_corner_curl_left", 0.2), ("lip_corner_curl_right", 0.2), ("mouth_width", 0.2)):
        smiling[on, column(name)] += size
    still = np.tile(rest_features(), (n, 1))[time < 6]
    one, two = series_of(smiling, [0] * n), series_of(still, [1] * len(still))
    one.pose[time >= 8, 1] = 8 * np.sin(2 * np.pi * time[time >= 8])
    two.box[:, 2:] /= 2
    order = np.argsort(np.concatenate([one.time, two.time]), kind="stable")
    joined = {
        name: np.concatenate([getattr(one, name), getattr(two, name)])[order]
        for name in ("time", "track", "box", "quality", "pose", "features", "blendshapes", "gaze", "factors")
    }
    return FaceSeries(**joined, frames=time, cuts=np.zeros(0), asset="made for a test")


def said(start: float, end: float, person: str | None) -> Utterance:
    return Utterance(id=f"u{start:.0f}", person=person, span=Span(start=start, end=end), text="hi", source="subtitles")


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The agent on two made-up faces; pictures are grey."""

    def frames_at(clip: Clip, times: list[float]) -> Iterator[tuple[int, float, NDArray[np.uint8]]]:
        assert times == sorted(times)
        for index, time in enumerate(times):
            yield index, time, np.full((360, 640, 3), 128, np.uint8)

    monkeypatch.setattr("emoagent.tools.sight.faces.faces_of", lambda clip: two_faces())
    monkeypatch.setattr("emoagent.tools.media.files.frames_at", frames_at)
    with working_in(Workspace(tmp_path / "c.mp4", tmp_path)):
        save_cast([Person(id="anna"), Person(id="ben")], {"anna": (0,), "ben": (1,)}, [])
        yield


def kinds(evidence: list[Evidence], utterance: str) -> dict[str, Evidence]:
    return {item.kind: item for item in evidence if item.utterance == utterance}


@pytest.mark.usefixtures("look")
def test_a_smile_is_found_where_it_is(tmp_path: Path) -> None:
    evidence = list(face(CLIP, [said(0, 4, "anna"), said(4, 8, "anna"), said(8, 11, "anna")]))
    before, during = (kinds(evidence, name) for name in ("u0", "u4"))
    assert "action_unit" not in before
    assert "face_at_rest" in before
    unit = next(item for item in evidence if "AU12" in item.measures and item.kind == "action_unit")
    assert unit.utterance == "u4"
    assert unit.finding.startswith("Lip corner puller (AU12) reaches ")
    assert unit.finding.endswith("against this person's own rest")
    assert unit.span.start == pytest.approx(5, abs=0.35)
    assert unit.span.end == pytest.approx(7, abs=0.35)
    assert 5 <= unit.measures["apex"].value <= 7
    assert "face_at_rest" not in during
    assert not any(item.kind == "head_pose" for item in evidence), "a nod is for the agent of behaviour to tell"
    peak = during["face_visibility"].measures["peak"].value
    assert 5 <= peak <= 7
    assert during["face_visibility"].media_ref == "media/u4.jpg"
    assert (tmp_path / "media" / "u4.jpg").read_bytes()[:2] == b"\xff\xd8"


@pytest.mark.usefixtures("look")
@pytest.mark.parametrize("there", [True, False])
def test_the_peak_frame_is_kept_with_or_without_an_outline(
    there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no face in the grey pictures; and the model may be gone when only the series is left."""

    def gone() -> None:
        raise ModelMissing("not here", hint="pull it")

    if not there:
        monkeypatch.setattr("emoagent.tools.weights.assets.face_landmarker", gone)
    list(face(CLIP, [said(0, 4, "anna"), said(4, 8, "anna")]))
    kept = json.loads((tmp_path / "work" / "peaks.json").read_text())
    assert [(peak["utterance"], peak["person"], peak["picture"], peak["points"]) for peak in kept] == [
        ("u0", "anna", "media/u0.jpg", None), ("u4", "anna", "media/u4.jpg", None)
    ]  # fmt: skip
    assert 5 <= kept[1]["time"] <= 7
    assert kept[0]["box"] == pytest.approx([0.3, 0.2, 0.3, 0.5], abs=0.3)


@pytest.mark.usefixtures("look")
def test_whose_face() -> None:
    evidence = list(face(CLIP, [said(0, 4, None), said(5, 5.9, "ben"), said(7, 9, "ben"), said(9, 11, "carl")]))
    unknown = kinds(evidence, "u0")["face_visibility"]
    assert unknown.person == "anna"
    assert "not known to speak" in unknown.finding
    assert unknown.reliability <= 0.5
    assert kinds(evidence, "u5")["face_visibility"].person == "ben"
    assert {item.utterance for item in evidence} == {"u0", "u5"}


@pytest.mark.usefixtures("look")
def test_what_comes_later_changes_nothing() -> None:
    first = said(0, 4, "anna")
    alone = list(face(CLIP, [first]))
    among = list(face(CLIP, [first, said(4, 8, "anna"), said(8, 11, "ben")]))
    assert alone == [item for item in among if item.utterance == "u0"]


@pytest.mark.usefixtures("look")
def test_it_names_no_emotion_and_sees_no_text() -> None:
    evidence = list(face(CLIP, [said(0, 4, "anna"), said(4, 8, None), said(8, 11, "anna")]))
    words = {word for item in evidence for word in item.finding.lower().replace("(", " ").split()}
    assert not words & {name.lower() for name in ALIASES}
    assert not any(item.saw_text for item in evidence)
    assert all(0 < item.reliability <= 1 for item in evidence)


def test_a_portrait_marks_the_face() -> None:
    import cv2

    data = portrait(np.full((1080, 1920, 3), 40, np.uint8), (0.25, 0.25, 0.25, 0.5))
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (270, 480, 3)
    marked = np.abs(picture.astype(int) - 40).max(axis=2) > 60
    ys, xs = np.nonzero(marked)
    assert (xs.min(), xs.max()) == (pytest.approx(120, abs=4), pytest.approx(240, abs=4))
    assert (ys.min(), ys.max()) == (pytest.approx(67, abs=4), pytest.approx(203, abs=4))
