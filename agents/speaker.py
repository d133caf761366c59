"""Who speaks: decides for every utterance from names, lips and voices together, and says what the lips showed.

Three steps, each a module: `lips` weighs every face in view during an utterance; `casting` joins faces, voices and
names to people; here each utterance without a name goes to the likeliest person. That nobody in view speaks, or
somebody unknown, is a legal answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from emoagent.agents.casting import Role, Voiced, chances, numbered, roles, trust, voiced
from emoagent.agents.lips import Group, Judged, face_groups, judge
from emoagent.agents.registry import Finding, perceiver
from emoagent.schema import Clip, Person, Utterance
from emoagent.tools.media.audio import Audio
from emoagent.tools.sight.cast import SpeakerScore, names_of, save_cast, speaker_scores
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.voice.voices import Voices

SPEAKS = 0.5  # probability from which a person, or nobody, is named
TOO = 0.0  # log-odds from which two faces both speak
TOO_SEEN = 0.8  # seconds both must be seen for that
TOO_LONG = 6.0  # seconds; in what is heard as one utterance for longer, two may speak in turn


@dataclass(frozen=True)
class Scene:
    """All that is known of a clip before anybody is bound. `people`: the speakers that subtitles name; utterances that
    name one keep them. `series`: its faces; `groups`: tracks that look like one person, None where looks were not
    compared; `voices`: who is heard when, None where nobody listened for it."""

    utterances: Sequence[Utterance]
    people: Sequence[Person] = ()
    series: FaceSeries | None = None
    audio: Audio | None = None
    groups: Sequence[Sequence[int]] | None = None
    voices: Voices | None = None


@dataclass(frozen=True)
class Bound:
    """The utterances and people with their bindings filled in; `cast`: person id -> face tracks."""

    utterances: tuple[Utterance, ...]
    people: tuple[Person, ...]
    cast: dict[str, tuple[int, ...]]
    scores: tuple[SpeakerScore, ...]


def bind(
    clip: Clip,
    utterances: Sequence[Utterance],
    people: Sequence[Person],
    series: FaceSeries | None,
    audio: Audio | None,
    groups: Sequence[Sequence[int]] | None = None,
    voices: Voices | None = None,
) -> Bound:
    """Binds utterances to people as `match` does and writes the cast into the current run's workspace."""
    bound = match(Scene(utterances, people, series, audio, groups, voices))
    save_cast(bound.people, bound.cast, bound.scores)
    return bound


def match(scene: Scene) -> Bound:
    """Who speaks each utterance, and which faces and voices are whose. Without faces and voices nothing is bound."""
    series = scene.series if scene.series is not None and len(scene.series.time) else None
    faces = face_groups(series, scene.groups) if series is not None else []
    if series is None:
        judged = [Judged(utterance, {}, {}, {}, 0.0) for utterance in scene.utterances]
    else:
        judged = list(judge(scene.utterances, faces, series, scene.audio))
    heard = {u.id: v for u in scene.utterances if u.source != "windows" and (v := voiced(u, scene.voices))}
    everybody = roles(judged, heard, faces, series, scene.groups is not None)
    return _bound(scene, judged, heard, everybody)


@perceiver(modality="face", needs={"faces"}, cost="nothing: it reads what was found when the speakers were bound")
def speaker(clip: Clip, utterances: Sequence[Utterance]) -> Iterator[Finding]:
    """Whose lips move with the sound during each utterance, or that nobody's in view do."""
    scores, names = speaker_scores(clip), names_of(clip)
    for utterance in utterances:
        score = scores.get(utterance.id)
        if score is None or not score.faces or score.offscreen is None:
            continue
        if score.person is not None:
            yield _speaking(utterance, score, names.get(score.person) or score.person)
        elif score.offscreen >= SPEAKS:
            yield _unseen(utterance, score, score.offscreen)


def _bound(scene: Scene, judged: Sequence[Judged], heard: Mapping[str, Voiced], everybody: list[Role]) -> Bound:
    trusts = [trust(role, judged, heard) for role in everybody]
    odds = [_chances(each, heard.get(each.utterance.id), everybody, trusts) for each in judged]
    picks = [_pick(each, chance, everybody) for each, chance in zip(judged, odds, strict=True)]
    people = numbered(scene.people, everybody, {pick for pick in picks if pick is not None})
    scores = [_score(*each, everybody, people, scene) for each in zip(judged, odds, picks, strict=True)]
    spoken = tuple(
        each.utterance if pick is None else each.utterance.model_copy(update={"person": people[pick].id})
        for each, pick in zip(judged, picks, strict=True)
    )
    cast = {people[i].id: _tracks(role) for i, role in enumerate(everybody) if role.faces}
    shown = {person.id: person for person in scene.people}
    for i, person in people.items():
        voice = f"v{everybody[i].voices[0]}" if everybody[i].voices else person.voice
        tracks = tuple(f"t{track}" for track in cast.get(person.id, ()))
        shown[person.id] = person.model_copy(update={"tracks": tracks, "voice": voice})
    return Bound(spoken, tuple(shown.values()), cast, tuple(scores))


