"""Who is who: joins names, voices and faces to people, as far as what is seen and heard together speaks for it.

Every link is a sum of log-odds over utterances: a voice and a face are one person's as far as those lips move whenever
that voice is heard and rest when it is not them. The strongest link is made first, then what it makes of the others
(agglomerative clustering with summed links); two names, or two faces in view at once, are never one person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from emoagent.agents.lips import Group, Judged
from emoagent.schema import Person, Utterance
from emoagent.tools.sampling import seconds_for
from emoagent.tools.sight.face_series import FaceSeries
from emoagent.tools.sight.speaker_model import NOBODY, Floats
from emoagent.tools.voice.voices import Voices

LINK = 1.0  # log-odds from which two belong together
NAMED = 2.0  # log-odds that one utterance with a name and a surely told voice has for both being one person's
HALF = 0.5  # what a voice counts against a name when faces are joined to it: clusters of voices err
UNLIKE = 2.0  # log-odds against joining people whose faces do not look alike
TRUST = (3.4, 0.6)  # utterances in which a voice was right and wrong, before any are seen
BOTH = 0.3  # seconds two faces must be in view together to be two people's
Node = str | int | Group  # a person's id, a voice, or a group of face tracks


@dataclass(frozen=True)
class Voiced:
    """The voice that is heard most in an utterance; `certainty` 0..1 counts how much of it is this voice's."""

    voice: int
    certainty: float


@dataclass(frozen=True)
class Role:
    """One person as names (ids of known people, at most one), voices and faces show them."""

    names: tuple[str, ...]
    voices: tuple[int, ...]
    faces: tuple[Group, ...]


def voiced(utterance: Utterance, voices: Voices | None) -> Voiced | None:
    """The voice of an utterance, None where none is known."""
    heard = voices.seconds(utterance.span) if voices else {}
    if voices is None or not heard:
        return None
    voice = max(heard, key=lambda each: (heard[each], -each))
    sure = [(t.certainty, t.span.overlap(utterance.span)) for t in voices.turns if t.voice == voice]
    certainty = sum(c * s for c, s in sure) / max(1e-9, sum(s for _, s in sure))
    return Voiced(voice, certainty * heard[voice] / sum(heard.values()))


def roles(
    judged: Sequence[Judged],
    heard: Mapping[str, Voiced],
    faces: Sequence[Group],
    series: FaceSeries | None,
    compared: bool,
) -> list[Role]:
    """Everybody: names first, then faces and voices in order of appearance. `compared`: looks have been compared."""
    names = list(dict.fromkeys(each.utterance.person for each in judged if each.utterance.person))
    nodes: list[Node] = [*names, *faces, *sorted({each.voice for each in heard.values()})]
    links = _links(nodes, judged, heard)
    first = len(names)
    seen = slice(first, first + len(faces))
    links[:first, :first] = -np.inf
    unlike = np.zeros_like(links)
    unlike[seen, seen] = UNLIKE if compared else 0.0
    if series is not None:
        links[seen, seen][_together(series, faces) >= BOTH] = -np.inf
    return [_role([nodes[i] for i in part]) for part in _joined(links, unlike)]


def trust(role: Role, judged: Sequence[Judged], heard: Mapping[str, Voiced]) -> float:
    """How often this role's voices are right, 0..1: how often faces and names agree with them, where they tell."""
    right, wrong = TRUST
    for each in judged:
        voice = heard.get(each.utterance.id)
        if voice is None or voice.voice not in role.voices:
            continue
        if each.utterance.person is not None:
            right, wrong = right + (own := each.utterance.person in role.names), wrong + (not own)
            continue
        right += sum(p for group, p in each.share.items() if group in role.faces)
        wrong += sum(p for group, p in each.share.items() if group not in role.faces)
    return right / (right + wrong)


def chances(judged: Judged, voice: Voiced | None, everybody: Sequence[Role], trusts: Sequence[float]) -> list[float]:
    """Probability of each role, and last of a stranger out of view, to be the speaker of an utterance."""
    seen = [next((g for g in role.faces if g in judged.odds), None) for role in everybody]
    there, away = sum(g is not None for g in seen), 1 + sum(g is None for g in seen)
    shares = [(1 - NOBODY) / there if g is not None else NOBODY / away for g in seen]
    lips = [np.exp(judged.odds[g]) if g is not None else 1.0 for g in seen]
    odds = np.array([*shares, NOBODY / away]) * [*lips, 1.0] * _sounds(voice, everybody, trusts)
    return [float(p) for p in odds / odds.sum()]


