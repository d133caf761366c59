"""Who speaks: links utterances to the faces whose lips move with the sound, and says so as evidence.

Three steps, each a plain function: score every face that is in view during an utterance; give each group of face tracks
to one person (a known speaker whose utterances it fits, else a person of its own); give each utterance without a
known speaker to the person whose face fits best. That nobody in view speaks is a legal answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from emoagent.agents.registry import Finding, perceiver
from emoagent.schema import Clip, Person, Utterance
from emoagent.tools.audio import Audio
from emoagent.tools.cast import SpeakerScore, names_of, save_cast, speaker_scores
from emoagent.tools.face_series import FaceSeries
from emoagent.tools.lip_motion import LipFit, envelope, lip_fit
from emoagent.tools.voices import Voices

SPEAKS = 0.45  # score from which a face counts as the speaker's (measured in docs/design/action-units.md)
BELONGS = 0.35  # mean score that gives a face to a known speaker over the whole clip
SHORTEST_FACE = 0.4  # seconds a face must be seen to become a person
RIVAL = 0.5  # how much an equally good second face lowers the score

Group = tuple[int, ...]
Fits = Mapping[str, Mapping[Group, LipFit]]  # utterance id -> group of tracks -> the best of its tracks


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
    """Binds utterances to faces and writes the cast into the current run's workspace.

    `people`: the speakers that are already known (by subtitles or voices); utterances that name one keep them.
    `groups`: tracks that look like the same person; None: each track is a person until the sound says otherwise.
    Without `series` nothing is bound; without `audio` the motion of the lips alone decides, with lower scores.
    """
    bound = match(utterances, people, series, audio, groups, voices)
    save_cast(bound.people, bound.cast, bound.scores)
    return bound


def match(
    utterances: Sequence[Utterance],
    people: Sequence[Person],
    series: FaceSeries | None,
    audio: Audio | None,
    groups: Sequence[Sequence[int]] | None = None,
    voices: Voices | None = None,
) -> Bound:
    """As `bind`, but writes nothing."""
    if series is None or not len(series.time):
        return Bound(tuple(utterances), tuple(people), {}, ())
    faces = _groups(series, groups)
    fits = {u.id: _fits(u, faces, series, audio) for u in utterances}
    owner = _owners(utterances, faces, fits)
    cast, named = _cast(people, faces, owner)
    person_of = {group: person for person, own in cast.items() for group in own}
    scores = tuple(_score(u, fits[u.id], person_of) for u in utterances)
    spoken = tuple(
        u if u.person or s.person is None else u.model_copy(update={"person": s.person})
        for u, s in zip(utterances, scores, strict=True)
    )
    tracks = {person: tuple(sorted(t for group in own for t in group)) for person, own in cast.items()}
    shown = tuple(p.model_copy(update={"tracks": tuple(f"t{t}" for t in tracks.get(p.id, ()))}) for p in named)
    return Bound(spoken, shown, tracks, scores)


@perceiver(modality="face", needs={"faces"}, cost="nothing: it reads what was found when the speakers were bound")
def speaker(clip: Clip, utterances: Sequence[Utterance]) -> Iterator[Finding]:
    """Whose lips move with the sound during each utterance, or that nobody's in view do."""
    scores, names = speaker_scores(clip), names_of(clip)
    for utterance in utterances:
        score = scores.get(utterance.id)
        if score is not None and score.faces and (score.person or score.score < SPEAKS):
            yield _finding(utterance, score, names)


def _groups(series: FaceSeries, groups: Sequence[Sequence[int]] | None) -> list[Group]:
    """Groups of tracks in order of first appearance; tracks in no group stand alone; glimpses are left out."""
    step = float(np.median(np.diff(series.frames))) if len(series.frames) > 1 else SHORTEST_FACE
    given = [tuple(sorted(group)) for group in groups or ()]
    alone = set(series.tracks()) - {track for group in given for track in group}
    rows = {group: np.flatnonzero(np.isin(series.track, group)) for group in (*given, *((t,) for t in alone))}
    lasting = [group for group, at in rows.items() if len(at) * step >= SHORTEST_FACE]
    return sorted(lasting, key=lambda group: (series.time[rows[group][0]], group))


