"""CA-MER's construction on CREMA-D's votes: clips whose face and voice, each alone, are read differently by viewers.

Face-aligned: together they are read as the face alone is; voice-aligned: as the voice alone is; consistent: all three
agree. Clips with a tie, and those read a third way, are left out. The opinions are the votes on the face alone and on
the voice alone (+ 0.5 a label), so what is measured is the fusion and the detector, not how well we see or hear.

Those who voted on what a detector sees also voted on what it is to find. Hence a second measurement, `other raters`:
the opinions are the votes of one half of the raters, and whether face and voice differ is asked of the other half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from emoagent.agents.conflict import conflicts, dispute
from emoagent.agents.fusion import pool, weights_digest
from emoagent.agents.opinion import tidy, valence_of
from emoagent.evals.benchmark import Options, benchmark
from emoagent.evals.corpora.crema_d import LABELS, Voted
from emoagent.evals.corpora.crema_d import crema_d as read
from emoagent.evals.result import Result, SystemRow
from emoagent.evals.scoring.means import Table, mean_figures
from emoagent.evals.scoring.rows import points
from emoagent.labels import DEFAULT
from emoagent.schema import Evidence, Modality, Opinion, Policy, Producer, Span, Utterance

PARTS = ("face-aligned", "voice-aligned", "consistent")
SMOOTH = 0.5  # votes added to every label
SPOKEN = Utterance(id="u1", span=Span(start=0, end=2), text="", source="subtitles")
VOICE, FACE, BOTH = 0, 1, 2  # channels, as in the reader


@dataclass(frozen=True)
class Judged:
    """A clip of one part, and what was answered: by the fusion, by the face alone and by the voice alone; and whether a
    conflict was seen."""

    part: str
    actor: str
    truth: str
    fused: str
    face: str
    voice: str
    conflict: bool


@benchmark(data="crema_d", splits=("all",), source="Cao et al. 2014; construction of Han et al. 2025")
def ca_mer_votes(folder: Path, options: Options) -> Result:
    """Viewers' reading of acted clips whose face and voice disagree: the fusion's bias, and conflicts found."""
    votes = read(folder)
    places = list(options.kept(range(len(votes.names))))
    judged = [found for place in places if (found := judge(votes, place, options.policy))]
    rows = [
        row
        for name in ("fused", "face", "voice")
        for row in _accuracies(name if name == "fused" else f"{name} only", name, judged, options.seed)
    ]
    seen = np.array([each.conflict for each in judged], float)
    clashes = np.array([each.part != "consistent" for each in judged], bool)
    rows += detector("conflict detector", seen, clashes, [each.actor for each in judged], options.seed)
    rows += detector("conflict detector, other raters", *_other_raters(votes, places, options.seed), options.seed)
    return Result(
        benchmark="ca-mer-votes",
        split=options.split,
        n=len(places),
        seed=options.seed,
        reasoner=options.reasoner,
        policy=options.policy,
        models=dict(weights_digest()),
        rows=tuple(rows),
        notes=(
            *(() if options.limit is None else (f"only the first {len(places)} items",)),
            f"{len(places) - len(judged)} of {len(places)} clips are left out: a tie, or read a third way together",
            "the weights of face and voice were fitted on such votes, and so was the detector's threshold",
            "conflict: sensitivity; consistent: specificity; intervals by drawing actors",
        ),
    )


def judge(votes: Voted, place: int, policy: Policy) -> Judged | None:
    """The verdict on the votes for face and voice of one clip; `None` for a clip that belongs to no part."""
    voice, face, both = (LABELS[int(first)] for first in votes.first[place])
    if votes.tied[place].any() or both not in (face, voice):
        return None
    part = "consistent" if face == voice else "face-aligned" if both == face else "voice-aligned"
    opinions = (opinion("face", votes.votes[place, FACE]), opinion("voice", votes.votes[place, VOICE]))
    met = conflicts(opinions, policy)
    pooled = pool(opinions, [_evidence(name) for name in _SIDES], DEFAULT, policy, met)
    return Judged(part, str(votes.actors[place]), both, pooled.ranked[0], face, voice, bool(met))


def opinion(modality: Modality, votes: NDArray[np.float64]) -> Opinion:
    """The share of the votes, (6,), as an opinion of `modality`."""
    masses = tidy({label: float(count) + SMOOTH for label, count in zip(LABELS, votes, strict=True)})
    valence = valence_of(masses)
    return Opinion(utterance=SPOKEN.id, modality=modality, distribution=masses, valence=valence, cites=(modality,))


def detector(
    name: str, seen: NDArray[np.float64], clashes: NDArray[np.bool_], actors: Sequence[str], seed: int
) -> list[SystemRow]:
    """Sensitivity on the clips that conflict, and specificity on the others. `seen` is 1 where a conflict was found."""
    rows = []
    for part, figure, chosen, right in (
        ("conflict", "sensitivity", clashes, seen),
        ("consistent", "specificity", ~clashes, 1 - seen),
    ):
        table, groups = (
            right[chosen].reshape(-1, 1),
            [actor for actor, here in zip(actors, chosen, strict=True) if here],
        )
        figures = mean_figures(table, {figure: _first_mean}, seed, groups) if len(table) else {}
        rows.append(SystemRow(system=name, part=part, n=len(table), figures=figures))
    return rows


def _accuracies(system: str, field: str, judged: Sequence[Judged], seed: int) -> list[SystemRow]:
    right = np.array([getattr(each, field) == each.truth for each in judged], float).reshape(-1, 1)
    inside = np.array([[each.part == part for part in PARTS] for each in judged]).reshape(-1, len(PARTS))
    table, actors = np.where(inside, right, np.nan), [each.actor for each in judged]
    rows = [_accuracy(system, "all", right, actors, seed)]
    for column, part in enumerate(PARTS):
        chosen = np.flatnonzero(inside[:, column])
        own = [actors[n] for n in chosen]
        rows.append(_accuracy(system, part, right[chosen], own, seed))
    bias = mean_figures(table, {"accuracy": lambda means: float(means[0] - means[1])}, seed, actors)
    figures = {name: points(figure) for name, figure in bias.items()}
    return [*rows, SystemRow(system=system, part="bias: face − voice", n=int(inside[:, :2].sum()), figures=figures)]


def _accuracy(system: str, part: str, right: Table, actors: Sequence[str], seed: int) -> SystemRow:
    figures = mean_figures(right, {"accuracy": _first_mean}, seed, actors) if len(right) else {}
    return SystemRow(system=system, part=part, n=len(right), figures=figures)


def _first_mean(means: Table) -> float:
    return float(means[0])


def _evidence(modality: Modality) -> Evidence:
    return Evidence(
        id=modality,
        utterance=SPOKEN.id,
        modality=modality,
        kind="votes",
        span=SPOKEN.span,
        finding=f"Viewers voted on the {modality} alone.",
        reliability=1.0,
        saw_text=False,
        producer=Producer(name="crema-d", version="0", revision="votes"),
    )


def _other_raters(
    votes: Voted, places: Sequence[int], seed: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_], list[str]]:
    """Whether a conflict is seen by the votes of one half of the raters, whether there is one by the other half, and
    whose clip it is. Clips on which the other half has a tie are left out."""
    rng = np.random.default_rng(seed)
    seen, clashes, actors = list[float](), list[bool](), list[str]()
    for place in places:
        halves = [_halves(votes.votes[place, channel], rng) for channel in (FACE, VOICE)]
        others = [other for _, other in halves]
        if all((other == other.max()).sum() == 1 for other in others):
            opinions = [opinion(name, one) for name, (one, _) in zip(_SIDES, halves, strict=True)]
            seen.append(float(dispute(*opinions) is not None))
            clashes.append(others[0].argmax() != others[1].argmax())
            actors.append(str(votes.actors[place]))
    return np.array(seen), np.array(clashes, bool), actors


def _halves(votes: NDArray[np.float64], rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    cast = rng.permutation(np.repeat(np.arange(len(votes)), votes.astype(int)))
    one = np.bincount(cast[: len(cast) // 2], minlength=len(votes)).astype(float)
    return one, votes - one


_SIDES: tuple[Modality, ...] = ("face", "voice")
