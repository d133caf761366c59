"""Pitch, loudness and speech rate against Praat and against known texts, percentiles, and sounds beside speech.

Praat (autocorrelation, 75 to 600 Hz) is only an oracle here. Syllables are those of the written text. The nuclei were
tuned on EMO-DB speakers 03 and 08 and RAVDESS actor 01, and one setting also looked at the speech `jfk`; the others are
held out. EMO-DB's files are cut to 2.0 s, so only sentences that end before that count. Laughter and sighs are
synthetic (beats cut from real vowels, shaped noise): the recordings at hand hold none that is labelled. Seed 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import praat
from benchmarks.perception.row import Row
from benchmarks.voices import Said, acted, laugh, read, sigh, talk
from emoagent.agents.voice import FEATURES
from emoagent.tools.comparison import History, Norm
from emoagent.tools.voice.breaths import breaths
from emoagent.tools.voice.bursts import bursts
from emoagent.tools.voice.loudness import levels, noise_floor, silence_below
from emoagent.tools.voice.pitch import pitch
from emoagent.tools.voice.prosody import Prosody, prosody
from emoagent.tools.voice.syllables import middle

SEED = 7
GROSS = 0.2  # share by which a pitch is off that is a gross error (Rabiner et al. 1976)
EVERY = 4  # of the acted recordings, for Praat's pitch
TUNED = ("E03", "E08", "R01")
WAYS = ("ours", "rank alone", "norm alone (50 where there is none)")
Floats = NDArray[np.float64]


def rows(shared: Path) -> Iterable[Row]:
    """The table."""
    acting, reading, talking = list(acted(shared)), list(read(shared)), list(talk(shared))
    tracks = {said.name: prosody(said.samples) for said in (*acting, *reading)}
    yield from _pitch([*acting[::EVERY], *reading, *talking])
    yield from _intensity([*reading, *talking])
    yield from _rate([*acting, *reading], tracks)
    yield from _percentiles(acting, tracks)
    yield from _beside(acting, reading, talking)


def _pitch(recordings: Sequence[Said]) -> Iterator[Row]:
    groups: dict[str, list[Floats]] = {}
    for said in recordings:
        track = pitch(said.samples)
        theirs = praat.pitch_at(said.samples, track.time)
        both = np.isfinite(theirs) & track.voiced
        agree = np.mean(np.isfinite(theirs) == track.voiced)
        off = np.abs(track.f0[both] / theirs[both] - 1)
        groups.setdefault(_group(said), []).append(np.append(off, agree))
    for name, found in [*sorted(groups.items()), ("all", [f for some in groups.values() for f in some])]:
        off = np.concatenate([f[:-1] for f in found])
        gross, median = float(np.mean(off > GROSS)), float(np.median(off))
        same = float(np.mean([f[-1] for f in found]))
        yield Row(
            "F0, median absolute difference from Praat on frames both call voiced",
            f"{name}: {len(found)} recordings, {len(off):,} frames",
            f"{median:.2%}; more than 20 % off: {gross:.1%}; same voicing: {same:.0%}",
            "≤ 3 %",
            median <= 0.03,
        )


def _group(said: Said) -> str:
    return {"E": "EMO-DB", "R": "RAVDESS"}.get(said.speaker[0], said.name) if len(said.speaker) == 3 else said.speaker


def _intensity(recordings: Sequence[Said]) -> Iterator[Row]:
    """The offset between dBFS and Praat's dB, the same for all, is taken out by the median of each recording."""
    off, same = [], []
    for said in recordings:
        level = levels(said.samples)
        theirs = praat.intensity_at(said.samples, middle(np.arange(len(level), dtype=np.float64)))
        heard = np.isfinite(theirs) & (level >= silence_below(level, noise_floor(level)))
        difference = level[heard] - theirs[heard]
        off.append(np.abs(difference - np.median(difference)))
        same.append(np.corrcoef(level[heard], theirs[heard])[0, 1])
    everything = np.concatenate(off)
    yield Row(
        "Level, median absolute difference from Praat's intensity where it is not silent",
        f"{len(recordings)} recordings, {len(everything):,} frames",
        f"{np.median(everything):.2f} dB; correlation {np.mean(same):.3f}",
    )


def _rate(recordings: Sequence[Said], measured: dict[str, Prosody]) -> Iterator[Row]:
    known = [said for said in recordings if said.syllables is not None]
    ours = {s.name: measured[s.name].syllables for s in known}
    theirs = {s.name: float(praat.nuclei(s.samples)) for s in known}
    groups = {s.speaker: s.speaker for s in known}
    for speaker in groups:
        some = [s for s in known if s.speaker == speaker]
        if speaker in (*TUNED, "JFK"):
            note = "looked at once" if speaker == "JFK" else "tuned on"
            yield _rate_row(f"{speaker}, {note}", some, ours, theirs)
    held = [s for s in known if s.speaker not in (*TUNED, "JFK")]
    for collection, letter in (("EMO-DB", "E"), ("RAVDESS", "R"), ("GRID", "G")):
        some = [s for s in held if s.speaker[0] == letter]
        yield _rate_row(f"{collection}, all held out", some, ours, theirs)


