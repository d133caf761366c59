"""Who is who from voices, faces and names together, on made-up evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from test_speaker import faces, said, sound, speakers

from emoagent.agents.casting import chances, roles, trust, voiced
from emoagent.agents.lips import Group, Judged
from emoagent.agents.overlap import overlap
from emoagent.agents.speaker import Scene, bind, match
from emoagent.schema import Clip, Person, Span
from emoagent.tools.sight.cast import overlap_share
from emoagent.tools.voice.voices import Turn, Voices
from emoagent.tools.workspace import Workspace, working_in

CLIP = Clip(id="c", name="c.mp4", sha256="0", bytes=1, format="mp4", duration=12)
A, B = (0,), (1,)


def voices(heard: Sequence[int | None], seconds: float = 2.0, certainty: float = 0.9, *spans: Span) -> Voices:
    """One voice an utterance."""
    turns = [
        Turn(Span(start=i * seconds, end=(i + 1) * seconds), voice, certainty)
        for i, voice in enumerate(heard)
        if voice is not None
    ]
    return Voices(tuple(turns), spans)


def lips(odds: Sequence[Mapping[Group, float]], who: Sequence[str | None] = ()) -> list[Judged]:
    """Utterances of two seconds with these log-odds of the faces in view."""
    utterances = said([(2.0 * i, 2.0 * (i + 1)) for i in range(len(odds))], who)
    return [
        Judged(u, of, {g: 0.9 if o > 0 else 0.02 for g, o in of.items()}, {}, 0.0)
        for u, of in zip(utterances, odds, strict=True)
    ]


def chosen(judged: Sequence[Judged], heard: Voices | None, groups: Sequence[Group] = (A, B)) -> list[str | None]:
    """Who is likeliest: names, else faces, else voices."""
    voice = {j.utterance.id: v for j in judged if (v := voiced(j.utterance, heard))}
    everybody = roles(judged, voice, groups, None, compared=True)
    trusts = [trust(role, judged, voice) for role in everybody]
    found: list[str | None] = []
    for each in judged:
        odds = chances(each, voice.get(each.utterance.id), everybody, trusts)
        best = max(range(len(odds)), key=lambda i: odds[i])
        role = everybody[best] if best < len(everybody) and odds[best] >= 0.5 else None
        found.append(None if role is None else str([*role.names, *role.faces, *(f"v{v}" for v in role.voices)][0]))
    return found


def test_a_voice_known_by_its_face_speaks_off_screen() -> None:
    judged = lips([{A: 3.0}, {B: 3.0}, {B: -3.0}, {A: -3.0}, {A: 3.0}])
    assert chosen(judged, voices([1, 2, 1, 2, 1])) == ["(0,)", "(1,)", "(0,)", "(1,)", "(0,)"]
    assert chosen(judged, None) == ["(0,)", "(1,)", None, None, "(0,)"]


def test_a_voice_that_no_face_has_is_a_person_of_its_own() -> None:
    judged = lips([{A: 3.0}, {A: -3.0}, {A: -3.0}, {A: 3.0}])
    assert chosen(judged, voices([1, 2, 2, 1]), [A]) == ["(0,)", "v2", "v2", "(0,)"]


def test_one_voice_for_two_faces_does_not_override_the_faces() -> None:
    judged = lips([{A: 3.0, B: -3.0}, {A: -3.0, B: 3.0}] * 3)
    assert chosen(judged, voices([1] * 6)) == ["(0,)", "(1,)"] * 3
    apart = lips([{A: 3.0}, {B: 3.0}] * 3)
    assert chosen(apart, voices([1] * 6, certainty=0.5))[1] == "(1,)"


def test_two_voices_of_one_face_are_one_person() -> None:
    judged = lips([{A: 3.0}, {A: 3.0}, {B: 3.0}, {A: 3.0}, {B: -3.0}])
    assert chosen(judged, voices([1, 2, 3, 1, 2])) == ["(0,)", "(0,)", "(1,)", "(0,)", "(0,)"]


def test_names_win_and_reach_voices_and_faces() -> None:
    judged = lips([{A: 3.0}, {A: -3.0, B: 3.0}, {B: -3.0}, {A: 3.0}], ["anna", "ben"])
    assert chosen(judged, voices([1, 2, 1, 1]))[2:] == ["anna", "anna"]


def test_sound_without_pictures_binds_by_voice(tmp_path: Path) -> None:
    utterances = said([(0, 2), (2, 4), (4, 6)])
    bound = match(Scene(utterances, voices=voices([1, 2, 1])))
    assert speakers(bound) == ["v1", "v2", "v1"]
    assert [(p.id, p.voice, p.tracks) for p in bound.people] == [("v1", "v1", ()), ("v2", "v2", ())]
    named = match(
        Scene(said([(0, 2), (2, 4), (4, 6)], ["anna"]), [Person(id="anna", name="Anna")], voices=voices([1, 2, 1]))
    )
    assert speakers(named) == ["anna", "v2", "anna"]
    assert named.people[0].voice == "v1"


def test_nothing_of_the_lips_comes_from_later(tmp_path: Path) -> None:
    audio, series = sound(tmp_path, [(0, 6)]), faces([(0, 3), (3, 6)])
    early = match(Scene(said([(0, 1.5)]), (), series, audio))
    all_of_it = match(Scene(said([(0, 1.5), (1.5, 3), (3, 6)]), (), series, audio))
    assert early.scores[0].score == all_of_it.scores[0].score
    assert early.scores[0].offscreen == all_of_it.scores[0].offscreen


def test_overlaps_are_said_and_counted(tmp_path: Path) -> None:
    both, heard = Span(start=1.0, end=1.5), voices([1, 2, 1], 2.0, 0.9, Span(start=1.0, end=1.5))
    with working_in(Workspace(tmp_path / "c.mp4", tmp_path)):
        (tmp_path / "work").mkdir()
        heard.save(tmp_path / "work" / "voices.json")
        utterances = said([(0, 2), (2, 4), (4, 6)])
        bound = bind(CLIP, utterances, (), None, None, None, heard)
        assert [overlap_share(CLIP, u) for u in utterances] == [0.25, 0.0, 0.0]
        found = list(overlap(CLIP, bound.utterances))
    assert [(f.kind, f.utterance, f.span) for f in found] == [("overlapping_speech", "u0", both)]
    assert found[0].measures["seconds"].value == 0.5


def test_two_talking_mouths_are_an_overlap(tmp_path: Path) -> None:
    audio = sound(tmp_path, [(0, 3)])
    both = match(Scene(said([(0, 4)]), (), faces([(0, 3), (0, 3)]), audio))
    one = match(Scene(said([(0, 4)]), (), faces([(0, 3), None]), audio))
    assert both.scores[0].rival in {"p1", "p2"}
    assert one.scores[0].rival is None
