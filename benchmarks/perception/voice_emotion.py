"""Which emotion an acted voice expresses, from the voice alone, of speakers that nothing was learned from.

The shipped rule hears each speaker's recordings in five shuffled orders, each against what came before (the first ones
have no history), and is right where its first label is; boredom and calm, which `meld7` lacks, are left out. Its two
constants were set on EMO-DB speakers 03 and 08 and RAVDESS actor 01. The recipe (`training/voice.py`, weights not
shipped) and its floor are measured by leave-one-speaker-out with all labels. UAR: mean recall over labels. Intervals
are bootstraps over the recordings of these four and two speakers; other speakers may differ by more. Seed 7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.perception.row import Row
from benchmarks.voices import acted
from emoagent.agents.registry import Finding, Perceiver
from emoagent.agents.voice import findings, histories, voice
from emoagent.agents.voice_opinion import voice_opinion
from emoagent.labels import LABEL_SETS
from emoagent.schema import Clip, Evidence, Span, Utterance
from emoagent.tools.voice.prosody import Prosody, prosody
from emoagent.training.voice import EMODB, RAVDESS, Names, interval, measured, uar

SEED, ORDERS = 7, 5
FLOORS = {"emodb": 0.55, "ravdess": 0.42}  # of a plain SVM in the data's description, by another split
TUNED = ("E03", "E08", "R01")
Heard = tuple[str, str, Prosody]  # label, speaker, measures


def rows(shared: Path) -> Iterable[Row]:
    """The table."""
    heard = [(_label(said.name), said.speaker, prosody(said.samples)) for said in acted(shared)]
    yield from _rule([item for item in heard if item[0] in LABEL_SETS["meld7"]])
    yield from _recipe(measured(shared / "media"))


def _label(name: str) -> str:
    return RAVDESS[int(name.split("-")[2]) - 1] if "-" in name else EMODB[name[5]]


def _rule(heard: Sequence[Heard]) -> Iterator[Row]:
    truth, speakers = (np.array([item[i] for item in heard]) for i in (0, 1))
    orders = [_guesses(heard, order) for order in range(ORDERS)]
    firsts, masses = (np.array([[guess[i] for guess in order] for order in orders]) for i in (0, 1))
    for name, chosen in _parts():
        k = np.array([chosen(speaker) for speaker in speakers])
        right, found = truth[k], firsts[:, k]

        def score(i: NDArray[np.intp], right: Names = right, found: Names = found) -> float:
            return float(np.mean([uar(right[i], guess[i]) for guess in found]))

        low, high = interval(right, speakers[k], score)
        chance = 1 / len(np.unique(right))
        yield Row(
            "UAR of the shipped rule",
            f"{name}: {k.sum()} recordings, {len(np.unique(right))} labels",
            f"{score(np.arange(k.sum())):.3f} ({low:.3f}–{high:.3f}); "
            f"log loss {-np.log(masses[:, k]).mean() - np.log(7):+.2f} against a flat opinion",
            f"over chance ({chance:.3f})",
            low > chance,
        )


def _parts() -> Iterator[tuple[str, Callable[[str], bool]]]:
    for name, letter in (("EMO-DB", "E"), ("RAVDESS", "R")):
        yield f"{name}, all speakers", lambda s, c=letter: s[0] == c  # type: ignore[misc]
        yield f"{name}, held out", lambda s, c=letter: s[0] == c and s not in TUNED  # type: ignore[misc]


def _guesses(heard: Sequence[Heard], order: int) -> list[tuple[str, float]]:
    """The rule's first label and its probability for the right one, for each recording; abstaining is never right."""
    random, found = np.random.default_rng((SEED, order)), [("", 1 / 7)] * len(heard)
    for speaker in sorted({who for _, who, _ in heard}):
        own, so_far = [n for n, item in enumerate(heard) if item[1] == speaker], histories()
        for n in random.permutation(own):
            label, _, measures = heard[n]
            span = Span(start=0, end=measures.duration)
            utterance = Utterance(id="u", person=speaker, span=span, text="", source="subtitles")
            evidence = _evidence(utterance, list(findings(utterance, measures, so_far)))
            if evidence and (masses := voice_opinion.run(utterance, evidence, ()).distribution):
                found[n] = (max(masses, key=lambda name: masses[name]), max(masses[label], 1e-4))
    return found


def _evidence(utterance: Utterance, found: Sequence[Finding]) -> list[Evidence]:
    """As the agent would give it."""
    shown = Perceiver(voice.role, voice.name, lambda *_: found, voice.producer, voice.summary, modality="voice")
    clip = Clip(id="0" * 16, name="a", sha256="0" * 64, bytes=1, format="wav", duration=1)
    return list(shown(clip, [utterance]))


def _recipe(scores: dict[str, dict]) -> Iterator[Row]:  # type: ignore[type-arg]
    for name, found in scores.items():
        data = f"{name}: {found['recordings']} recordings, {found['labels']} labels"
        recipe, floor = found["recipe"], found["floor: SVM on log-mel statistics"]
        gain = found.get("gain over the floor")
        over = f"; {gain[0]:+.2f} to {gain[1]:+.2f} over the floor" if gain else ""
        yield Row("UAR of the floor, an SVM on log-mel statistics", data, _told(floor))
        if "by speaker" in found:
            yield Row(
                "UAR of the recipe without speaker normalisation", data, _told(found["without speaker normalisation"])
            )
            least, most = min(found["by speaker"].values()), max(found["by speaker"].values())
            over += f"; by speaker {least:.2f} to {most:.2f}"
        yield Row("UAR of the recipe", data, _told(recipe) + over, "over the floor of the same split",
                  gain[0] > 0 if gain else recipe["interval"][0] > floor["interval"][1])  # fmt: skip
        if name in FLOORS:
            yield Row("UAR of the recipe", data, _told(recipe), f"over the published floor ({FLOORS[name]:.2f})",
                      recipe["uar"] > FLOORS[name])  # fmt: skip


def _told(score: dict) -> str:  # type: ignore[type-arg]
    low, high = score["interval"]
    return f"{score['uar']:.3f} ({low:.3f}–{high:.3f})"
