"""Who speaks: real talking faces against truth, and the rules of casting on made-up ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tracked import FPS, column, listen, rest_features, series_of, watch

from emoagent.agents.speaker import Bound, Scene, bind, match, speaker
from emoagent.schema import Clip, Person, Span, Utterance
from emoagent.tools.media.audio import RATE, Audio
from emoagent.tools.sight.cast import cast_of, names_of
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.lip_motion import sound_of
from emoagent.tools.workspace import Workspace, working_in

CLIP = Clip(id="c", name="c.mp4", sha256="0", bytes=1, format="mp4", duration=6)


def said(spans: Sequence[tuple[float, float]], who: Sequence[str | None] = ()) -> list[Utterance]:
    people = [*who, *[None] * len(spans)]
    return [
        Utterance(id=f"u{i}", person=people[i], span=Span(start=a, end=b), text="", source="subtitles")
        for i, (a, b) in enumerate(spans)
    ]


def faces(talks: Sequence[tuple[float, float] | None], seconds: float = 6.0) -> FaceSeries:
    """One track a face, side by side; a face talks (4 syllables a second) within its span."""
    n = round(seconds * FPS)
    blocks = []
    for span in talks:
        features = np.tile(rest_features(), (n, 1))
        time = np.arange(n) / FPS
        on = np.zeros(n, bool) if span is None else (time >= span[0]) & (time < span[1])
        wave = on * np.abs(np.sin(2 * np.pi * 2 * time))
        for name in ("lip_aperture", "lip_aperture_outer", "jaw_drop"):
            features[:, column(name)] += 0.15 * wave
        blocks.append(features)
    rows = np.stack(blocks, axis=1).reshape(n * len(talks), -1)
    series = series_of(rows, [i % len(talks) for i in range(len(rows))])
    time = np.repeat(np.arange(n) / FPS, len(talks))
    vars(series).update(time=time, frames=np.unique(time))
    return series


def sound(folder: Path, spans: Sequence[tuple[float, float]], seconds: float = 6.0) -> Audio:
    time = np.arange(round(seconds * RATE)) / RATE
    on = np.any([(time >= a) & (time < b) for a, b in spans], axis=0) if spans else np.zeros(len(time), bool)
    tone = on * np.abs(np.sin(2 * np.pi * 2 * time)) ** 2 * np.sin(2 * np.pi * 900 * time)
    path = folder / "audio.s16"
    path.write_bytes((tone * 12_000).astype("<i2").tobytes())
    return Audio(path)


def speakers(bound: Bound) -> list[str | None]:
    return [utterance.person for utterance in bound.utterances]


def test_the_face_whose_lips_move_speaks(tmp_path: Path) -> None:
    series, utterances = faces([(0, 3), (3, 6)]), said([(0, 3), (3, 6)])
    bound = match(Scene(utterances, [], series, sound(tmp_path, [(0, 6)])))
    assert speakers(bound) == ["p1", "p2"]
    assert bound.cast == {"p1": (0,), "p2": (1,)}
    assert [person.tracks for person in bound.people] == [("t0",), ("t1",)]
    silent = match(Scene(utterances, [], series, None))
    assert speakers(silent) == ["p1", "p2"]
    assert all(0.5 < each.score < 0.9 and each.sync is None for each in silent.scores)  # a smile moves lips as well


def test_nobody_in_view_is_a_legal_answer(tmp_path: Path) -> None:
    audio = sound(tmp_path, [(0, 6)])
    still = match(Scene(said([(0, 3)]), [], faces([None]), audio))
    assert speakers(still) == [None]
    assert still.cast == {"p1": (0,)}
    assert match(Scene(said([(0, 3)]), [], None, audio)).people == ()
    windows = [u.model_copy(update={"source": "windows"}) for u in said([(0, 3)])]
    assert speakers(match(Scene(windows, [], faces([(0, 3)]), audio))) == [None]  # lips alone do not make speech
    mute = match(Scene(said([(0, 3)]), [], faces([(0, 3)]), sound(tmp_path, [])))
    assert speakers(mute) == [None]


def test_named_speakers_get_the_faces_that_fit_over_the_whole_clip(tmp_path: Path) -> None:
    people = [Person(id="anna", name="Anna"), Person(id="ben", name="Ben")]
    series = faces([(3, 6), (0, 3), None])
    bound = match(Scene(said([(0, 3), (3, 6)], ["anna", "ben"]), people, series, sound(tmp_path, [(0, 6)])))
    assert bound.cast == {"anna": (1,), "ben": (0,), "p1": (2,)}
    assert speakers(bound) == ["anna", "ben"]
    assert [(p.id, p.name, p.tracks) for p in bound.people[:2]] == [("anna", "Anna", ("t1",)), ("ben", "Ben", ("t0",))]
    unnamed = match(Scene(said([(0, 3), (3, 6)], ["anna"]), people, series, sound(tmp_path, [(0, 6)])))
    assert unnamed.utterances[1].person not in (None, "anna")


def test_grouped_tracks_are_one_person(tmp_path: Path) -> None:
    series = faces([(0, 6)])
    vars(series).update(track=(series.time >= 3).astype(np.int32))
    for groups, who in (([[0, 1]], ["p1", "p1"]), ([[0], [1]], ["p1", "p2"]), (None, ["p1", "p2"])):
        bound = match(Scene(said([(0, 3), (3, 6)]), [], series, sound(tmp_path, [(0, 6)]), groups))
        assert speakers(bound) == who
    assert bound.cast == {"p1": (0,), "p2": (1,)}


def test_the_perceiver_says_what_bind_wrote(tmp_path: Path) -> None:
    people = [Person(id="anna", name="Anna")]
    with working_in(Workspace(tmp_path / "c.mp4", tmp_path)):
        audio = sound(tmp_path, [(0, 6)])
        bound = bind(CLIP, said([(0, 3), (3, 6)], ["anna"]), people, faces([(0, 3)]), audio)
        assert cast_of(CLIP) == {"anna": (0,)}
        assert names_of(CLIP) == {"anna": "Anna"}
        evidence = list(speaker(CLIP, bound.utterances))
    assert [item.kind for item in evidence] == ["active_speaker", "speaker_unseen"]
    assert evidence[0].finding.startswith("The lips of Anna move with the sound")
    assert evidence[0].person == "anna"
    assert evidence[1].person is None
    assert not any(item.saw_text for item in evidence)


def test_silence_is_no_sound(tmp_path: Path) -> None:
    assert sound_of(sound(tmp_path, []), Span(start=0, end=3)) is None
    assert sound_of(sound(tmp_path, [(0, 6)]), Span(start=5.95, end=9)) is not None
    assert sound_of(sound(tmp_path, [(0, 6)]), Span(start=20, end=25)) is None


@pytest.mark.real
def test_right_face_of_two_in_view(shared: Path, tmp_path: Path) -> None:
    path = shared / "media/composites/grid_side_by_side.mp4"
    truth = json.loads(path.with_suffix(".json").read_text())
    series = watch(path, shared / "models/face_landmarker.task")
    left = min(series.tracks(), key=lambda track: float(series.box[series.rows(track), 0].mean()))
    utterances = said([(row["start"], row["end"]) for row in truth])
    for audio in (listen(path, tmp_path), None):
        bound = match(Scene(utterances, [], series, audio))
        sides = ["left" if score.track == left else "right" for score in bound.scores]
        assert sides == [row["active"] for row in truth]


@pytest.mark.slow
@pytest.mark.real
def test_names_join_the_shots_of_a_dialogue(shared: Path, tmp_path: Path) -> None:
    path = shared / "media/composites/grid_dialogue.mp4"
    truth = json.loads(path.with_suffix(".json").read_text())
    series = watch(path, shared / "models/face_landmarker.task")
    names = [row["speaker"] for row in truth]
    people = [Person(id=name, name=name) for name in dict.fromkeys(names)]
    spans = [(row["start"], row["end"]) for row in truth]
    bound = match(Scene(said(spans, names), people, series, listen(path, tmp_path)))
    assert sorted(map(len, bound.cast.values())) == [1, 1, 2, 2, 2]
    assert [score.person for score in bound.scores] == names
    nameless = match(Scene(said(spans), [], series, listen(path, tmp_path)))
    assert None not in speakers(nameless)