def _chances(judged: Judged, voice: Voiced | None, everybody: Sequence[Role], trusts: Sequence[float]) -> list[float]:
    """As `chances`; certain where the speaker is named, nobody's where there is nothing to go by."""
    if judged.utterance.person is not None:
        return [float(judged.utterance.person in role.names) for role in everybody] + [0.0]
    if voice is None and not judged.odds:
        return [0.0] * len(everybody) + [1.0]
    return chances(judged, voice, everybody, trusts)


def _pick(judged: Judged, chance: Sequence[float], everybody: Sequence[Role]) -> int | None:
    """The index of the likeliest role, None where a stranger or nobody is likely enough."""
    best = max(range(len(chance)), key=lambda i: chance[i])
    return best if best < len(everybody) and chance[best] >= SPEAKS else None


def _score(
    judged: Judged,
    chance: Sequence[float],
    pick: int | None,
    everybody: Sequence[Role],
    people: Mapping[int, Person],
    scene: Scene,
) -> SpeakerScore:
    """What the lips say, of the speaker's face if it is in view, else of the likeliest."""
    whose = {group: people[i].id for i, role in enumerate(everybody) for group in role.faces}
    own = [g for g in judged.share if pick is not None and g in everybody[pick].faces]
    group = max(own or judged.share, key=lambda g: judged.share[g], default=None)
    talks = group is not None and bool(own) and judged.share[group] >= SPEAKS
    sync = judged.sync(group) if group is not None and own else None
    offscreen = judged.offscreen
    voice = voiced(judged.utterance, scene.voices)
    return SpeakerScore(
        utterance=judged.utterance.id,
        person=whose[group] if talks and group is not None else None,
        track=judged.cues[group].track if talks and group is not None else None,
        score=_rounded(judged.share[group]) if group is not None else 0.0,
        speed=_rounded(judged.cues[group].speed) if group is not None and own else None,
        sync=None if sync is None else _rounded(sync),
        faces=len(judged.share),
        offscreen=None if offscreen is None else _rounded(offscreen),
        probability={people[i].id: _rounded(p) for i, p in enumerate(chance[:-1]) if i in people and p >= 0.01},
        voice=voice.voice if voice else None,
        overlap=_rounded(_overlap(judged.utterance, scene.voices)),
        rival=_rival(judged, group, whose) if group is not None else None,
    )


def _overlap(utterance: Utterance, voices: Voices | None) -> float:
    """The share of the utterance in which two voices are heard at once."""
    shared = sum(span.overlap(utterance.span) for span in voices.overlaps) if voices else 0.0
    return min(1.0, shared / max(1e-9, utterance.span.duration))


def _rival(judged: Judged, group: Group, whose: Mapping[Group, str]) -> str | None:
    """A second person whose lips go with the sound, besides those of the likeliest face."""
    if judged.utterance.span.duration > TOO_LONG or judged.odds[group] < TOO or judged.cues[group].seen < TOO_SEEN:
        return None
    others = [g for g, odds in judged.odds.items() if whose[g] != whose[group] and odds >= TOO]
    others = [g for g in others if judged.cues[g].seen >= TOO_SEEN]
    return whose[max(others, key=lambda g: judged.odds[g])] if others else None


def _tracks(role: Role) -> tuple[int, ...]:
    return tuple(sorted(track for group in role.faces for track in group))


def _rounded(value: float) -> float:
    return round(float(value), 4)


def _speaking(utterance: Utterance, score: SpeakerScore, who: str) -> Finding:
    measures: dict[str, tuple[float, str]] = {"score": (score.score, "0-1"), "faces": (float(score.faces), "count")}
    if score.speed is not None:
        measures["lip_speed"] = (score.speed, "eye distances/s")
    if score.sync is not None:
        measures["sync"] = (score.sync, "correlation")
    how = "move with the sound" if score.sync is not None else "move; there is no sound to compare with"
    text = f"The lips of {who} {how} (probability {score.score:.2f})"
    return Finding(utterance, "active_speaker", text, score.score, measures, utterance.span, score.person)


def _unseen(utterance: Utterance, score: SpeakerScore, offscreen: float) -> Finding:
    faces = (
        "the face in view does not move its"
        if score.faces == 1
        else f"none of the {score.faces} faces in view moves its"
    )
    text = f"Who speaks is not seen: {faces} lips with the sound (probability {offscreen:.2f})"
    measures = {"score": (offscreen, "0-1"), "faces": (float(score.faces), "count")}
    return Finding(utterance, "speaker_unseen", text, offscreen, measures, utterance.span)