def _rate_row(name: str, some: Sequence[Said], ours: dict[str, float], theirs: dict[str, float]) -> Row:
    true = np.array([s.syllables for s in some], dtype=np.float64)
    mine, praats = (np.array([of[s.name] for s in some]) for of in (ours, theirs))
    bias = float(mine.sum() / true.sum() - 1)
    each = float(np.mean(np.abs(mine / true - 1)))
    return Row(
        "Syllables, and so the rate over speaking time, against the text",
        f"{name}: {len(some)} sentences, {int(true.sum())} syllables",
        f"{bias:+.1%} in all, {each:.1%} a sentence (de Jong & Wempe in Praat: {praats.sum() / true.sum() - 1:+.1%}, "
        f"{np.mean(np.abs(praats / true - 1)):.1%})",
        "within 10 % in all",
        abs(bias) <= 0.1,
    )


def _percentiles(recordings: Sequence[Said], measured: dict[str, Prosody]) -> Iterator[Row]:
    """Ten shuffled orders of each speaker's recordings; the truth is the rank among all of that speaker's."""
    found = np.array(list(_ranked(recordings, measured)))
    for low, high in ((0, 0), (1, 4), (5, 12), (13, 40)):
        some = found[(found[:, 0] >= low) & (found[:, 0] <= high)]
        if not len(some):
            continue
        yield Row(
            "Percentile against the rank among all of a speaker's recordings: mean error in points, share in the "
            "middle 80 %, distance from uniform",
            f"{low} to {high} earlier utterances, {len(some):,} values",
            "; ".join(f"{name} {_told(some[:, 1 + i], some[:, 4])}" for i, name in enumerate(WAYS)),
        )


def _told(shares: Floats, truth: Floats) -> str:
    off, inside = 100 * np.mean(np.abs(shares - truth)), np.mean((shares > 0.1) & (shares < 0.9))
    return f"{off:.1f}, {inside:.0%}, {_distance(shares):.2f}"


def _ranked(recordings: Sequence[Said], measured: dict[str, Prosody]) -> Iterator[tuple[float, ...]]:
    random = np.random.default_rng(SEED)
    for speaker in sorted({s.speaker for s in recordings}):
        own = [measured[s.name] for s in recordings if s.speaker == speaker]
        for feature in FEATURES:
            raw = [feature.value(p) for p in own]
            values = np.array([feature.scale(v) for v in raw if np.isfinite(v)])
            truth = np.array([(np.sum(values < v) + 0.5 * np.sum(values == v)) / len(values) for v in values])
            for _ in range(10):
                order = random.permutation(len(values))[:30]
                yield from _in_order(feature.norm, values[order], truth[order])


def _in_order(norm: Norm, values: Floats, truth: Floats) -> Iterator[tuple[float, ...]]:
    """How many came before, the percentile, the rank alone (0.5 with none before), the norm alone, and the truth."""
    history, empty = History(norm), History(norm)
    for n, (value, true) in enumerate(zip(values, truth, strict=True)):
        ours, alone = history.standing("A", value).percentile, empty.standing("A", value).percentile
        before = values[:n]
        rank = float(np.sum(before < value) + 0.5 * np.sum(before == value) + 0.5) / (n + 1)
        history.add("A", value)
        if ours is not None:
            yield n, ours / 100, rank, 0.5 if alone is None else alone / 100, true


def _distance(shares: Floats) -> float:
    """Kolmogorov's: the largest difference between the distribution of `shares` and the uniform one."""
    ordered = np.sort(shares)
    return float(np.max(np.abs(ordered - (np.arange(len(ordered)) + 0.5) / len(ordered))))


def _beside(acting: Sequence[Said], reading: Sequence[Said], talking: Sequence[Said]) -> Iterator[Row]:
    random = np.random.default_rng(SEED)
    for name, some in (("acted sentences", acting), ("read sentences and talk", [*reading, *talking])):
        minutes = sum(len(s.samples) for s in some) / 16000 / 60
        laughs = sum(len(bursts(s.samples)) for s in some)
        sighs = sum(len(breaths(s.samples, pitch(s.samples))) for s in some)
        data = f"{name}: {len(some)} recordings, {minutes:.1f} minutes"
        yield Row("False bursts as in laughter", data, f"{laughs} ({laughs / minutes:.2f} a minute)", "≤ 0.2 a minute",
                  laughs / minutes <= 0.2)  # fmt: skip
        yield Row("Long breaths in plain speech", data, f"{sighs} ({sighs / minutes:.2f} a minute)")  # fmt: skip
    voices = [acting[i].samples for i in random.choice(len(acting), 80, replace=False)]
    hits = np.mean([len(bursts(laugh(v, random))) > 0 for v in voices])
    yield Row("Bursts found", "80 synthetic laughs of real vowels", f"{hits:.0%}")
    for snr in (30.0, 15.0, 10.0):
        heard = [sigh(random, snr) for _ in range(30)]
        hits = np.mean([len(breaths(s, pitch(s))) > 0 for s in heard])
        yield Row("Breaths found", f"30 synthetic sighs, {snr:.0f} dB over noise", f"{hits:.0%}")