def _sounds(voice: Voiced | None, everybody: Sequence[Role], trusts: Sequence[float]) -> Floats:
    """Likelihood of the voice that is heard if each role, or last a stranger, speaks."""
    if voice is None:
        return np.ones(len(everybody) + 1)
    own = np.array([*(voice.voice in role.voices for role in everybody), False])
    sure = 0.5 + (float(trusts[int(np.argmax(own))] if own.any() else 0.5) - 0.5) * voice.certainty
    return np.where(own, sure, 1 - sure)


def _links(nodes: Sequence[Node], judged: Sequence[Judged], heard: Mapping[str, Voiced]) -> Floats:
    """(nodes, nodes) summed log-odds that two belong to one person, symmetric."""
    at = {node: i for i, node in enumerate(nodes)}
    links = np.zeros((len(nodes), len(nodes)))

    def add(a: Node, b: Node, odds: float) -> None:
        links[at[a], at[b]] += odds
        links[at[b], at[a]] += odds

    names = [node for node in nodes if isinstance(node, str)]
    for each in judged:
        name, voice = each.utterance.person, heard.get(each.utterance.id)
        for group, odds in each.odds.items():
            if name is not None:
                add(name, group, odds)
            if voice is not None:
                add(voice.voice, group, HALF * odds * voice.certainty)
        if name is not None and voice is not None:
            for other in names:
                add(other, voice.voice, (NAMED if other == name else -NAMED) * voice.certainty)
    return links


def _joined(links: Floats, unlike: Floats) -> list[list[int]]:
    """Node numbers in parts: the two parts with the strongest link join until none is left above `LINK`.

    `links` add up over the members of two parts; of `unlike` the highest is taken off, once.
    """
    links, unlike = links.copy(), unlike.copy()
    np.fill_diagonal(links, -np.inf)
    parts = {i: [i] for i in range(len(links))}
    while len(parts) > 1:
        between = links - unlike
        a, b = (int(i) for i in np.unravel_index(int(np.argmax(between)), between.shape))
        if between[a, b] < LINK:
            break
        for table, joined in ((links, links[a] + links[b]), (unlike, np.maximum(unlike[a], unlike[b]))):
            table[a], table[:, a] = joined, joined
        links[a, a] = -np.inf
        links[b], links[:, b] = -np.inf, -np.inf
        parts[a] += parts.pop(b)
    return [sorted(part) for part in sorted(parts.values(), key=min)]


def _role(nodes: Sequence[Node]) -> Role:
    return Role(
        tuple(node for node in nodes if isinstance(node, str)),
        tuple(node for node in nodes if isinstance(node, int)),
        tuple(node for node in nodes if isinstance(node, tuple)),
    )


def _together(series: FaceSeries, faces: Sequence[Group]) -> Floats:
    """(faces, faces) seconds in which two of them are in view at once."""
    of = {track: i for i, group in enumerate(faces) for track in group}
    stands = seconds_for(series.time, series.frames)
    at: dict[float, list[tuple[int, float]]] = {}
    for time, track, seconds in zip(series.time.tolist(), series.track.tolist(), stands.tolist(), strict=True):
        if track in of:
            at.setdefault(time, []).append((of[track], seconds))
    both = np.zeros((len(faces), len(faces)))
    for (i, seconds), (j, _) in ((a, b) for seen in at.values() for a in seen for b in seen if len(seen) > 1):
        both[i, j] += seconds * (i != j)
    return both


def numbered(known: Sequence[Person], everybody: Sequence[Role], used: set[int]) -> dict[int, Person]:
    """The person of each role by its index: who is known, `p1` … for faces, `v1` … for voices that are `used`."""
    taken = {person.id: person for person in known}
    people: dict[int, Person] = {}
    for i, role in enumerate(everybody):
        if role.names:
            people[i] = taken.get(role.names[0], Person(id=role.names[0]))
        elif role.faces:
            people[i] = Person(id=_free("p", 1, taken))
        elif i in used:
            people[i] = Person(id=_free("v", role.voices[0], taken))
        else:
            continue
        taken.setdefault(people[i].id, people[i])
    return people


def _free(letter: str, number: int, taken: Mapping[str, Person]) -> str:
    while f"{letter}{number}" in taken:
        number += 1
    return f"{letter}{number}"
