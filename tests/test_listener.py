"""Listeners: who reacts to whom, and that it never counts for the speaker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tracked import FPS, column, rest_features, series_of

from emoagent.agents.face_opinion import units
from emoagent.agents.listener import listener
from emoagent.agents.opinion import opine
from emoagent.labels import ALIASES
from emoagent.schema import Clip, Evidence, Person, Span, Utterance, VideoStream
from emoagent.tools.sight.cast import save_cast
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.workspace import Workspace, working_in

VIDEO = VideoStream(width=640, height=360, fps=25, codec="h264")
CLIP = Clip(id="c", name="c.mp4", sha256="0", bytes=1, format="mp4", duration=12, video=VIDEO)


def anna_and_ben() -> FaceSeries:
    """Anna (track 0) talks and smiles from 5 s to 7 s. Ben (track 1) smiles from 5.6 s to 6.8 s and nods after 8 s."""
    n = round(12 * FPS)
    time = np.arange(n) / FPS
    features = []
    for start, end in ((5.0, 7.0), (5.6, 6.8)):
        own = np.tile(rest_features(), (n, 1))
        for name in ("lip_corner_curl_left", "lip_corner_curl_right"):
            own[(time >= start) & (time < end), column(name)] += 0.2
        features.append(own)
    rows = np.stack(features, axis=1).reshape(2 * n, -1)
    series = series_of(rows, [0, 1] * n)
    series.time[:] = np.repeat(time, 2)
    nodding = (series.track == 1) & (series.time >= 8)
    series.pose[nodding, 1] = 8 * np.sin(2 * np.pi * series.time[nodding])
    return FaceSeries(**{**vars(series), "frames": time})


def said(start: float, end: float, person: str | None) -> Utterance:
    return Utterance(id=f"u{start:.0f}", person=person, span=Span(start=start, end=end), text="hi", source="subtitles")


@pytest.fixture
def two_in_view(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("emoagent.tools.sight.faces.faces_of", lambda clip: anna_and_ben())
    with working_in(Workspace(tmp_path / "c.mp4", tmp_path)):
        save_cast([Person(id="anna", name="Anna"), Person(id="ben", name="Ben")], {"anna": (0,), "ben": (1,)}, [])
        yield


def reactions(*utterances: Utterance) -> list[Evidence]:
    return list(listener(CLIP, utterances))


@pytest.mark.usefixtures("two_in_view")
def test_the_listeners_smile_is_the_listeners_and_comes_with_its_delay() -> None:
    found = reactions(said(0, 4, "anna"), said(4.5, 8, "anna"), said(8, 11.5, "anna"))
    assert {item.person for item in found} == {"ben"}
    assert {item.kind for item in found} == {"listener_reaction"}
    smile = next(item for item in found if "AU12" in item.measures)
    assert smile.utterance == "u4"
    assert smile.measures["delay"].value == pytest.approx(1.1, abs=0.2)
    assert smile.span.start == pytest.approx(5.6, abs=0.2)
    assert "Ben" in smile.finding
    nod = next(item for item in found if item.utterance == "u8")
    assert "nods" in nod.finding
    assert not [item for item in found if item.utterance == "u0"]


@pytest.mark.usefixtures("two_in_view")
def test_the_speaker_is_never_a_listener() -> None:
    assert {item.person for item in reactions(said(4.5, 8, "ben"))} == {"anna"}
    assert not reactions(said(4.5, 8, None))


@pytest.mark.usefixtures("two_in_view")
def test_what_goes_on_from_before_is_no_reaction() -> None:
    assert not reactions(said(6.0, 7.5, "anna"))


def test_nobody_else_in_view(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emoagent.tools.sight.faces.faces_of", lambda clip: anna_and_ben())
    with working_in(Workspace(tmp_path / "c.mp4", tmp_path)):
        save_cast([Person(id="anna")], {"anna": (0,)}, [])
        assert not reactions(said(4.5, 8, "anna"))


@pytest.mark.usefixtures("two_in_view")
def test_it_does_not_count_for_the_speaker() -> None:
    """Through the real opinions: the speaker's face abstains, though a listener smiles."""
    utterance = said(4.5, 8, "anna")
    found = reactions(utterance)
    assert found
    opinion = next(each for each in opine(utterance, found) if each.modality == "face")
    assert opinion.abstained
    assert opinion.reason == "the face evidence is about somebody else"
    assert not [pair for item in found for pair in units(item)]


@pytest.mark.usefixtures("two_in_view")
def test_it_names_no_emotion_and_sees_no_text_and_nothing_later() -> None:
    first = said(4.5, 6.5, "anna")
    found = reactions(first)
    words = {word for item in found for word in item.finding.lower().replace("(", " ").split()}
    assert not words & {name.lower() for name in ALIASES}
    assert not any(item.saw_text for item in found)
    later = [item for item in reactions(first, said(6.6, 8, "ben"), said(8, 11, "anna")) if item.utterance == "u4"]
    assert later == found
