"""What the embedded recogniser (PocketSphinx, US English) makes of speech whose words are known, of other languages and
of sounds without words. *All* counts every word that it recognises, *shown* those outside of hopeless stretches, which
are `[inaudible]`. A word that is left out counts as an error like any other, so the error rate rises where right words
are lost. "Right words shown" and "wrong words shown" are shares of the recognised words that were said, or were not.

What is hopeless, and the chance of a word to be right, are fitted on jfk.flac, multilingual.mp3, katiesteve_mono.wav
and GRID (`emoagent.training.hearing`). **RAVDESS and EMO-DB are in no fit** (but seen while ways to judge a stretch
were compared; docs/design/hearing.md says how). EMO-DB is German: no word of it can be right. Intervals: 95 %, 1000
bootstrap samples of files, seed 7.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.perception.row import Row
from emoagent.agents.hear_pocketsphinx import kept, turns
from emoagent.tools.media.audio import RATE, Audio
from emoagent.tools.words import sphinx
from emoagent.training.hearing import (
    DIALOGUE,
    FOREIGN_BEGINS,
    LICENCE,
    LICENCE_ENDS,
    SPEECH,
    grid_words,
    matches,
    samples_of,
)

Samples = NDArray[np.float64]
SEED, DRAWS = 7, 1000
ACTED, GERMAN = 24, 16  # files of each RAVDESS actor, of each EMO-DB speaker
SECONDS = 8


@dataclass(frozen=True)
class Heard:
    """One file: words said, words recognised, which of them were said, which are shown, and per utterance how many are
    shown."""

    said: int
    right: tuple[bool, ...]
    shown: tuple[bool, ...]
    errors: tuple[int, int]
    utterances: tuple[int, ...]


def rows(shared: Path) -> Iterable[Row]:
    """One recogniser for everything; sets in turn."""
    decoder = sphinx.decoder()
    with tempfile.TemporaryDirectory() as name:
        for what, material in _sets(shared / "media", Path(name)):
            heard = [_heard(decoder, samples, words, Path(name)) for samples, words in material]
            yield from _english(what, heard) if heard[0].said else _wordless(what, heard)


def _sets(media: Path, folder: Path) -> Iterator[tuple[str, list[tuple[Samples, Sequence[str]]]]]:
    speech, grid = media / "speech", sorted((media / "grid").glob("*.mpg"))
    languages = samples_of(speech / "multilingual.mp3", folder)
    yield "jfk.flac", [(samples_of(speech / "jfk.flac", folder), SPEECH.split())]
    yield "multilingual.mp3, its English", [(languages[: int(LICENCE_ENDS * RATE)], LICENCE.split())]
    yield "katiesteve_mono.wav", [(samples_of(speech / "katiesteve_mono.wav", folder), DIALOGUE.split())]
    yield "GRID", [(samples_of(path, folder), grid_words(path.stem)) for path in grid]
    for actor in ("01", "02"):
        paths = _some((media / "ravdess16k").glob(f"*-{actor}.flac"), ACTED)
        yield f"RAVDESS actor {actor}", [(samples_of(path, folder), _acted(path)) for path in paths]
    yield "multilingual.mp3, other languages", [(languages[int(FOREIGN_BEGINS * RATE) :], ())]
    for speaker in ("03", "08", "09", "10"):
        paths = _some((media / "emodb16k").glob(f"{speaker}*.flac"), GERMAN)
        yield f"EMO-DB speaker {speaker}", [(samples_of(path, folder), ()) for path in paths]
    yield "noise, music, hum, claps (made)", [(sound, ()) for sound in _sounds()]


def _acted(path: Path) -> list[str]:
    kids = path.stem.split("-")[4] == "01"
    return [*("kids are talking" if kids else "dogs are sitting").split(), "by", "the", "door"]


def _some(paths: Iterable[Path], count: int) -> list[Path]:
    found = sorted(paths)
    random.Random(SEED).shuffle(found)
    return found[:count]


def _sounds() -> Iterator[Samples]:
    draw = np.random.default_rng(3)
    time = np.arange(SECONDS * RATE) / RATE
    yield draw.normal(0, 2500, len(time))
    yield draw.normal(0, 2500, len(time)) * (1 + np.sin(2 * np.pi * 4 * time))
    notes = np.repeat(draw.choice([220, 262, 330, 392, 440, 349], 16), SECONDS * RATE // 16)
    beat = np.exp(-3 * (time % 0.5))
    yield 4000 * beat * sum(np.sin(2 * np.pi * notes * k * time) / k for k in range(1, 9))
    glide = np.cumsum(140 + 25 * np.sin(np.pi * time)) / RATE
    yield 4000 * sum(np.sin(2 * np.pi * glide * k) / k**1.5 for k in range(1, 12))
    claps = np.zeros(len(time))
    for at in draw.integers(0, len(time) - 800, 30):
        claps[at : at + 800] += draw.normal(0, 9000, 800) * np.exp(-np.arange(800) / 120)
    yield claps


def _heard(decoder: object, samples: Samples, said: Sequence[str], folder: Path) -> Heard:
    path = folder / "played.s16"
    samples.clip(-32768, 32767).astype("<i2").tofile(path)
    audio = Audio(path)
    parts = [sphinx.words_of(decoder, audio, span) for span in sphinx.stretches(audio)]
    utterances = [group for part in parts for group in (turns(part) or [()])]
    words = [word.text for group in utterances for word in group]
    shown = [keep for group in utterances for keep in kept(group)]
    errors, right = matches(said, words)
    left, _ = matches(said, [word for word, keep in zip(words, shown, strict=True) if keep])
    counts = tuple(sum(kept(group)) for group in utterances)
    return Heard(len(said), tuple(right), tuple(shown), (errors, left), counts)


def _english(what: str, heard: Sequence[Heard]) -> Iterator[Row]:
    count = sum(each.said for each in heard)
    data = f"{what}: {len(heard)} files, {count} words"
    before = _interval(heard, lambda drawn: _ratio(sum(h.errors[0] for h in drawn), sum(h.said for h in drawn)))
    after = _interval(heard, lambda drawn: _ratio(sum(h.errors[1] for h in drawn), sum(h.said for h in drawn)))
    yield Row("word error rate, all / shown", data, f"{before} / {after}")
    yield Row("right words shown / wrong words shown", data, f"{_interval(heard, _right)} / {_interval(heard, _wrong)}")


def _wordless(what: str, heard: Sequence[Heard]) -> Iterator[Row]:
    words = sum(len(each.shown) for each in heard)
    count = sum(len(each.utterances) for each in heard)
    data = f"{what}: {len(heard)} files, {count} utterances, {words} words recognised"
    if words:
        yield Row("invented words shown", data, _interval(heard, _wrong))
    silent = _ratio(sum(n == 0 for each in heard for n in each.utterances), count)
    value = _interval(heard, lambda d: _ratio(sum(n == 0 for h in d for n in h.utterances),
                                              sum(len(h.utterances) for h in d)))  # fmt: skip
    yield Row("utterances without words", data, value, ">= 80 %", bool(silent >= 0.8) if count else None)


def _right(heard: Sequence[Heard]) -> float:
    return _share(heard, True)


def _wrong(heard: Sequence[Heard]) -> float:
    return _share(heard, False)


def _share(heard: Sequence[Heard], right: bool) -> float:
    shown = [keep for each in heard for keep, good in zip(each.shown, each.right, strict=True) if good == right]
    return _ratio(sum(shown), len(shown))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")


def _interval(heard: Sequence[Heard], measure: Callable[[Sequence[Heard]], float]) -> str:
    """`52 % (40-63)`; without the interval where there is one file only."""
    value = f"{100 * measure(heard):.0f} %"
    if len(heard) < 3:
        return value
    draw = random.Random(SEED)
    drawn = [measure([heard[draw.randrange(len(heard))] for _ in heard]) for _ in range(DRAWS)]
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return f"{value} ({100 * low:.0f}-{100 * high:.0f})"