def _fits(utterance: Utterance, faces: Sequence[Group], series: FaceSeries, audio: Audio | None) -> dict[Group, LipFit]:
    if utterance.source == "windows":  # nobody is known to speak then
        return {}
    sound = envelope(audio, utterance.span) if audio is not None else None
    if audio is not None and sound is None:
        return {}
    found: dict[Group, LipFit] = {}
    present = set(series.track[series.between(utterance.span.start, utterance.span.end)].tolist())
    for group in faces:
        tries = [lip_fit(series, track, utterance.span, sound) for track in group if track in present]
        if seen := [fit for fit in tries if fit is not None]:
            found[group] = max(seen, key=lambda fit: (fit.score * min(1.0, fit.seen), -fit.track))
    return found


def _owners(utterances: Sequence[Utterance], faces: Sequence[Group], fits: Fits) -> dict[Group, str]:
    """The known speaker of each group, if its lips move when they speak more than when any other known one does."""
    owners = {}
    for group in faces:
        means: dict[str, float] = {}
        for person in dict.fromkeys(u.person for u in utterances if u.person):
            own = [(f.score, f.seen) for u in utterances if u.person == person and (f := fits[u.id].get(group))]
            if own:
                means[person] = float(np.average([s for s, _ in own], weights=[w for _, w in own]))
        if means and max(means.values()) >= BELONGS:
            owners[group] = max(means, key=lambda person: means[person])
    return owners


def _cast(
    people: Sequence[Person], faces: Sequence[Group], owner: Mapping[Group, str]
) -> tuple[dict[str, list[Group]], list[Person]]:
    """The groups of each person; a group that no known speaker owns becomes a new person."""
    known = {person.id: person for person in people}
    cast: dict[str, list[Group]] = {}
    for group in faces:
        person = owner.get(group)
        if person is None:
            person = next(p for n in range(1, len(faces) + len(known) + 2) if (p := f"p{n}") not in known)
        known.setdefault(person, Person(id=person))
        cast.setdefault(person, []).append(group)
    return cast, list(known.values())


def _score(utterance: Utterance, fits: Mapping[Group, LipFit], person_of: Mapping[Group, str]) -> SpeakerScore:
    """The best face; where the speaker is known, the best of their own faces."""
    if not fits:
        return SpeakerScore(utterance.id, None, None, 0.0, None, None, 0)
    own = {g: f for g, f in fits.items() if utterance.person in (None, person_of[g])}
    if not own:
        most = max(f.score for f in fits.values())
        return SpeakerScore(utterance.id, None, None, _rounded(most), None, None, len(fits))
    group, best = max(own.items(), key=lambda item: (item[1].score, -item[1].track))
    rival = max((f.score for g, f in fits.items() if person_of[g] != person_of[group]), default=0.0)
    score = best.score * (1 - RIVAL * min(1.0, rival / best.score)) if best.score else 0.0
    person = person_of[group] if best.score >= SPEAKS and score >= SPEAKS / 2 else None
    track = best.track if person else None
    sync = None if best.sync is None else _rounded(best.sync)
    return SpeakerScore(utterance.id, person, track, _rounded(score), _rounded(best.speed), sync, len(fits))


def _rounded(value: float) -> float:
    return round(float(value), 4)


def _finding(utterance: Utterance, score: SpeakerScore, names: Mapping[str, str | None]) -> Finding:
    measures: dict[str, tuple[float, str]] = {"score": (score.score, "0-1"), "faces": (float(score.faces), "count")}
    if score.speed is not None:
        measures["lip_speed"] = (score.speed, "eye distances/s")
    if score.sync is not None:
        measures["sync"] = (score.sync, "correlation")
    if score.person is None:
        text, kind, trust = "No face in view moves its lips with the sound", "speaker_unseen", 1 - score.score
    else:
        who = names.get(score.person) or score.person
        how = "move with the sound" if score.sync is not None else "move; there is no sound to compare with"
        text, kind, trust = f"The lips of {who} {how} (score {score.score:.2f})", "active_speaker", score.score
    return Finding(utterance, kind, text, trust * 0.9, measures, utterance.span, score.person)
